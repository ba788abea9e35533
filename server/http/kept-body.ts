// The body of a request as far as it came: kept while steps wait, until there is a stream to a server, and
// for another attempt. Too much of it is not kept, and then no other attempt is made.
import type { Fields } from '../head/fields.ts'
import { HeldPieces, type KeptFor } from '../lib/held-pieces.ts'
import type { Half } from './ends.ts'

/** A body is kept up to this; also what is read ahead while nobody takes it. */
const KEPT_BYTES_MAX = 64 * 1024

export class KeptBody {
  /** All that came is here. */
  #isAll = true
  /** Told apart from content, once the body is whole. */
  trailers: Fields | null = null
  readonly #pieces: HeldPieces

  constructor(owner: KeptFor) {
    this.#pieces = new HeldPieces(owner)
  }

  push(bytes: Buffer, from: number, to: number): void {
    if (this.#isAll) this.#pieces.push(bytes, from, to)
  }

  /** No more is to be read before somebody takes it. */
  get isFull(): boolean {
    return this.#pieces.bytes > KEPT_BYTES_MAX
  }

  /** How much of it is here. */
  get bytes(): number {
    return this.#pieces.bytes
  }

  /** What is here, in one piece. */
  copy(): Buffer {
    return Buffer.concat(this.#pieces.pieces())
  }

  writeTo(half: Pick<Half, 'write'>): void {
    for (const piece of this.#pieces.pieces()) half.write(piece, 0, piece.length)
  }

  /** It is not sent again. */
  drop(): void {
    this.#pieces.drop()
    this.#isAll = false
  }
}
