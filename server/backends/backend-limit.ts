// How much all servers of a backend may carry together, over all workers: exchanges, tunnels, connections and
// flows. Counted on the scoreboard, so that what a dead worker held comes back.
import { CARRIED } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'

export class BackendLimit {
  readonly #board: Scoreboard
  /** That of the backend: no other has it as long as any place is taken. */
  readonly #slot: number
  /** As it is configured; Infinity: it is not. */
  readonly most: number

  constructor(board: Scoreboard, slot: number, most: number) {
    this.#board = board
    this.#slot = slot
    this.most = most
  }

  /** Takes a place; false: there is none. Of several at the last one gets it. */
  enter(): boolean {
    return this.#board.gauges.enter(this.#slot, CARRIED, this.most)
  }

  /** Gives one back. */
  leave(): void {
    this.#board.gauges.leave(this.#slot, CARRIED)
  }

  /** Places that are taken, over all workers. */
  get inUse(): number {
    return this.#board.gauges.held(this.#slot, CARRIED)
  }

  get isFull(): boolean {
    return this.inUse >= this.most
  }
}

/** The limit that a backend's words ask for; null: none. */
export function backendLimitOf(
  { max_connections: most }: { readonly max_connections?: number },
  board: Scoreboard,
  slot: number,
): BackendLimit | null {
  return most === undefined ? null : new BackendLimit(board, slot, most)
}
