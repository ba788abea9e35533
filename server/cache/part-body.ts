// The body of a stored answer, or a part of it, that is too long for one write: pushed piece by piece, as
// fast as its client takes it. Nothing is copied but what of a piece the socket does not take.
import type { BodyFeed, BodySource, SourceSink } from '../head/answer.ts'

const PIECE_BYTES = 64 * 1024

export class PartBody implements BodySource {
  readonly length: number
  readonly #bytes: Buffer
  readonly #from: number
  readonly #to: number

  constructor(bytes: Buffer, from: number, to: number) {
    this.length = to - from
    this.#bytes = bytes
    this.#from = from
    this.#to = to
  }

  open(to: SourceSink): BodyFeed {
    const feed = new Feed(this.#bytes, this.#from, this.#to, to)
    // Once whoever opens it knows it.
    setImmediate(() => feed.run())
    return feed
  }
}

class Feed implements BodyFeed {
  readonly #bytes: Buffer
  #at: number
  readonly #end: number
  readonly #to: SourceSink
  #isPaused = false
  #isOver = false
  #isRunning = false

  constructor(bytes: Buffer, from: number, end: number, to: SourceSink) {
    this.#bytes = bytes
    this.#at = from
    this.#end = end
    this.#to = to
  }

  run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    while (!this.#isPaused && !this.#isOver) {
      const at = this.#at
      if (at === this.#end) {
        this.#isOver = true
        this.#to.end()
        break
      }
      this.#at = Math.min(this.#end, at + PIECE_BYTES)
      this.#to.push(this.#bytes, at, this.#at)
    }
    this.#isRunning = false
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.run()
  }

  cancel(): void {
    this.#isOver = true
  }
}
