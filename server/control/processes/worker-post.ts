// A worker's place in the crew: its slot, and the sockets of that.
import { Post } from '../children/post.ts'
import type { PlanBody, Worker } from './worker.ts'

/**
 * Clients in the queue of a post may wait less than this for its next worker; rather than longer, they are
 * turned away.
 */
const LONG_WAIT_MS = 400

export class WorkerPost extends Post<PlanBody, Worker> {
  readonly slot: number
  /** Its sockets were closed, as nobody would have accepted on them; its next worker gets new ones. */
  isVacant = false
  #hasServed = true

  constructor(slot: number) {
    super()
    this.slot = slot
  }

  /** Nobody will accept here for long: its next worker is far off, or the last one never came to serve. */
  get isDeserted(): boolean {
    const { isWaiting, waitMs } = this.backOff
    return isWaiting && (waitMs >= LONG_WAIT_MS || !this.#hasServed)
  }

  /** Calls at once after a long life, or the first early death; then later and later. */
  again(diedEarly: boolean, hasServed: boolean, act: () => void): void {
    this.#hasServed = hasServed
    this.backOff.again(diedEarly, act)
  }
}
