// The body of an answer, kept as it passes to its client.
import type { CacheStore } from './store.ts'

/** A body of unknown length takes so much room at a time. */
const PIECE_BYTES = 64 * 1024

export class Collect {
  readonly #store: CacheStore
  readonly #most: number
  /** Of known length: all of it. */
  #whole: Buffer | null = null
  #pieces: Buffer[] = []
  #at = 0
  #bytes = 0
  #reserved = 0
  /** There was no room, or it is too long: nothing of it is kept. */
  #isGivenUp = false

  /** `length`: of all of it; -1: nobody knows. `most`: a longer one is not kept. */
  constructor(store: CacheStore, length: number, most: number) {
    this.#store = store
    this.#most = most
    if (length > most || !this.#reserve(Math.max(0, length))) this.giveUp()
    else if (length >= 0) this.#whole = Buffer.allocUnsafeSlow(length)
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp
  }

  /** False: it cannot be kept. */
  push(bytes: Buffer, from: number, to: number): boolean {
    if (this.#isGivenUp) return false
    const whole = this.#whole
    if (whole !== null && this.#bytes + to - from <= whole.length) bytes.copy(whole, this.#bytes, from, to)
    else if (whole !== null || this.#bytes + to - from > this.#most || !this.#keep(bytes, from, to)) {
      this.giveUp()
      return false
    }
    this.#bytes += to - from
    return true
  }

  #keep(bytes: Buffer, from: number, to: number): boolean {
    for (let at = from; at < to;) {
      let piece = this.#pieces.at(-1)
      if (piece === undefined || this.#at === piece.length) {
        if (!this.#reserve(PIECE_BYTES)) return false
        piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
        this.#pieces.push(piece)
        this.#at = 0
      }
      const count = Math.min(to - at, piece.length - this.#at)
      bytes.copy(piece, this.#at, at, at + count)
      this.#at += count
      at += count
    }
    return true
  }

  #reserve(bytes: number): boolean {
    if (!this.#store.reserve(bytes)) return false
    this.#reserved += bytes
    return true
  }

  /** All of it is here; null: it was not kept, or is not as long as it was said to be. */
  take(): Buffer | null {
    if (this.#isGivenUp) return null
    const whole = this.#whole ?? wholeOf(this.#pieces, this.#bytes)
    const isWhole = whole.length === this.#bytes
    this.giveUp()
    return isWhole ? whole : null
  }

  /** Nothing of it is wanted any more. */
  giveUp(): void {
    this.#isGivenUp = true
    this.#store.reserve(-this.#reserved)
    this.#reserved = 0
    this.#whole = null
    this.#pieces = []
  }
}

function wholeOf(pieces: readonly Buffer[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const piece of pieces) {
    piece.copy(whole, at, 0, Math.min(piece.length, bytes - at))
    at += piece.length
  }
  return whole
}
