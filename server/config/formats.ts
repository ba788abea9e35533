// The formats of texts (lib/kinds.ts): each tells whether a text is of its kind, and what it means in the
// code.
import { DURATION_MS_MAX, formatDuration, parseDuration } from '../lib/durations.ts'
import { bytesOf } from '../lib/escapes.ts'
import { judgeRegex } from '../lib/regex-safety.ts'
import { parseSize } from '../lib/sizes.ts'
import {
  address,
  bind,
  cidr,
  dnsServer,
  hostPattern,
  portRange,
  serverName,
  serverUrl,
} from './address-formats.ts'
import { clientAuth, clientName, subjectName } from './client-formats.ts'
import { type Format, no } from './format.ts'
import { claimName, keyHash, passwordHash } from './hash-formats.ts'
import { origin } from './origin-formats.ts'
import { pathPattern } from './path-formats.ts'
import { fileMode, group } from './unix-formats.ts'

const duration: Format = {
  decode(text, { least = '0s', most }) {
    const leastMs = parseDuration(least) ?? 0
    // One that is no timer's may be longer.
    const mostMs = most === undefined ? DURATION_MS_MAX : (parseDuration(most, Infinity) ?? DURATION_MS_MAX)
    const ms = parseDuration(text, mostMs)
    if (ms !== null && ms >= leastMs && ms <= mostMs) return { value: ms }
    const bounds = `between ${least} and ${formatDuration(mostMs)}`
    const plain = text
      .replace(/[ _]/g, '')
      .toLowerCase()
      .replace(/(secs?|seconds?)$/, 's')
      .replace(/(mins?|minutes?)$/, 'm')
      .replace(/(hrs?|hours?)$/, 'h')
      .replace(/(msecs?|milliseconds?|millis)$/, 'ms')
    const mends = /^[0-9]+$/.test(plain) ? [`${plain}s`, `${plain}ms`] : plain === text ? [] : [plain]
    return no(`a duration ${bounds}, such as 250ms, 10s, 1m, 1h`, null, mends)
  },
  mendsOfNumber: (number) => [`${number}s`, `${number}ms`],
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
    const mends = unit === null ? [] : [`${unit[1]}${letter}iB`, `${unit[1]}${letter}B`]
    const allowed = SIZES.filter((one) => {
      const size = parseSize(one) ?? 0
      return size >= leastBytes && size <= mostBytes
    }).slice(0, 3)
    const such = allowed.length === 0 ? '' : `, such as ${allowed.join(', ')}`
    return no(`a size${bounds} in whole bytes${such}`, null, mends)
  },
}

/** Examples, of which those are named that would be taken. */
const SIZES = ['512', '64KiB', '10MiB', '256MiB', '1GiB', '4GiB'] as const

const name: Format = {
  decode(text) {
    // "constructor" and the like are found in every map of the code.
    if (text in Object.prototype) return no('another name', 'this one has a meaning in the program')
    return /^[A-Za-z0-9_.-]{1,63}$/.test(text)
      ? { value: text }
      : no('1 to 63 letters, digits, "_", "." and "-"', null, [text.trim().replace(/[^A-Za-z0-9_.-]+/g, '-')])
  },
  mendsOfNumber: (number) => [String(number)],
}

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

const safeRegex: Format = {
  decode(text, bounds) {
    const decoded = regex.decode(text, bounds)
    if (!('value' in decoded)) return decoded
    const judged = judgeRegex(text)
    if (!('part' in judged)) return decoded
    const part = judged.part === '' ? 'it' : JSON.stringify(judged.part)
    return no('a regular expression that no text makes slow', `${part} ${judged.why}: ${judged.hint}`)
  },
}

const BYTES_MAX = 4096

/** RFC 3339 §5.6: the zone is a must, as whoever reads it may be in another one. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/

const instant: Format = {
  decode(text) {
    const upper = text
      .trim()
      .toUpperCase()
      .replace(/^(\d{4}-\d\d-\d\d) /, '$1T')
    if (INSTANT.test(text) && !Number.isNaN(Date.parse(text))) return { value: text }
    const mends = [upper, `${upper}Z`, `${upper}T00:00:00Z`].filter(
      (one) => INSTANT.test(one) && !Number.isNaN(Date.parse(one)),
    )
    const hint = parseDuration(text) === null ? null : 'a duration would begin anew with each reload'
    return no(
      'an instant with its zone, such as 2030-01-31T18:00:00Z or 2030-01-31T18:00:00+01:00',
      hint,
      mends,
    )
  },
}

const bytes: Format = {
  decode(text) {
    const read = bytesOf(text)
    if (read === null)
      return no('text with escapes: \\r, \\n, \\t, \\0, \\\\ and \\xHH', 'write "\\\\" for a backslash')
    return read.length > 0 && read.length <= BYTES_MAX ? { value: text } : no(`1 to ${BYTES_MAX} bytes`)
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

const path: Format = {
  decode(text, { allowed = 'the path of a file' }) {
    const isGood = text !== '' && !/[\x00-\x1f\x7f]/.test(text)
    if (text.includes('-----BEGIN ')) return no(allowed, 'put it in a file, and name that')
    // Only shells know it: a folder of that name would be made beside the config.
    if (/^~(?:\/|$)/.test(text))
      return no(allowed, 'write the path of the folder in place of "~", or ${HOME}')
    return isGood ? { value: text } : no(allowed)
  },
}

const isToken = (text: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(text)

const fieldName: Format = {
  decode: (text) =>
    isToken(text) && text !== '__proto__'
      ? { value: text }
      : no('the name of a header field: letters, digits and "-"', null, [text.trim().replace(/ ?:$/, '')]),
}

const fieldValue: Format = {
  decode(text) {
    const isClean =
      /^[^\x00-\x08\x0a-\x1f\x7f]*$/.test(text) && /^[\x00-\xff]*$/.test(text) && text.length <= 8192
    return isClean && text.trim() === text
      ? { value: text }
      : no(
          'one line of text without control characters, of at most 8192 characters, no blanks around it',
          null,
          [text.trim()].filter((trimmed) => trimmed !== ''),
        )
  },
  mendsOfNumber: (number) => [String(number)],
}

const TEXT_MAX = 8192

const textValue: Format = {
  decode: (text) =>
    text.length <= TEXT_MAX && text.isWellFormed() && !/\p{Cc}/u.test(text)
      ? { value: text }
      : no(`one line of text without control characters, of at most ${TEXT_MAX} characters`),
  mendsOfNumber: (number) => [String(number)],
}

const queryName: Format = {
  decode: (text) =>
    text !== '' && text.length <= 256 && text !== '__proto__' && text.isWellFormed() && !/\p{Cc}/u.test(text)
      ? { value: text }
      : no('the name of a part of the query, decoded: 1 to 256 characters'),
}

/** RFC 6265 §4.1.1. */
const cookieName: Format = {
  decode: (text) =>
    isToken(text) && text !== '__proto__'
      ? { value: text }
      : no('the name of a cookie: letters, digits and signs, without blanks, "=" and ";"'),
}

const timeZone: Format = {
  decode(text) {
    try {
      Intl.DateTimeFormat('en', { timeZone: text })
      return { value: text }
    } catch {
      const plain = text.trim().replace(/ /g, '_')
      return no('a time zone, such as "UTC" or "Europe/Berlin"', null, plain === text ? [] : [plain])
    }
  },
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY']

/** As curl and HPKP write it. */
const pin: Format = {
  decode(text) {
    if (/^sha256\/[A-Za-z0-9+/]{43}=$/.test(text)) return { value: text }
    const plain = text
      .trim()
      .replace(/^(?:sha-?256[:/]*|pin-sha256=)?"?([A-Za-z0-9+/]{43}=)"?$/i, 'sha256/$1')
    const hex = /^(?:sha256[:/]*)?((?:[0-9a-f]{2}:?){32})$/i.exec(plain)?.[1]?.replaceAll(':', '')
    const ofHex = hex === undefined ? [] : [`sha256/${Buffer.from(hex, 'hex').toString('base64')}`]
    return no('"sha256/" and the SHA-256 of a public key in base64, 44 characters', null, [plain, ...ofHex])
  },
}

const method: Format = {
  decode(text) {
    const upper = text.toUpperCase()
    // Methods are case-sensitive (RFC 9110 §9.1): "get" would match nothing that is sent.
    if (text !== upper && METHODS.includes(upper)) return no('a method', null, [upper])
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
  'file-mode': fileMode,
  group,
  'dns-server': dnsServer,
  cidr,
  name,
  'server-url': serverUrl,
  'server-name': serverName,
  pin,
  'client-auth': clientAuth,
  'client-name': clientName,
  'subject-name': subjectName,
  'user-name': userName,
  'password-hash': passwordHash,
  'key-hash': keyHash,
  address,
  'port-range': portRange,
  path,
  regex,
  'safe-regex': safeRegex,
  bytes,
  instant,
  'field-name': fieldName,
  'field-value': fieldValue,
  'text-value': textValue,
  'query-name': queryName,
  'claim-name': claimName,
  'cookie-name': cookieName,
  'host-pattern': hostPattern,
  'path-pattern': pathPattern,
  origin,
  'time-zone': timeZone,
  method,
  'status-range': statusRange,
}
