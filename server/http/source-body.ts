// The body of an answer of ours that is pushed by a source of its own, as a server's would come.
import type { BodyFeed, BodySource, SourceSink } from '../head/answer.ts'
import { event } from '../lib/event.ts'
import type { Sink } from './ends.ts'

/** Whose answer it is. */
interface Sourced {
  readonly sink: Sink
  readonly isEnded: boolean
  /** The client does not keep up. */
  readonly isBodyStalled: boolean
  sourceOver(): void
  bug(error: unknown): void
}

export class SourceBody implements SourceSink {
  readonly #x: Sourced
  readonly #length: number
  readonly #feed: BodyFeed
  #bytes = 0
  #isOver = false
  #isPaused = false

  constructor(x: Sourced, source: BodySource) {
    this.#x = x
    this.#length = source.length
    this.#feed = source.open(this)
    // What became of it while it was opened.
    if (this.#x.isEnded && !this.#isOver) this.cancel()
    else if (this.#isPaused && !this.#isOver) this.#feed.pause()
  }

  /** Sources push whenever they like: each push is an event of its own. */
  push(bytes: Buffer, from: number, to: number): void {
    event(() => this.#push(bytes, from, to))
  }

  #push(bytes: Buffer, from: number, to: number): void {
    if (this.#isOver || this.#x.isEnded) return
    this.#bytes += to - from
    if (this.#length >= 0 && this.#bytes > this.#length) return this.fail(this.#mismatch())
    if (to > from) this.#x.sink.write(bytes, from, to)
    if (this.#x.isBodyStalled) this.pause()
  }

  end(): void {
    event(() => this.#end())
  }

  #end(): void {
    if (this.#isOver || this.#x.isEnded) return
    if (this.#length >= 0 && this.#bytes !== this.#length) return this.fail(this.#mismatch())
    this.#isOver = true
    this.#x.sourceOver()
  }

  fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    event(() => this.#x.bug(error))
  }

  pause(): void {
    if (this.#isPaused || this.#isOver) return
    this.#isPaused = true
    this.#opened()?.pause()
  }

  resume(): void {
    if (!this.#isPaused || this.#isOver) return
    this.#isPaused = false
    this.#opened()?.resume()
  }

  /** The exchange is over. */
  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#opened()?.cancel()
  }

  /** Undefined while it is being opened. */
  #opened(): BodyFeed | undefined {
    return this.#feed
  }

  #mismatch(): Error {
    return new Error(`a source of ${this.#length} bytes gave ${this.#bytes}`)
  }
}
