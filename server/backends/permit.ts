// The right to send one attempt to a server whose breaker is half-open. There are few of them over all
// workers, and each comes back: with the end of its attempt, with its worker (which the supervisor takes them
// back from), or after a while, as whoever has it may be slow or answered for hours.
import { PERMITS } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'

export class Permit {
  /** Of the opening that it is to end. */
  readonly serial: number
  readonly #board: Scoreboard
  readonly #slot: number
  #lease: Timer | null

  /** One that is held already. */
  constructor(board: Scoreboard, slot: number, leaseMs: number) {
    this.#board = board
    this.#slot = slot
    this.serial = board.circuits.serial(slot)
    this.#lease = setTimeout(() => this.free(), leaseMs)
    this.#lease.unref()
  }

  /** A head is here. A tunnel, or a connection that stands (0), may last for hours from now on. */
  answered(status: number): void {
    if (status === 101 || status === 0) this.free()
  }

  /** Gives it back, once. */
  free(): void {
    if (this.#lease === null) return
    clearTimeout(this.#lease)
    this.#lease = null
    this.#board.gauges.leave(this.#slot, PERMITS)
  }
}
