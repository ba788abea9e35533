// The formats of texts (lib/kinds.ts): each tells whether a text is of its kind, and what it means in the code.
import { DURATION_MS_MAX, formatDuration, parseDuration } from '../lib/durations.ts'
import { canonicalAddress, parseRange } from '../lib/ranges.ts'
import { parsePortRange } from '../lib/port-range.ts'
import { parseSize } from '../lib/sizes.ts'

/** What a text means, or what would have been allowed. */
export type Decoded =
  | { readonly value: string | number }
  | { readonly allowed: string; readonly hint: string | null }

/** Bounds of a duration or size, as written in the schema. */
export interface Bounds {
  readonly least?: string
  readonly most?: string
}

export interface Format {
  decode(text: string, bounds: Bounds): Decoded
  /** Whether a number in the file is as good as its text. */
  readonly takesNumbers?: boolean
  /** What a number that is not taken should have been written as. */
  hintForNumber?(number: number): string | null
}

const no = (allowed: string, hint: string | null = null): Decoded => ({ allowed, hint })

const duration: Format = {
  decode(text, { least = '0s', most }) {
    const ms = parseDuration(text)
    const leastMs = parseDuration(least) ?? 0
    const mostMs = most === undefined ? DURATION_MS_MAX : (parseDuration(most) ?? DURATION_MS_MAX)
    if (ms !== null && ms >= leastMs && ms <= mostMs) return { value: ms }
    const bounds = `between ${least} and ${formatDuration(mostMs)}`
    const plain = text
      .replace(/[ _]/g, '')
      .toLowerCase()
      .replace(/(secs?|seconds?)$/, 's')
      .replace(/(mins?|minutes?)$/, 'm')
    const isNear = ms === null && plain !== text && parseDuration(plain) !== null
    return no(`a duration ${bounds}, such as 250ms, 10s, 1m, 1h`, isNear ? `write "${plain}"` : null)
  },
  hintForNumber: (number) => `write the unit: "${number}s" or "${number}ms"`,
}

const size: Format = {
  takesNumbers: true,
  decode(text, { least = '0', most }) {
    const bytes = parseSize(text)
    const leastBytes = parseSize(least) ?? 0
    const mostBytes = most === undefined ? Number.MAX_SAFE_INTEGER : (parseSize(most) ?? 0)
    if (bytes !== null && bytes >= leastBytes && bytes <= mostBytes) return { value: bytes }
    const bounds =
      most === undefined ? (leastBytes > 0 ? ` from ${least}` : '') : ` between ${least} and ${most}`
    const unit = /^([0-9.]+) ?([kmgt])(i?b)?$/i.exec(text)
    const letter = unit?.[2]?.toUpperCase() ?? ''
    const hint =
      bytes === null && unit !== null ? `write "${unit[1]}${letter}iB" or "${unit[1]}${letter}B"` : null
    return no(`a size${bounds} in whole bytes, such as 512, 64KiB, 10MiB`, hint)
  },
}

/** Letters, digits, hyphens and underscores in labels of 1 to 63; no dot at the end. */
const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*$/.test(text)
/** A last label that is a number is an address with a slip in it (WHATWG URL: ends in a number). */
const isHost = (text: string): boolean =>
  canonicalAddress(text) !== null
    ? !text.includes(':')
    : isHostName(text) && !/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/i.test(text)
const isBracketed = (text: string): boolean =>
  text.startsWith('[') &&
  text.endsWith(']') &&
  text.includes(':') &&
  canonicalAddress(text.slice(1, -1)) !== null

const bind: Format = {
  decode(text) {
    const match = /^(.*):([0-9]{1,5})$/.exec(text)
    const [, host = '', port = ''] = match ?? []
    const isGood = host === '' || host === '*' || isHost(host) || isBracketed(host)
    if (match !== null && isGood && Number(port) <= 65535) return { value: text }
    if (/^[0-9]{1,5}$/.test(text)) return no(BIND, `write "0.0.0.0:${text}" or "127.0.0.1:${text}"`)
    if (match !== null && host.includes(':') && canonicalAddress(host) !== null)
      return no(BIND, `write "[${host}]:${port}"`)
    return no(BIND, isHost(text) ? `write the port: "${text}:8080"` : null)
  },
  hintForNumber: (number) => `write "0.0.0.0:${number}" or "127.0.0.1:${number}"`,
}
const BIND = '"address:port", such as "0.0.0.0:8080", "[::]:8080" or ":8080"'

const cidr: Format = {
  decode(text) {
    if (parseRange(text) !== null) return { value: text }
    return no('an address or range, such as 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32')
  },
}

const name: Format = {
  decode(text) {
    // "constructor" and the like are found in every map of the code.
    if (text in Object.prototype) return no('another name', 'this one has a meaning in the program')
    return /^[A-Za-z0-9_.-]{1,63}$/.test(text)
      ? { value: text }
      : no('1 to 63 letters, digits, "_", "." and "-"')
  },
  hintForNumber: (number) => `put it in quotes: "${number}"`,
}

const serverUrl: Format = {
  decode(text) {
    const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(\/?)(.*)$/.exec(text)
    if (match === null) return no(SERVER_URL, /^[^/]+:[0-9]+$/.test(text) ? `write "http://${text}"` : null)
    const [, scheme = '', authority = '', , rest] = match
    if (scheme !== 'http') return no(SERVER_URL, `servers are spoken to by "http://" only`)
    if (authority.includes('@')) return no(SERVER_URL, 'leave user and password out')
    if (rest !== '') return no(SERVER_URL, 'leave the path out: that of the request is used')
    const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?$/.exec(authority) ?? []
    const isGood = isHost(host.replace(/\.$/, '')) || isBracketed(host)
    if (!isGood || (port !== undefined && (Number(port) < 1 || Number(port) > 65535))) return no(SERVER_URL)
    return { value: text }
  },
}
const SERVER_URL = '"http://host" or "http://host:port"'

const regex: Format = {
  decode(text) {
    try {
      RegExp(text)
      return { value: text }
    } catch (error) {
      return no('a regular expression', error instanceof Error ? error.message : null)
    }
  },
}

/** RFC 8489 §14.3: less than 509 bytes. */
const USER_NAME_BYTES_MAX = 508

const userName: Format = {
  decode(text) {
    if (text in Object.prototype) return no('another name', 'this one has a meaning in the program')
    const isGood = text !== '' && text.isWellFormed() && !/\p{Cc}/u.test(text)
    return isGood && Buffer.byteLength(text) <= USER_NAME_BYTES_MAX
      ? { value: text }
      : no(`a user name: 1 to ${USER_NAME_BYTES_MAX} bytes without control characters`)
  },
}

const address: Format = {
  decode(text) {
    if (canonicalAddress(text) !== null) return { value: text }
    // With a port, a prefix, a zone or brackets.
    const [, host = ''] = /^\[?([0-9.]+|[0-9A-Fa-f:.]+)(?:\]|:[0-9]+$|[/%])/.exec(text) ?? []
    const isNear = canonicalAddress(host) !== null
    return no('an IP address, such as 203.0.113.7 or 2001:db8::1', isNear ? `write "${host}"` : null)
  },
}

const portRange: Format = {
  decode(text) {
    if (parsePortRange(text) !== null) return { value: text }
    const [, low = '', high = low] = /^ *([0-9]{4,5})(?: *[-–—:.]+ *([0-9]{4,5}))? *$/.exec(text) ?? []
    const isNear = parsePortRange(`${low}-${high}`) !== null
    return no(PORT_RANGE, isNear ? `write ${low}-${high}` : null)
  },
  hintForNumber: (number) => `write ${number}-${number}`,
}
const PORT_RANGE = 'two ports from 1024 to 65535, the smaller one first, such as 49152-65535'

const path: Format = {
  decode(text) {
    const isGood = text !== '' && !/[\x00-\x1f\x7f]/.test(text)
    const isContent = text.includes('-----BEGIN ')
    return isGood && !isContent
      ? { value: text }
      : no('the path of a file', isContent ? 'put it in a file, and name that' : null)
  },
}

const isToken = (text: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(text)

const fieldName: Format = {
  decode: (text) =>
    isToken(text) && text !== '__proto__'
      ? { value: text }
      : no(
          'the name of a header field: letters, digits and "-"',
          text.endsWith(':') ? 'leave the ":" out' : null,
        ),
}

const fieldValue: Format = {
  decode(text) {
    const isClean =
      /^[^\x00-\x08\x0a-\x1f\x7f]*$/.test(text) && /^[\x00-\xff]*$/.test(text) && text.length <= 8192
    return isClean && text.trim() === text
      ? { value: text }
      : no('one line of text without control characters, of at most 8192 characters, no blanks around it')
  },
  hintForNumber: (number) => `put it in quotes: "${number}"`,
}

const hostPattern: Format = {
  decode(text) {
    const host = text.replace(/\.$/, '')
    const plain = host.startsWith('*.') ? host.slice(2) : host
    if (isHost(plain) || isBracketed(host)) return { value: text }
    if (text === '*') return no(HOST_PATTERN, 'leave "host" out to match every host')
    if (/:[0-9]+$/.test(text)) return no(HOST_PATTERN, 'leave the port out: it is not compared')
    return no(HOST_PATTERN, text.includes('://') ? 'leave the scheme out' : null)
  },
}
const HOST_PATTERN = 'a host name such as "example.org", or "*.example.org"'

const pathPattern: Format = {
  decode(text) {
    const path = text.endsWith('*') ? text.slice(0, -1) : text
    if (!path.startsWith('/')) return no(PATH_PATTERN, /^[A-Za-z0-9]/.test(text) ? `write "/${text}"` : null)
    if (path.includes('*')) return no(PATH_PATTERN, '"*" stands only at the end')
    if (/[?#]/.test(path))
      return no(PATH_PATTERN, 'leave out what follows "?" or "#": only the path is compared')
    if (/\\|[\x00-\x20\x7f]|%(?![0-9A-Fa-f]{2})|%00/.test(path)) return no(PATH_PATTERN)
    // Requests have lost their dot segments when they are compared; the last segment of a prefix is only begun.
    const whole = text.endsWith('*') ? path.slice(0, path.lastIndexOf('/') + 1) : path
    if (/\/\.\.?(?:\/|$)/.test(whole.replace(/%2e/gi, '.')))
      return no(PATH_PATTERN, 'write the path without "." and ".." segments')
    return { value: text }
  },
}
const PATH_PATTERN = 'a path that begins with "/", such as "/a", "/a/*" or "/a*"'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY']

const method: Format = {
  decode(text) {
    const upper = text.toUpperCase()
    // Methods are case-sensitive (RFC 9110 §9.1): "get" would match nothing that is sent.
    if (text !== upper && METHODS.includes(upper)) return no('a method', `write "${upper}"`)
    return isToken(text) && text.length <= 32 ? { value: text } : no('a method, such as GET')
  },
}

const statusRange: Format = {
  takesNumbers: true,
  decode(text) {
    const digits = /^([1-5])xx$/i.exec(text)
    if (digits !== null) return { value: `${digits[1]}00-${digits[1]}99` }
    const [, from = '', to = from] = /^([1-5][0-9]{2})(?: ?- ?([1-5][0-9]{2}))?$/.exec(text) ?? []
    if (from !== '' && from <= to) return { value: `${from}-${to}` }
    return no('a status or a range, such as 200, "200-399" or "2xx"')
  },
}

/** By the `format` of the schema. */
export const FORMATS: Readonly<Record<string, Format>> = {
  duration,
  size,
  bind,
  cidr,
  name,
  'server-url': serverUrl,
  'user-name': userName,
  address,
  'port-range': portRange,
  path,
  regex,
  'field-name': fieldName,
  'field-value': fieldValue,
  'host-pattern': hostPattern,
  'path-pattern': pathPattern,
  method,
  'status-range': statusRange,
}
