// A worker's place in the crew: its slot, and the sockets of that.
import type { Answer } from '../children/kept.ts'
import { Post } from '../children/post.ts'
import type { PlanBody, Worker } from './worker.ts'

/**
 * Clients in the queue of a post may wait less than this for its next worker; rather than longer, they are
 * turned away.
 */
const LONG_WAIT_MS = 400
/** A worker that dies of a plan is tried twice. */
const TRIES = 2

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

  /** What whoever is here says to a plan; null: nobody was here. */
  async answerTo(plan: PlanBody): Promise<Answer | null> {
    let answer: Answer | null = null
    for (let tries = 0; tries < TRIES; tries++) {
      // Waits for the hello of a worker that was just started, which is in line before this.
      let asked: Worker | null = null
      const said = await this.next(() => {
        asked = this.kept
        return asked ? this.#ask(asked, plan) : Promise.resolve(null)
      })
      answer = said ?? answer
      if (said?.is !== 'gone') break
      // By then its successor is here, or waits for its time.
      await (asked as Worker | null)?.exited
    }
    return answer
  }

  /** Calls at once after a long life, or the first early death; then later and later. */
  again(diedEarly: boolean, hasServed: boolean, act: () => void): void {
    this.#hasServed = hasServed
    this.backOff.again(diedEarly, act)
  }

  async #ask(worker: Worker, plan: PlanBody): Promise<Answer> {
    if (await worker.hello) return this.prepare(worker, plan)
    return { is: 'gone', why: 'the worker ended before it said hello' }
  }
}
