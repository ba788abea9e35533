// What of a body waits for its turn: it is kept, counted, and keeps its source waiting.
import type { BodySink } from './middleware.ts'
import { PlainPieces } from './plain-pieces.ts'

export class WaitingPieces extends PlainPieces {
  #isPaused = false
  #countedBytes = 0

  /** Behind each turn. `isBusy`: something waits, in here or elsewhere, so nothing more is to come. */
  settle(next: BodySink, isBusy = this.bytes > 0): void {
    if (isBusy) this.keep()
    this.#count(next)
    if (isBusy === this.#isPaused) return
    this.#isPaused = isBusy
    if (isBusy) next.pause()
    else next.resume()
  }

  /** All is over: nothing is kept any more. */
  drop(next: BodySink | null): void {
    this.takeAll()
    this.#count(next)
  }

  #count(next: BodySink | null): void {
    const { bytes } = this
    if (bytes !== this.#countedBytes) next?.countKept(bytes - this.#countedBytes)
    this.#countedBytes = bytes
  }
}
