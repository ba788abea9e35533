// In which workers somebody waits for a server of a backend, and for how long: a queue is one worker's own,
// and others see by this alone that there is one.
import { type Gauge, QUEUES, rowInts, WAITED } from './layout.ts'
import type { Table } from './table.ts'

/** Those of the scoreboard (gauges.ts). */
interface Counted {
  enter(slot: number, gauge: Gauge, max: number): boolean
  leave(slot: number, gauge: Gauge): void
  held(slot: number, gauge: Gauge): number
}

export class Waits {
  readonly #table: Table
  readonly #gauges: Counted

  constructor(table: Table, gauges: Counted) {
    this.#table = table
    this.#gauges = gauges
  }

  /** Somebody waits in this worker from now on. */
  begin(slot: number): void {
    this.tell(slot, 0)
    this.#gauges.enter(slot, QUEUES, Infinity)
  }

  /** Nobody does any more. */
  end(slot: number): void {
    this.tell(slot, 0)
    this.#gauges.leave(slot, QUEUES)
  }

  /** How urgent the one of this worker is who has waited longest; 0: nothing is known of one. */
  tell(slot: number, urgency: number): void {
    const { ints, stride, own } = this.#table
    Atomics.store(ints, slot * stride + own + WAITED, urgency)
  }

  /** Whether somebody waits in another worker. */
  areElsewhere(slot: number): boolean {
    const { ints, stride, own } = this.#table
    return this.#gauges.held(slot, QUEUES) > ints[slot * stride + own + QUEUES.own]!
  }

  /** The greatest of what other workers have told. */
  mostElsewhere(slot: number): number {
    const { ints, stride, row, rows } = this.#table
    let most = 0
    for (let other = 0; other < rows; other++)
      if (other !== row) most = Math.max(most, Atomics.load(ints, slot * stride + rowInts(other) + WAITED))
    return most
  }
}
