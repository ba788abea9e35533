// The one buffer into which bodies in volume are read, again and again. Who keeps a piece of what was read
// beyond the event that brought it must not keep that buffer, nor a large one for a few bytes.

/** One read. What the other side does not take of it is copied, and is all that a stalled reader costs. */
export const PIECE_BYTES = 64 * 1024

let piece: Buffer | null = null

/** The buffer of reads; whoever reads into it uses it up before anybody else does. */
export function readPiece(): Buffer {
  return (piece ??= Buffer.allocUnsafeSlow(PIECE_BYTES))
}

/** `bytes[from..to)` as something that stays as it is, and keeps little more than that in memory. */
export function keepable(bytes: Buffer, from: number, to: number): Buffer {
  const part = bytes.subarray(from, to)
  const isReused = piece !== null && part.buffer === piece.buffer
  // A part keeps all of what it was cut from.
  return isReused || 2 * part.length < part.buffer.byteLength ? Buffer.from(part) : part
}
