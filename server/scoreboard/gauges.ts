// What workers hold of a server or a backend beside exchanges in flight: permits, retries. Each is counted in
// the row of its worker and as the total, as exchanges are (scoreboard.ts), so that what a dead worker held
// comes back.
import type { Gauge } from './layout.ts'
import type { Table } from './table.ts'
import { Waits } from './waits.ts'

export class Gauges {
  readonly #table: Table
  readonly waits: Waits

  constructor(table: Table) {
    this.#table = table
    this.waits = new Waits(table, this)
  }

  /**
   * Takes one of `max` over all workers; false when all are held. Never more are held than the largest `max`
   * that was asked for, and of several at the last one gets it.
   */
  enter(slot: number, gauge: Gauge, max: number): boolean {
    const { ints, stride, own } = this.#table
    const total = slot * stride + gauge.total
    let held = Atomics.load(ints, total)
    if (held >= max) return false
    const mine = slot * stride + own + gauge.own
    // One writer, but the supervisor reads: an atomic store keeps the order of the two steps.
    Atomics.store(ints, mine, ints[mine]! + 1)
    while (held < max) {
      const seen = Atomics.compareExchange(ints, total, held, held + 1)
      if (seen === held) return true
      held = seen
    }
    Atomics.store(ints, mine, ints[mine]! - 1)
    return false
  }

  /** Gives one back. */
  leave(slot: number, gauge: Gauge): void {
    const { ints, stride, own } = this.#table
    Atomics.sub(ints, slot * stride + gauge.total, 1)
    const mine = slot * stride + own + gauge.own
    Atomics.store(ints, mine, ints[mine]! - 1)
  }

  /** How many are held, over all workers. */
  held(slot: number, gauge: Gauge): number {
    const { ints, stride } = this.#table
    return Atomics.load(ints, slot * stride + gauge.total)
  }
}
