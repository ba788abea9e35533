// How the body of a message is framed (RFC 9112 §6): decided in one place for both directions, and strictly.
// What two readers could take differently is a fault, never a guess.
import { decimal, equalsFolded, hasToken } from './bytes.ts'
import { FIELD_INTS, type Fields } from './fields.ts'
import { KNOWN } from './known-fields.ts'

/** none: no body · length: `bodyBytes` of them · chunked · close: up to the end of the connection. */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

export type FramingFault = 'framing_ambiguous' | 'coding_unsupported'

/** What the two framing fields say: a content-length, CHUNKED, NEITHER, or why they cannot be trusted. */
const NEITHER = -1
const CHUNKED = -2
const AMBIGUOUS = -3
const UNSUPPORTED = -4

const CHUNKED_TOKEN = Buffer.from('chunked')
const FRAMES = (1 << KNOWN.contentLength) | (1 << KNOWN.transferEncoding)

function framingFields(fields: Fields, isHttp10: boolean): number {
  if ((fields.seen & FRAMES) === 0) return NEITHER
  let length = NEITHER
  let isChunked = false
  for (let f = 0; f < fields.count; f++) {
    const id = fields.at[f * FIELD_INTS + 4]!
    if (id !== KNOWN.contentLength && id !== KNOWN.transferEncoding) continue
    const start = fields.at[f * FIELD_INTS + 2]!
    const end = fields.at[f * FIELD_INTS + 3]!
    if (id === KNOWN.contentLength) {
      // 1. One Content-Length of digits only; a repeated one is refused even when equal (§6.3 allows it).
      if (length !== NEITHER) return AMBIGUOUS
      length = decimal(fields.bytes, start, end)
      if (length < 0) return AMBIGUOUS
    } else {
      // 2. One Transfer-Encoding that is exactly "chunked"; never in HTTP/1.0 (§6.1).
      if (isChunked || isHttp10) return AMBIGUOUS
      if (!equalsFolded(fields.bytes, start, end, CHUNKED_TOKEN)) {
        return endsWithChunked(fields.bytes, start, end) ? UNSUPPORTED : AMBIGUOUS
      }
      isChunked = true
    }
  }
  // 3. Both together are how requests are smuggled (§6.1).
  if (isChunked && length !== NEITHER) return AMBIGUOUS
  return isChunked ? CHUNKED : length
}

function endsWithChunked(bytes: Buffer, start: number, end: number): boolean {
  const text = bytes.latin1Slice(start, end).toLowerCase()
  const codings = text.split(',').map((one) => one.trim())
  return (
    codings.at(-1) === 'chunked' && codings.indexOf('chunked') === codings.length - 1 && codings.length > 1
  )
}

/** The length of a body of framing "length" that was decided last. */
export let bodyBytes = 0

/** RFC 9112 §6.3 for a request: without either field there is no body. */
export function requestFraming(fields: Fields, isHttp10: boolean): Framing | FramingFault {
  const found = framingFields(fields, isHttp10)
  if (found === NEITHER) return 'none'
  if (found === CHUNKED) return 'chunked'
  if (found === AMBIGUOUS) return 'framing_ambiguous'
  if (found === UNSUPPORTED) return 'coding_unsupported'
  bodyBytes = found
  return found === 0 ? 'none' : 'length'
}

/** RFC 9112 §6.3 for an answer to a request that was (not) HEAD; null: the server's framing is broken. */
export function responseFraming(
  fields: Fields,
  status: number,
  isHead: boolean,
  isHttp10: boolean,
): Framing | null {
  const found = framingFields(fields, isHttp10)
  // 1. Broken framing fields are broken even where there is no body.
  if (found === AMBIGUOUS || found === UNSUPPORTED) return null
  // 2. No body: to HEAD, 1xx, 204, 304 (§6.3 rule 1).
  if (isHead || status < 200 || status === 204 || status === 304) return 'none'
  if (found === CHUNKED) return 'chunked'
  // 3. Neither field: up to the close (§6.3 rule 8).
  if (found === NEITHER) return 'close'
  bodyBytes = found
  return found === 0 ? 'none' : 'length'
}

const CLOSE = Buffer.from('close')
const KEEP_ALIVE = Buffer.from('keep-alive')

/** Whether the sender keeps the connection (RFC 9112 §9.3). */
export function isPersistent(fields: Fields, isHttp10: boolean): boolean {
  if (!fields.has(KNOWN.connection)) return !isHttp10
  let keeps = !isHttp10
  for (let f = 0; f < fields.count; f++) {
    if (fields.at[f * FIELD_INTS + 4] !== KNOWN.connection) continue
    const start = fields.at[f * FIELD_INTS + 2]!
    const end = fields.at[f * FIELD_INTS + 3]!
    if (hasToken(fields.bytes, start, end, CLOSE)) return false
    if (isHttp10 && hasToken(fields.bytes, start, end, KEEP_ALIVE)) keeps = true
  }
  return keeps
}
