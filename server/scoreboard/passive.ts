// The cells of passive health: what attempts at a server came to. Workers only count, and what they count
// only grows, so that the supervisor finds a window by looking back. It alone writes whether a server is out.
import { FailureRow } from './failure-row.ts'
import * as layout from './layout.ts'
import type { Table } from './table.ts'

/** What was counted of a server; modulo 2^32. */
export interface PassiveCounts {
  failures: number
  errors: number
  /** As far as they were answered or failed. */
  attempts: number
}

export class Passive {
  /** Failures in a row. */
  readonly row: FailureRow
  readonly #table: Table

  constructor(table: Table) {
    this.#table = table
    this.row = new FailureRow(table, layout.PASSIVE_ROW, layout.PASSIVE_BROKEN)
  }

  /** Counts a failure; `what`: the place of its fault + 1, or its status with a minus. */
  failed(slot: number, what: number, isBroken: boolean, clock: () => number): void {
    const { ints, stride } = this.#table
    const first = slot * stride
    Atomics.store(ints, first + layout.PASSIVE_LAST, what)
    Atomics.add(ints, first + layout.PASSIVE_FAILURES, 1)
    const inARow = this.row.failed(slot, isBroken, clock)
    // A row may be over before the supervisor looks.
    const at = first + layout.PASSIVE_PEAK
    let peak = Atomics.load(ints, at)
    while (inARow > peak) {
      const seen = Atomics.compareExchange(ints, at, peak, inARow)
      if (seen === peak) return
      peak = seen
    }
  }

  /** Counts what is no good when servers are compared. */
  erred(slot: number): void {
    Atomics.add(this.#table.ints, slot * this.#table.stride + layout.PASSIVE_ERRORS, 1)
  }

  // The supervisor

  read(slot: number, counts: PassiveCounts): void {
    const { ints, stride } = this.#table
    counts.failures = Atomics.load(ints, slot * stride + layout.PASSIVE_FAILURES)
    counts.errors = Atomics.load(ints, slot * stride + layout.PASSIVE_ERRORS)
    counts.attempts = this.#table.sum(slot, layout.ATTEMPTS)
  }

  failures(slot: number): number {
    return Atomics.load(this.#table.ints, slot * this.#table.stride + layout.PASSIVE_FAILURES)
  }

  /** The most failures in a row since it was asked last. */
  takePeak(slot: number): number {
    const at = slot * this.#table.stride
    const { ints } = this.#table
    if (Atomics.load(ints, at + layout.PASSIVE_PEAK) === 0) return 0
    // A row that goes on is longer yet with the next failure.
    return Atomics.exchange(ints, at + layout.PASSIVE_PEAK, 0)
  }

  /** What failed last, as `failed` was told; 0: nothing yet. */
  last(slot: number): number {
    return Atomics.load(this.#table.ints, slot * this.#table.stride + layout.PASSIVE_LAST)
  }

  /** No row goes on. */
  forgetRow(slot: number): void {
    this.row.forget(slot)
    Atomics.store(this.#table.ints, slot * this.#table.stride + layout.PASSIVE_PEAK, 0)
  }

  isOut(slot: number): boolean {
    return Atomics.load(this.#table.ints, slot * this.#table.stride + layout.PASSIVE_OUT) !== 0
  }

  setOut(slot: number, isOut: boolean): void {
    Atomics.store(this.#table.ints, slot * this.#table.stride + layout.PASSIVE_OUT, isOut ? 1 : 0)
  }
}
