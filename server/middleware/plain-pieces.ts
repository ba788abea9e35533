// What of a body is to be encoded yet, in pieces as it came.
import { PIECE_BYTES } from '../lib/encoder.ts'
import { keepable } from '../lib/read-piece.ts'

export const NOTHING = Buffer.alloc(0)

export const bytesOf = (pieces: readonly Buffer[]): number =>
  pieces.reduce((sum, { length }) => sum + length, 0)

export class PlainPieces {
  bytes = 0
  #pieces: Buffer[] = []
  /** Where the first begins. */
  #at = 0

  push(piece: Buffer): void {
    this.#pieces.push(piece)
    this.bytes += piece.length
  }

  /** The next piece, of the size that a step may have; nothing where only the end is to be told. */
  shift(): Buffer {
    const [first] = this.#pieces
    if (first === undefined) return NOTHING
    const to = Math.min(this.#at + PIECE_BYTES, first.length)
    const piece = first.subarray(this.#at, to)
    this.#at = to
    this.bytes -= piece.length
    if (to === first.length) {
      this.#pieces.shift()
      this.#at = 0
    }
    return piece
  }

  takeAll(): Buffer[] {
    const pieces = this.#pieces
    this.#pieces = []
    this.#at = this.bytes = 0
    return pieces
  }

  /** They outlive this event, and the buffer of reads does not. */
  keep(): void {
    this.#pieces = this.#pieces.map((piece, n) => keepable(piece, n === 0 ? this.#at : 0, piece.length))
    this.#at = 0
  }

  /** All of them lie here from now on. */
  liesIn(kept: readonly Buffer[]): void {
    if (this.#pieces.length > 0) this.#pieces = [...kept]
  }
}
