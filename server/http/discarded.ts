// What is left of an answer that nobody gets: read within bounds, so that its connection serves on. Whoever
// had asked goes on meanwhile, or is over.
import { ANSWERED, type Outcome } from '../backends/outcome.ts'
import { nowMs } from '../lib/clock.ts'
import { Deadline } from '../lib/deadline.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Loss } from '../tables/faults.ts'
import type { ServerEvents, ServerStream } from './ends.ts'

/** More than a page of an error mostly has. */
const READ_BYTES_MAX = 64 * 1024
/** Beyond it, its connection ends. */
const READ_MS = 1000

interface DiscardedParts {
  readonly stream: ServerStream
  readonly status: number
  readonly wheel: Wheel
  /** Nothing of it comes any more: the place at its server is free. `isWhole`: all of it had come. */
  readonly over: (outcome: Outcome, isWhole: boolean) => void
}

export class Discarded implements ServerEvents {
  readonly #parts: DiscardedParts
  readonly #deadline: Deadline
  #bytes = 0

  constructor(parts: DiscardedParts) {
    this.#parts = parts
    this.#deadline = new Deadline(parts.wheel, () => this.#enough())
  }

  start(): void {
    const { stream } = this.#parts
    this.#deadline.at(nowMs + READ_MS)
    stream.take(this)
    stream.resume()
  }

  serverBody(_: Buffer, from: number, to: number): void {
    this.#bytes += to - from
    if (this.#bytes > READ_BYTES_MAX) this.#enough()
  }

  serverEnd(): void {
    this.#deadline.stop()
    this.#parts.stream.finish()
    this.#parts.over(ANSWERED, true)
  }

  serverLost(loss: Loss): void {
    this.#deadline.stop()
    const { status, over } = this.#parts
    over({ is: 'lost', loss, waitedMs: 0, wasAnswered: true, status }, false)
  }

  #enough(): void {
    this.#deadline.stop()
    this.#parts.stream.cancel()
    this.#parts.over(ANSWERED, false)
  }

  // What comes before an answer has come, and all of the request is sent.
  serverOpen(): void {}
  serverInterim(): void {}
  serverAnswer(): void {}
  serverDrained(): void {}
  uploadOver(): void {}
  uploadStalled(): void {}
}
