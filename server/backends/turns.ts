// Whose turn it is where exchanges wait in the queues of several workers: who gives a place back wakes its
// own queue, for ever where somebody always waits there. Who has waited for clearly longer elsewhere goes
// first: the place is left, and found by that worker within 10 ms (bell.ts).
import type { Waits } from '../scoreboard/waits.ts'

/** So much longer somebody must have waited: a place that is left is used by nobody for 10 ms. */
const LONGER_MS = 50
/** So long a place is left. */
const HOLD_MS = 30
/** Within which this worker looks then whether it is free still. */
const LOOK_MS = 20
/** So long nothing is left, after nobody took what was: who waits there cannot use it, or hangs. */
const DEAF_MS = 300

const AGES = 2 ** 20
/** Lower priorities than any rule's. */
const NO_PRIORITY = 128

/** Priority (-100 to 100) and how long somebody waited, as one number that fits into an Int32; never 0. */
export const urgencyOf = (priority: number, waitedMs: number): number =>
  (priority + NO_PRIORITY) * AGES + Math.trunc(Math.min(Math.max(0, waitedMs), AGES - 1))

const isBefore = (other: number, own: number): boolean =>
  Math.trunc(other / AGES) >= Math.trunc(own / AGES) && other % AGES > (own % AGES) + LONGER_MS

/** Of one backend, in this worker. */
export class Turns {
  readonly #waits: Waits
  readonly #slot: number
  #heldUntilMs = -Infinity
  #isHeld = false
  #deafUntilMs = -Infinity

  constructor(waits: Waits, slot: number) {
    this.#waits = waits
    this.#slot = slot
  }

  begin(): void {
    this.#waits.begin(this.#slot)
  }

  end(): void {
    this.#waits.end(this.#slot)
  }

  /** How urgent the first wait here is that any server would end. */
  tell(urgency: number): void {
    this.#waits.tell(this.#slot, urgency)
  }

  get areElsewhere(): boolean {
    return this.#waits.areElsewhere(this.#slot)
  }

  /** Whether a place that is free now is left to another worker, with `own` as the most urgent one here. */
  leaves(nowMs: number, own: number): boolean {
    if (this.#isHeld && nowMs < this.#heldUntilMs + LOOK_MS) return this.isHeldBack(nowMs)
    this.#isHeld = false
    if (nowMs < this.#deafUntilMs || !isBefore(this.#waits.mostElsewhere(this.#slot), own)) return false
    this.#heldUntilMs = nowMs + HOLD_MS
    this.#isHeld = true
    return true
  }

  /** Whether one is left still, and not to be taken by who waits here. */
  isHeldBack(nowMs: number): boolean {
    return nowMs < this.#heldUntilMs
  }

  /** Those who wait here were given what is free: so many got something. */
  looked(nowMs: number, served: number): void {
    if (this.#isHeld && served > 0) this.#deafUntilMs = nowMs + DEAF_MS
    this.#isHeld = false
  }
}
