// The right to send one attempt to a server whose breaker is half-open. There are few of them over all
// workers, and each comes back: with the end of its attempt, with its worker (which the supervisor takes them
// back from), or after a while, as whoever has it may be slow or answered for hours.
import { guarded } from '../lib/bug.ts'
import { event } from '../lib/event.ts'
import { PERMITS } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'

export class Permit {
  /** Of the opening that it is to end. */
  readonly serial: number
  readonly #board: Scoreboard
  readonly #slot: number
  #lease: Timer | null
  #proof: Timer | null = null
  #hasProved = false

  /** One that is held already. */
  constructor(board: Scoreboard, slot: number, serial: number, leaseMs: number) {
    this.#board = board
    this.#slot = slot
    this.serial = serial
    this.#lease = setTimeout(() => this.free(), leaseMs)
    this.#lease.unref()
  }

  /** A head is here. A tunnel, or a connection that stands (0), may last for hours from now on. */
  answered(status: number): void {
    if (status === 101 || status === 0) this.free()
  }

  /** Unless its attempt is over before, it is good in so long: then what it has proved is told. */
  provesIn(ms: number, tell: () => void): void {
    if (this.#lease === null || this.#proof !== null) return
    this.#proof = setTimeout(() => {
      event(() => guarded(tell))
      this.free()
    }, ms)
    this.#proof.unref()
  }

  /** Whether it is the first time that its attempt is found good. */
  prove(): boolean {
    if (this.#hasProved) return false
    return (this.#hasProved = true)
  }

  /** Gives it back, once. */
  free(): void {
    if (this.#proof !== null) clearTimeout(this.#proof)
    if (this.#lease === null) return
    clearTimeout(this.#lease)
    this.#lease = null
    this.#board.gauges.leave(this.#slot, PERMITS)
  }
}
