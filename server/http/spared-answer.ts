// An answer that is not passed on, as another attempt is made in its place: kept for the case that none gives
// a better one, as far as its body is no larger than this.
import type { Server } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import { type ResponseHead, giveHead } from '../head/response-head.ts'
import { HeldPieces, type KeptFor } from '../lib/held-pieces.ts'
import type { BodyForm } from './ends.ts'

const KEPT_BYTES_MAX = 64 * 1024

/** Who takes it after all. */
interface Taker {
  answered(head: ResponseHead, form: BodyForm): void
  answerBody(bytes: Buffer, from: number, to: number, content: number): void
  answerEnd(trailers: Fields | null): void
}

export class SparedAnswer {
  readonly server: Server
  readonly status: number
  /** Its server asks not to be asked again before that, in ms. */
  readonly waitMs: number
  /** All of it is here. */
  isWhole = false
  #trailers: Fields | null = null
  readonly #head: ResponseHead
  readonly #form: BodyForm
  readonly #pieces: HeldPieces

  /** The head is its own from here on. Its body is told as content. */
  constructor(head: ResponseHead, form: BodyForm, server: Server, waitMs: number, owner: KeptFor) {
    // The bytes it was read from are lent, and the next attempt may be made before they are given back.
    head.detach()
    this.#head = head
    this.status = head.status
    this.server = server
    this.waitMs = waitMs
    this.#form = form === 'as_it_came' ? 'content' : form
    this.#pieces = new HeldPieces(owner)
  }

  /** False: that is more than is kept. */
  push(bytes: Buffer, from: number, to: number): boolean {
    if (this.#pieces.bytes + to - from > KEPT_BYTES_MAX) return false
    this.#pieces.push(bytes, from, to)
    return true
  }

  wholeWith(trailers: Fields | null): void {
    this.isWhole = true
    this.#trailers = trailers
  }

  /** Passes it on, as long as it is wanted. */
  giveTo(taker: Taker, isWanted: () => boolean): void {
    taker.answered(this.#head, this.#form)
    for (const piece of this.#pieces.pieces()) {
      if (!isWanted()) break
      taker.answerBody(piece, 0, piece.length, piece.length)
    }
    this.#pieces.drop()
    if (isWanted()) taker.answerEnd(this.#trailers)
  }

  /** Nobody gets it. */
  drop(): void {
    this.#pieces.drop()
    giveHead(this.#head)
  }
}
