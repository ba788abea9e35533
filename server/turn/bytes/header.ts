// What MESSAGE-INTEGRITY and FINGERPRINT need to know of a header.
import { HEADER_BYTES } from './stun.ts'

const header = new Uint8Array(HEADER_BYTES)

/**
 * The header of the message at `start` as it would be if the message ended at `end`: each check covers the
 * length as it was when its attribute was the last one (RFC 8489 §14.5). One buffer, good until the next
 * call; the message itself is left as it is.
 */
export function headerAsIfEnding(bytes: Uint8Array, start: number, end: number): Uint8Array {
  for (let i = 0; i < HEADER_BYTES; i++) header[i] = bytes[start + i]!
  const length = end - start - HEADER_BYTES
  header[2] = length >> 8
  header[3] = length
  return header
}
