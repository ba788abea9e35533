// Memory into which is read again and again: the one buffer for bodies in volume, and whatever else sockets
// read into. Who keeps a piece of what was read beyond the event that brought it must not keep that memory,
// nor a large buffer for a few bytes.

/** One read. What the other side does not take of it is copied, and is all that a stalled reader costs. */
export const PIECE_BYTES = 64 * 1024

let piece: Buffer | null = null

/** The buffer of reads; whoever reads into it uses it up before anybody else does. */
export function readPiece(): Buffer {
  if (piece === null) {
    piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
    lend(piece.buffer)
  }
  return piece
}

/** Held here, as the object that stands for memory would else be another each time that nobody has it. */
const lentMemory = new Set<ArrayBufferLike>()

/** From now on what is read lies here, and is overwritten by what is read next. */
export function lend(memory: ArrayBufferLike): void {
  lentMemory.add(memory)
}

/** Nothing is read there any more. */
export function takeBack(memory: ArrayBufferLike): void {
  lentMemory.delete(memory)
}

/** `bytes[from..to)` as something that stays as it is, and keeps little more than that in memory. */
export function keepable(bytes: Buffer, from: number, to: number): Buffer {
  const part = bytes.subarray(from, to)
  // A part keeps all of what it was cut from.
  return lentMemory.has(part.buffer) || 2 * part.length < part.buffer.byteLength ? Buffer.from(part) : part
}
