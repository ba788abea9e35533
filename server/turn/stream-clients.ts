// All clients of a worker's turn listeners that came over TCP or TLS: counted, and drained together.
import { clientGone } from '../lib/accepting.ts'
import { guarded } from '../lib/bug.ts'
import { tick } from '../lib/clock.ts'
import { OpenSet } from '../lib/open-set.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { StreamClient } from './stream-client.ts'

/**
 * The relay ends what it has at the end of the same drain, and counts it: it is given the time to be first.
 * Its deadlines are coarse.
 */
const RELAY_FIRST_MS = 750

export interface StreamClientsParts {
  readonly wheel: Wheel
  readonly board: Pick<Scoreboard, 'connections'>
  /** Hears of limits that refused a client: where they are set, and their value. */
  readonly limitReached?: (limit: string, value: number) => void
}

export class StreamClients {
  readonly wheel: Wheel
  isDraining = false
  readonly limitReached: (limit: string, value: number) => void
  readonly #board: StreamClientsParts['board']
  readonly #open = new OpenSet<StreamClient>()
  readonly #byListener = new Map<string, number>()

  constructor({ wheel, board, limitReached = () => {} }: StreamClientsParts) {
    this.wheel = wheel
    this.limitReached = limitReached
    this.#board = board
  }

  get size(): number {
    return this.#open.size
  }

  /** Connections of a listener, on all of its addresses. */
  countOf(listener: string): number {
    return this.#byListener.get(listener) ?? 0
  }

  opened(client: StreamClient): void {
    this.#open.add(client)
    this.#add(client, 1)
  }

  closed(client: StreamClient): void {
    if (!this.#open.has(client)) return
    clientGone()
    this.#add(client, -1)
    this.#open.delete(client)
  }

  #add({ listener: { name } }: StreamClient, delta: 1 | -1): void {
    this.#board.connections(delta)
    const count = this.countOf(name) + delta
    if (count === 0) this.#byListener.delete(name)
    else this.#byListener.set(name, count)
  }

  /**
   * Waits for `withinMs`, and a moment more, until the relay has ended them, then breaks what is left. What
   * is cut off are allocations: the relay counts them.
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
