// A worker's place in the crew.
import { BackOff } from './back-off.ts'
import type { PlanBody, Worker } from './worker.ts'

/**
 * Clients in the queue of a post may wait less than this for its next worker; rather than longer, they are
 * turned away.
 */
const LONG_WAIT_MS = 400

/**
 * A worker's place: its slot stays while workers come and go. What concerns its worker happens one after the
 * other.
 */
export class Post {
  readonly slot: number
  worker: Worker | null = null
  readyFor: PlanBody | null = null
  /** Its worker serves a plan. */
  isServing = false
  /** Its sockets were closed, as nobody would have accepted on them; its next worker gets new ones. */
  isVacant = false
  /** Process id of the worker that the present one stands in for, until it serves. */
  replaces: number | null = null
  #hasServed = true
  readonly #backOff = new BackOff()
  #last: Promise<unknown> = Promise.resolve()

  constructor(slot: number) {
    this.slot = slot
  }

  /** Nobody will accept here for long: its next worker is far off, or the last one never came to serve. */
  get isDeserted(): boolean {
    return this.#backOff.isWaiting && (this.#backOff.waitMs >= LONG_WAIT_MS || !this.#hasServed)
  }

  next<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act)
    this.#last = done.catch(() => {})
    return done
  }

  /** Calls at once after a long life, or the first early death; then later and later. */
  again(diedEarly: boolean, hasServed: boolean, act: () => void): void {
    this.#hasServed = hasServed
    this.#backOff.again(diedEarly, act)
  }

  cancel(): void {
    this.#backOff.cancel()
  }
}
