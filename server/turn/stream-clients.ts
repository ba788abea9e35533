// All clients of a worker's turn listeners that came over TCP or TLS, once they are let in: drained together.
import { guarded } from '../lib/bug.ts'
import { tick } from '../lib/clock.ts'
import { OpenSet } from '../lib/open-set.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { StreamClient } from './stream-client.ts'

/**
 * The relay ends what it has at the end of the same drain, and counts it: it is given the time to be first.
 * Its deadlines are coarse.
 */
const RELAY_FIRST_MS = 750

export class StreamClients {
  readonly wheel: Wheel
  isDraining = false
  readonly #open = new OpenSet<StreamClient>()

  constructor(wheel: Wheel) {
    this.wheel = wheel
  }

  get size(): number {
    return this.#open.size
  }

  opened(client: StreamClient): void {
    this.#open.add(client)
  }

  closed(client: StreamClient): void {
    this.#open.delete(client)
  }

  /**
   * Lets go of those that were handed to the relay. Waits for `withinMs`, and a moment more, until that has
   * ended the others, then breaks what is left. What is cut off are allocations: the relay counts them.
   */
  drain(withinMs: number, done: () => void): void {
    tick()
    this.isDraining = true
    for (const client of this.#open) client.drain()
    this.#open.drain(withinMs + RELAY_FIRST_MS, (rest) => {
      tick()
      for (const client of rest) guarded(() => client.terminate())
      done()
    })
  }
}
