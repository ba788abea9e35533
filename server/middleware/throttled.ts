// A body that may go no faster than a pace: what came and may not leave yet is kept, and its
// source waits.
import type { BodySink, BodyTransform } from './middleware.ts'
import type { Pace } from './pace.ts'
import { type Wait, wakeAfter } from './pace-clock.ts'
import { WaitingPieces } from './waiting-pieces.ts'

export interface ThrottleParts {
  readonly pace: Pace
  /** So many bytes go first, at once. */
  readonly after: number
  /** Nothing waits: it is only told what would have. */
  readonly isShadow: boolean
  readonly now: () => number
  /** How many bytes the head announces by the time the first is let out; -1: it does not. */
  readonly length: () => number
  /** All is over; so long it has waited. */
  readonly over: (waitedMs: number) => void
}

export class Throttled implements BodyTransform {
  readonly keepsLength = true
  readonly #parts: ThrottleParts
  readonly #pieces = new WaitingPieces()
  #next: BodySink | null = null
  /** Bytes that go before any are counted. */
  #free: number
  /** Bytes whose time has come, or comes with the wait. */
  #booked = 0
  #wait: Wait | null = null
  #waitedMs = 0
  #isEnded = false
  #isOver = false
  #isGoing = false

  constructor(parts: ThrottleParts) {
    this.#parts = parts
    this.#free = parts.after
  }

  push(bytes: Buffer, from: number, to: number, next: BodySink): void {
    if (this.#isOver) return
    if (this.#next === null) next.length = this.#parts.length()
    this.#next = next
    const free = this.#pieces.bytes === 0 ? Math.min(this.#free, to - from) : 0
    this.#free -= free
    if (free > 0) next.write(bytes, from, from + free)
    if (from + free < to) this.#take(bytes, from + free, to, next)
  }

  #take(bytes: Buffer, from: number, to: number, next: BodySink): void {
    if (this.#parts.isShadow) {
      this.#waitedMs += Math.abs(this.#parts.pace.ask(to - from, this.#parts.now()))
      return next.write(bytes, from, to)
    }
    this.#pieces.push(bytes.subarray(from, to))
    this.#go(next)
    this.#settle(next)
  }

  end(next: BodySink): void {
    if (this.#next === null) next.length = this.#parts.length()
    this.#next = next
    this.#isEnded = true
    this.#go(next)
  }

  drained(next: BodySink): void {
    this.#go(next)
    this.#settle(next)
  }

  cancel(): void {
    this.#finish()
  }

  /** Lets out what may leave now. */
  #go(next: BodySink): void {
    // What it writes may bring more of the body: what is under way sees that.
    if (this.#isGoing || this.#isOver || this.#wait !== null) return
    this.#isGoing = true
    while (this.#pieces.bytes > 0 && !next.isFull && this.#mayGo()) {
      const piece = this.#pieces.first().subarray(0, this.#booked)
      this.#booked -= piece.length
      next.write(piece, 0, piece.length)
      if (this.#isOver) return
      this.#pieces.skip(piece.length)
    }
    this.#isGoing = false
    if (!this.#isEnded || this.#pieces.bytes > 0) return
    this.#finish()
    next.end()
  }

  /** Some bytes are booked, and their time has come. */
  #mayGo(): boolean {
    if (this.#booked > 0) return true
    const { pace, now } = this.#parts
    const bytes = Math.min(pace.slice, this.#pieces.bytes)
    const ms = pace.ask(bytes, now())
    if (ms >= 0) this.#booked = bytes
    if (ms === 0) return true
    this.#waitedMs += Math.abs(ms)
    this.#wait = wakeAfter(Math.abs(ms), () => this.#woken())
    return false
  }

  #woken(): void {
    this.#wait = null
    const next = this.#next
    if (next === null || this.#isOver) return
    this.#go(next)
    this.#settle(next)
  }

  /** Nothing more is to come while something waits. */
  #settle(next: BodySink): void {
    if (!this.#isOver) this.#pieces.settle(next)
  }

  #finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#wait?.stop()
    this.#wait = null
    this.#pieces.drop(this.#next)
    this.#parts.over(this.#waitedMs)
  }
}
