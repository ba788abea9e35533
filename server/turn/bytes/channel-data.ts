// ChannelData (RFC 8656 §12.4): channel number, length, data; over streams padded to four bytes. Read and
// written in place.

export const CHANNEL_HEADER_BYTES = 4
/** The lowest and highest number that a channel can have (RFC 5766 §11). */
export const FIRST_CHANNEL = 0x4000
export const LAST_CHANNEL = 0x7fff
/** The highest one of RFC 8656 §12. */
export const LAST_STRICT_CHANNEL = 0x4fff

/** The number in the header at `start`. */
export const channelOf = (bytes: Uint8Array, start: number): number =>
  (bytes[start]! << 8) | bytes[start + 1]!

/**
 * Length of the data behind the header at `start`, of a message of `length` bytes; -1: the header says more
 * than is there (RFC 8656 §12.6: dropped). Less than is there is right: padding, also in a datagram.
 */
export function channelDataLength(bytes: Uint8Array, start: number, length: number): number {
  if (length < CHANNEL_HEADER_BYTES) return -1
  const said = (bytes[start + 2]! << 8) | bytes[start + 3]!
  return said <= length - CHANNEL_HEADER_BYTES ? said : -1
}

/** Writes the header before `length` bytes of data at `dataStart`; returns where the message begins. */
export function putChannelHeader(
  bytes: Uint8Array,
  dataStart: number,
  length: number,
  channel: number,
): number {
  const start = dataStart - CHANNEL_HEADER_BYTES
  bytes[start] = channel >> 8
  bytes[start + 1] = channel
  bytes[start + 2] = length >> 8
  bytes[start + 3] = length
  return start
}

/** Fills up the data at `dataStart` to four bytes, as streams want it; returns its length with that. */
export function putPadding(bytes: Uint8Array, dataStart: number, length: number): number {
  const padded = (length + 3) & ~3
  for (let i = dataStart + length; i < dataStart + padded; i++) bytes[i] = 0
  return padded
}
