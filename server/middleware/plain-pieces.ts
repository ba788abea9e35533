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
    const piece = this.first()
    this.skip(piece.length)
    return piece
  }

  /** The same, left where it is. */
  first(): Buffer {
    const [first] = this.#pieces
    return first === undefined
      ? NOTHING
      : first.subarray(this.#at, Math.min(this.#at + PIECE_BYTES, first.length))
  }

  /** So much of the next piece is done. */
  skip(bytes: number): void {
    const [first] = this.#pieces
    if (first === undefined) return
    this.#at += bytes
    this.bytes -= bytes
    if (this.#at < first.length) return
    this.#pieces.shift()
    this.#at = 0
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
