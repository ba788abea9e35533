// Trailers of a chunked body (RFC 9112 §7.1.2): which may pass, and those that are told apart from content.
import { Fields } from '../head/fields.ts'

/** What frames a message: as a trailer it is a trap. */
export const FRAMING_TRAILERS = new Set(['content-length', 'transfer-encoding'])
/**
 * RFC 9110 §6.5.1: what frames, routes or authorises a message, or says who sent it, is no trailer. A server
 * that merges trailers into the head would believe it, past all that we checked there.
 */
const NEVER_TRAILERS = new Set(
  [
    'authorization connection content-encoding content-length content-range content-type cookie expect forwarded host',
    'keep-alive proxy-authorization proxy-connection set-cookie te trailer transfer-encoding upgrade via',
    'x-real-ip x-request-id x-original-url x-rewrite-url range client-cert client-cert-chain',
    'if-match if-none-match if-modified-since if-unmodified-since if-range max-forwards cache-control age date vary',
  ].flatMap((names) => names.split(' ')),
)
/** It must not pass as a trailer. */
export const isNoTrailer = (lower: string): boolean =>
  NEVER_TRAILERS.has(lower) || lower.startsWith('x-forwarded-') || lower.startsWith('x-client-cert')

/** All trailers of one body. */
export const TRAILER_BYTES_MAX = 8192
/** More fields than fit into the bytes that trailers may have. */
const FIELDS_MAX = 8192

/**
 * Trailer lines, each with its CRLF, as fields; null: there are none. They were checked when they were read.
 */
export function trailerFields(lines: string): Fields | null {
  if (lines === '') return null
  const bytes = Buffer.from(`${lines}\r\n`, 'latin1')
  const fields = new Fields()
  fields.scan(bytes, 0, bytes.length, FIELDS_MAX)
  return fields
}
