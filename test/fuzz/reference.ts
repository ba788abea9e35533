// A second reader of heads and chunked bodies, slow and plain: regular expressions written from RFC 9112,
// 9110 and 3986. Where a standard leaves a choice between refusing and mending, this one refuses, as ours
// must.
import { isIPv4, isIPv6 } from 'node:net'

export interface Limits {
  readonly headBytes: number
  readonly targetBytes: number
  readonly fields: number
}

export type Field = readonly [name: string, value: string]
export type Framing = 'none' | 'chunked' | 'close' | number

export interface ReadRequest {
  /** Bytes of the head. */
  readonly length: number
  readonly method: string
  /** Path and query, or "*". */
  readonly target: string
  readonly version: '1.0' | '1.1'
  /** The authority as written; '' for none. */
  readonly authority: string
  readonly fields: readonly Field[]
  /** null: the framing is refused. */
  readonly framing: Framing | null
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
// RFC 9112 §3: method SP request-target SP HTTP-version. Visible ASCII in the target but "#" and "\", which
// no URI holds.
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([!"$-\\[\\]-~]+) HTTP/(1\\.[01])$`)
// RFC 9112 §4: the space before an absent reason may be missing.
const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-9][0-9]{2})(?: [\t -~\x80-\xff]*)?$/
// RFC 9112 §5, RFC 9110 §5.5.
const FIELD_LINE = new RegExp(
  `^(${TOKEN}):[\\t ]*((?:[!-~\\x80-\\xff](?:[\\t -~\\x80-\\xff]*[!-~\\x80-\\xff])?)?)[\\t ]*$`,
)

/** Reads a request's head; null when it is refused or not whole. */
export function readRequest(text: string, limits: Limits): ReadRequest | null {
  const [first, fields, length] = linesOf(text, limits) ?? []
  const line = REQUEST_LINE.exec(first ?? '')
  if (!line || !fields || !length) return null
  const [, method = '', raw = '', version] = line
  if (method.length > 32 || raw.length > limits.targetBytes) return null
  const isOld = version === '1.0'
  const hosts = valuesOf(fields, 'host')
  if (hosts.length > 1 || (hosts.length === 0 && !isOld) || !hosts.every(isAuthority)) return null
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(raw)
  const head = {
    length,
    method,
    version: isOld ? '1.0' : '1.1',
    fields,
    framing: framingOf(fields, isOld, 'none'),
  } as const
  // RFC 9112 §3.2: origin-form; authority-form for CONNECT; absolute-form; asterisk-form for OPTIONS.
  const isOwnForm =
    method === 'CONNECT' ? isHostAndPort(raw) : raw.startsWith('/') || (raw === '*' && method === 'OPTIONS')
  if (isOwnForm) return { ...head, target: raw, authority: hosts[0] ?? '' }
  if (method === 'CONNECT') return null
  if (!absolute) return null
  const [, authority = '', rest = ''] = absolute
  if (authority === '' || !isAuthority(authority)) return null
  const path = rest === '' ? (method === 'OPTIONS' ? '*' : '/') : rest.startsWith('/') ? rest : `/${rest}`
  return { ...head, target: path, authority }
}

export interface ReadAnswer {
  readonly length: number
  readonly status: number
  readonly version: '1.0' | '1.1'
  readonly fields: readonly Field[]
  readonly framing: Framing | null
}

/** Reads an answer's head; null when it is refused or not whole. */
export function readAnswer(text: string, limits: Limits, isHead: boolean): ReadAnswer | null {
  const [first, fields, length] = linesOf(text, limits) ?? []
  const line = STATUS_LINE.exec(first ?? '')
  if (!line || !fields || !length) return null
  const isOld = line[1] === '1.0'
  const status = Number(line[2])
  const framing = framingOf(fields, isOld, 'close')
  // RFC 9112 §6.3 rule 1.
  const isBodiless = isHead || status < 200 || status === 204 || status === 304
  return {
    length,
    status,
    version: isOld ? '1.0' : '1.1',
    fields,
    framing: framing !== null && isBodiless ? 'none' : framing,
  }
}

function linesOf(text: string, limits: Limits): [string, Field[], number] | null {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1 || end + 4 > limits.headBytes) return null
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const fields = lines.map((line) => FIELD_LINE.exec(line))
  if (fields.length > limits.fields || fields.includes(null)) return null
  return [first, fields.map((field): Field => [field?.[1] ?? '', field?.[2] ?? '']), end + 4]
}

/** RFC 3986 §3.2.2 without escapes and commas; RFC 9110 §7.2: it may be empty. */
function isAuthority(text: string): boolean {
  if (text === '') return true
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._~!$&'()*+;=-]+))(?::([0-9]{0,5}))?$/.exec(text)
  if (!match || text.length > 261 || Number(match[3] ?? 0) > 65_535) return false
  return match[1] === undefined ? isName(match[2] ?? '') : isIPv6(match[1])
}

/** No empty label but the root's, and no number that is an address to some only. */
function isName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.')
  if (labels.includes('')) return false
  return /^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1) ?? '') ? isIPv4(labels.join('.')) : true
}

/** RFC 9112 §3.2.3, with a port that is one. */
const isHostAndPort = (text: string): boolean => isAuthority(text) && /:0*[1-9][0-9]*$/.test(text)

export const valuesOf = (fields: readonly Field[], name: string): string[] =>
  fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value)

/** RFC 9112 §6.3, each field at most once and never both. */
function framingOf(fields: readonly Field[], isOld: boolean, otherwise: Framing): Framing | null {
  const lengths = valuesOf(fields, 'content-length')
  const codings = valuesOf(fields, 'transfer-encoding')
  const [length] = lengths
  if (lengths.length + codings.length > 1) return null
  if (codings.length === 1) return !isOld && /^chunked$/i.test(codings[0] ?? '') ? 'chunked' : null
  if (length === undefined) return otherwise
  if (!/^[0-9]{1,15}$/.test(length)) return null
  return Number(length) === 0 ? 'none' : Number(length)
}

export interface ReadChunks {
  /** Bytes of the body, framing included. */
  readonly length: number
  readonly content: string
  /** Trailer lines as they stand. */
  readonly trailers: string
  readonly hasExtensions: boolean
}

// RFC 9112 §7.1.1, white space before ";" or alone behind the size; what stands between is taken loosely, as
// nobody reads it.
const CHUNK_LINE =
  /([0-9A-Fa-f]{1,13})([ \t]*(?:;(?:[!#$%&'*+.^_`|~0-9A-Za-z=; \t-]|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*")*)?)\r\n/y
const TRAILER_SECTION = new RegExp(`((?:${TOKEN}:[\\t -~\\x80-\\xff]*\\r\\n)*)\\r\\n`, 'y')
/** RFC 9110 §6.5.1: fields that must not be trailers; those that the generators make. */
const NO_TRAILER = /^(?:content-length|transfer-encoding):/im
const LEFT_OUT = /^(?:host|te|via):.*\r\n/gim

/** Reads a chunked body; null when it is malformed or not whole. */
export function readChunkedBody(text: string): ReadChunks | null {
  let content = ''
  let hasExtensions = false
  for (let at = 0; ;) {
    CHUNK_LINE.lastIndex = at
    const line = CHUNK_LINE.exec(text)
    if (!line) return null
    at = CHUNK_LINE.lastIndex
    hasExtensions ||= line[2] !== ''
    const size = Number.parseInt(line[1] ?? '', 16)
    if (size === 0) {
      TRAILER_SECTION.lastIndex = at
      const section = TRAILER_SECTION.exec(text)
      if (!section || NO_TRAILER.test(section[1] ?? '')) return null
      const trailers = (section[1] ?? '').replaceAll(LEFT_OUT, '')
      return { length: TRAILER_SECTION.lastIndex, content, trailers, hasExtensions }
    }
    if (text.slice(at + size, at + size + 2) !== '\r\n') return null
    content += text.slice(at, at + size)
    at += size + 2
  }
}
