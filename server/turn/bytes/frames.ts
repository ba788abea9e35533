// Where messages end on a stream (RFC 8656 §3.1, §12.5): STUN by its length, ChannelData by its length and
// padding.
import { CHANNEL_HEADER_BYTES } from './channel-data.ts'
import { HEADER_BYTES, MAGIC_COOKIE } from './stun.ts'

/** A longer frame is none: no datagram holds as much, and nobody waits for it. */
const LONGEST = 65_535

/** What `frameLength` returns when the rest is still to come. */
export const NEED_MORE = 0
/** What it returns when no frame can begin so: the stream is of no more use. */
export const NOT_A_FRAME = -1

/**
 * Length of the frame at `start`, of which `available` bytes are there: more than 0 when it is there whole
 * (with the padding that ChannelData has on streams), NEED_MORE, or NOT_A_FRAME. Every ASCII letter begins
 * ChannelData: who gets that where no channel can be bound closes the stream.
 */
export function frameLength(bytes: Uint8Array, start: number, available: number): number {
  if (available < 1) return NEED_MORE
  const first = bytes[start]!
  // RFC 7983: 0 to 3 is STUN, 64 to 127 is ChannelData.
  if (first > 0x7f || (first > 3 && first < 0x40)) return NOT_A_FRAME
  if (available < 4) return NEED_MORE
  const length = (bytes[start + 2]! << 8) | bytes[start + 3]!
  const isStun = first < 4
  if (isStun && ((length & 3) !== 0 || isOtherCookie(bytes, start, available))) return NOT_A_FRAME
  const whole = isStun ? HEADER_BYTES + length : CHANNEL_HEADER_BYTES + ((length + 3) & ~3)
  if (whole > LONGEST) return NOT_A_FRAME
  return whole <= available ? whole : NEED_MORE
}

/** Whether the frame is ChannelData: by its first byte. */
export const isChannelData = (bytes: Uint8Array, start: number): boolean => (bytes[start]! & 0xc0) === 0x40

// As much of the cookie as is there: what is not STUN is known before more of it is waited for.
function isOtherCookie(bytes: Uint8Array, start: number, available: number): boolean {
  const there = Math.min(available, 8)
  for (let i = 4; i < there; i++)
    if (bytes[start + i] !== ((MAGIC_COOKIE >>> (8 * (7 - i))) & 255)) return true
  return false
}
