// A body that is changed in pieces, in as much of a turn as lib/work.ts gives: what has come waits for turns
// to come, and whoever sends it waits with it.
import type { Fields } from '../head/fields.ts'
import { stopWork, work, type Work } from '../lib/work.ts'
import type { BodySink, BodyTransform } from './middleware.ts'
import { WaitingPieces } from './waiting-pieces.ts'

export abstract class Paced implements BodyTransform, Work {
  readonly #pieces = new WaitingPieces()
  #next: BodySink | null = null
  /** Nothing more comes. */
  #isEnded = false
  #isOver = false
  #isStepping = false
  /** What was taken last has more to give. */
  protected hasMore = false

  /**
   * Changes a part of a piece, which takes well below a millisecond, and writes what comes of it. How many
   * bytes of it are done.
   */
  protected abstract change(piece: Buffer, next: BodySink): number
  /** All of it was changed: writes what was held back. */
  protected abstract close(next: BodySink): void
  /** Nothing is needed any more. */
  protected abstract release(): void

  trailers?(trailers: Fields): Fields | null

  push(bytes: Buffer, from: number, to: number, next: BodySink): void {
    if (this.#isOver) return
    this.#next = next
    this.#pieces.push(bytes.subarray(from, to))
    this.#work()
    this.#settle(next)
  }

  end(next: BodySink): void {
    this.#next = next
    this.#isEnded = true
    this.#work()
  }

  drained(): void {
    if (this.#pieces.bytes > 0 || this.hasMore || this.#isEnded) this.#work()
  }

  cancel(): void {
    this.finish()
  }

  /** What it writes may bring more of the body: the step that is under way sees that. */
  #work(): void {
    if (!this.#isStepping && !this.#isOver) work(this)
  }

  step(): boolean {
    const next = this.#next
    // What is changed for somebody who is slow would only wait there.
    if (next === null || this.#isOver || next.isFull) return false
    this.#isStepping = true
    try {
      return this.#step(next)
    } finally {
      this.#isStepping = false
    }
  }

  #step(next: BodySink): boolean {
    if (this.#pieces.bytes > 0 || this.hasMore) {
      this.hasMore = false
      this.#pieces.skip(this.change(this.#pieces.first(), next))
      if (this.#isOver) return false
    }
    if (this.#pieces.bytes > 0 || this.hasMore) return true
    this.#settle(next) // which may bring more
    if (this.#pieces.bytes > 0) return true
    if (this.#isOver || !this.#isEnded) return false
    this.close(next)
    if (this.#isOver) return false
    this.finish()
    next.end()
    return false
  }

  failed(error: unknown): void {
    const next = this.#next
    this.finish()
    next?.fail(error)
  }

  #settle(next: BodySink): void {
    if (!this.#isOver) this.#pieces.settle(next, this.#pieces.bytes > 0 || this.hasMore)
  }

  /** It is over, one way or another: nothing more is written. */
  protected finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    stopWork(this)
    this.#pieces.drop(this.#next)
    this.release()
  }
}
