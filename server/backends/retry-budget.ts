// How many further attempts of a backend may be under way at once, to the head of their answer, over all
// workers: a share of what is in flight at its servers.
// Counted on the scoreboard, so that what a dead worker held comes back.
import { RETRIES } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { RetryConfig } from './retry.options.ts'

export class RetryBudget {
  readonly #board: Scoreboard
  /** That of the backend: no other has it as long as any place is taken. */
  readonly #slot: number
  readonly #words: RetryConfig['budget']

  constructor(board: Scoreboard, slot: number, words: RetryConfig['budget']) {
    this.#board = board
    this.#slot = slot
    this.#words = words
  }

  /** How many there may be at most, while this is in flight at these servers. */
  most(servers: readonly { readonly slot: number }[]): number {
    const { ratio, least } = this.#words
    let inFlight = 0
    for (const { slot } of servers) inFlight += this.#board.inFlight(slot)
    return Math.max(least, Math.floor(ratio * inFlight))
  }

  /** Takes a place; false: there is none. */
  take(servers: readonly { readonly slot: number }[]): boolean {
    return this.#board.gauges.enter(this.#slot, RETRIES, this.most(servers))
  }

  /** Gives one back. */
  giveBack(): void {
    this.#board.gauges.leave(this.#slot, RETRIES)
  }

  /** Places that are taken, over all workers. */
  get inUse(): number {
    return this.#board.gauges.held(this.#slot, RETRIES)
  }
}
