// The rest of an answer that is not passed on, read within bounds: so that its connection serves on, and for
// the case that none better comes. The stream tells this one alone from then on: another attempt may be under
// way meanwhile.
import { ANSWERED, type Outcome } from '../backends/outcome.ts'
import type { Fields } from '../head/fields.ts'
import { nowMs } from '../lib/clock.ts'
import { Deadline } from '../lib/deadline.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Loss } from '../tables/faults.ts'
import type { ServerEvents, ServerStream } from './ends.ts'
import type { SparedAnswer } from './spared-answer.ts'

/** So long it is read: beyond it, its connection ends. */
const SPARING_MS = 1000

/** Who wanted it read. */
export interface ReadFor {
  /** Nothing more of it comes: all of it is here, or it is given up. */
  readOver(reading: SparedReading, outcome: Outcome): void
  serverDrained(): void
}

export class SparedReading implements ServerEvents {
  readonly answer: SparedAnswer
  readonly #stream: ServerStream
  readonly #to: ReadFor
  readonly #deadline: Deadline

  constructor(answer: SparedAnswer, stream: ServerStream, to: ReadFor, wheel: Wheel) {
    this.answer = answer
    this.#stream = stream
    this.#to = to
    this.#deadline = new Deadline(wheel, () => this.#enough())
    this.#deadline.at(nowMs + SPARING_MS)
    stream.take(this)
  }

  serverBody(bytes: Buffer, from: number, to: number): void {
    if (!this.answer.push(bytes, from, to)) this.#enough()
  }

  serverEnd(trailers: Fields | null): void {
    this.#deadline.stop()
    this.answer.wholeWith(trailers)
    this.#stream.finish()
    this.#to.readOver(this, ANSWERED)
  }

  serverLost(loss: Loss): void {
    this.#deadline.stop()
    const { status } = this.answer
    this.#to.readOver(this, { is: 'lost', loss, waitedMs: 0, wasAnswered: true, status })
  }

  serverDrained(): void {
    this.#to.serverDrained()
  }

  /** It is too large, or comes too slowly: it is given up, and the connection with it. */
  #enough(): void {
    this.#end()
    this.#to.readOver(this, ANSWERED)
  }

  /** Nobody wants it; no more is told. */
  drop(): void {
    this.#end()
    this.answer.drop()
  }

  #end(): void {
    this.#deadline.stop()
    this.#stream.cancel()
  }

  // What comes before an answer has come, and all of the request is sent.
  serverOpen(): void {}
  serverInterim(): void {}
  serverAnswer(): void {}
  uploadOver(): void {}
  uploadStalled(): void {}
}
