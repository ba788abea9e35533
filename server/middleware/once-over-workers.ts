// Something that must be done once, though several requests at several workers ask for it at the same time: a
// refresh token that is used twice is taken for a stolen one by many providers (RFC 9700 §4.14.2). What has
// come of it is told by leases in memory that all workers share (scoreboard/leases.ts).
import { type LeaseNames, type Leases, REFUSED } from '../scoreboard/leases.ts'

/** done: it was, by somebody else, lately. late: somebody is at it, for too long. */
export type Elsewhere = 'done' | 'late'

const LOOK_EVERY_MS = 25
/** Requests that were sent before the answer with the new cookie come within so long. */
const KNOWN_MS = 30_000

export class OnceOverWorkers<T> {
  readonly #leases: Leases
  readonly #underWay: LeaseNames
  readonly #done: LeaseNames
  readonly #now: () => number
  /** Of this worker. */
  readonly #here = new Map<string, Promise<T | Elsewhere>>()

  /** `name`: the same in all workers. */
  constructor(name: string, leases: Leases, now: () => number) {
    this.#leases = leases
    this.#underWay = leases.names(`${name}\0under way`)
    this.#done = leases.names(`${name}\0done`)
    this.#now = now
  }

  /** `does` tells whether what it gives stands: then nobody does it again for a while. */
  run(
    key: string,
    does: () => Promise<T>,
    stands: (given: T) => boolean,
    withinMs: number,
  ): Promise<T | Elsewhere> {
    const here = this.#here.get(key)
    if (here !== undefined) return here
    const run = this.#run(key, does, stands, this.#now() + withinMs).finally(() => this.#here.delete(key))
    this.#here.set(key, run)
    return run
  }

  async #run(
    key: string,
    does: () => Promise<T>,
    stands: (given: T) => boolean,
    untilMs: number,
  ): Promise<T | Elsewhere> {
    for (;;) {
      if (this.#leases.held(this.#done, key) > 0) return 'done'
      const lease = this.#leases.take(this.#underWay, key, 1, this.#now())
      if (lease !== REFUSED) return this.#does(key, lease, does, stands)
      if (this.#now() > untilMs) return 'late'
      await Bun.sleep(LOOK_EVERY_MS)
    }
  }

  async #does(key: string, lease: number, does: () => Promise<T>, stands: (given: T) => boolean): Promise<T> {
    try {
      const given = await does()
      if (stands(given)) this.#tellDone(key)
      return given
    } finally {
      this.#giveBack(lease)
    }
  }

  #tellDone(key: string): void {
    const lease = this.#leases.take(this.#done, key, 1, this.#now())
    setTimeout(() => this.#giveBack(lease), KNOWN_MS).unref()
  }

  #giveBack(lease: number): void {
    if (lease >= 0) this.#leases.giveBack(lease)
  }
}
