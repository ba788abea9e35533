// Where the head of a request ends in what a client has sent so far.
import { CR, LF } from '../head/bytes.ts'
import { SCAN } from '../head/fields.ts'
import { type HeadFault, type HeadLimits, type RequestHead, mayEnd } from '../head/request-head.ts'

/**
 * Where the head that begins at `from` ends, SCAN.incomplete, or why it is refused. The first `scanned` bytes
 * were looked at before.
 */
export function findHead(
  head: RequestHead,
  bytes: Buffer,
  from: number,
  scanned: number,
  limits: HeadLimits,
): number | HeadFault {
  // RFC 9112 §2.2: one empty line before a request is ignored.
  let at = from
  if (bytes[at] === CR && (at + 1 >= bytes.length || bytes[at + 1] === LF)) at += 2
  if (at >= bytes.length) return SCAN.incomplete
  // Scan again only when an empty line may have come, so that a head sent byte by byte costs no quadratic
  // time.
  const isKnown = scanned > 0 && bytes.length - at <= limits.headBytes
  if (isKnown && !mayEnd(bytes, Math.max(at, scanned - 3), bytes.length)) return SCAN.incomplete
  return head.scan(bytes, at, bytes.length, limits)
}

/**
 * Nothing more comes of a head: what is wrong with the part that is here, however it was cut; null: nothing.
 */
export function faultOfPart(head: RequestHead, bytes: Buffer | null, limits: HeadLimits): HeadFault | null {
  const end = bytes === null ? SCAN.incomplete : findHead(head, bytes, 0, 0, limits)
  return typeof end === 'string' ? end : null
}
