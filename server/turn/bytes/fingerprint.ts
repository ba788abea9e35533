// FINGERPRINT (RFC 8489 §14.7): a CRC that tells STUN from what only looks like it.
import { headerAsIfEnding } from './header.ts'
import { FINGERPRINT_XOR, HEADER_BYTES } from './stun.ts'

/** Value of a FINGERPRINT whose header stands at `at`, of the message that begins at `start`. */
export function fingerprintOf(bytes: Uint8Array, start: number, at: number): number {
  // The CRC covers the header's length field, as it is when FINGERPRINT comes last.
  const crc = Bun.hash.crc32(headerAsIfEnding(bytes, start, at + 8))
  return (Bun.hash.crc32(bytes.subarray(start + HEADER_BYTES, at), crc) ^ FINGERPRINT_XOR) >>> 0
}
