// What of an answer comes while a response step waits: its head has not left yet.
import type { Fields } from '../head/fields.ts'
import { HeldPieces, type KeptFor } from '../lib/held-pieces.ts'
import type { Sink } from './ends.ts'

export class EarlyAnswer {
  /** All of it is here. */
  isWhole = false
  trailers: Fields | null = null
  /** How much of what is held is none of framing. */
  #content = 0
  readonly #pieces: HeldPieces

  constructor(owner: KeptFor) {
    this.#pieces = new HeldPieces(owner)
  }

  push(bytes: Buffer, from: number, to: number, content: number): void {
    this.#pieces.push(bytes, from, to)
    this.#content += content
  }

  wholeWith(trailers: Fields | null): void {
    this.isWhole = true
    this.trailers = trailers
  }

  /** Lets it follow its head. */
  giveTo(sink: Sink): void {
    for (const piece of this.#pieces.pieces()) {
      sink.write(piece, 0, piece.length, this.#content)
      this.#content = 0 // told with the first
    }
    this.#pieces.drop()
  }

  /** Its head will never leave. */
  drop(): void {
    this.#pieces.drop()
  }
}
