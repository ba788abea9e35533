// The cells of what part of its weight a server has: as it has come up lately, and by how it fares. The
// supervisor alone writes them, and all workers find the same with their backend's next epoch.
import * as layout from './layout.ts'
import type { Table } from './table.ts'

/** What servers with dynamic weights answered; all of it only grows. */
export interface Answers {
  /** Below 500, and the time to their first bytes together. */
  readonly good: number
  readonly goodMs: number
  /** From 500 on, and attempts that failed. */
  readonly bad: number
}

/** A cell of this is the whole; 0 says so, too. */
export const WHOLE = 100

export class Shares {
  readonly #table: Table

  constructor(table: Table) {
    this.#table = table
  }

  /** Of a server that has come up lately, in hundredths. */
  warmth(slot: number): number {
    return this.#load(slot, layout.WARMTH) || WHOLE
  }

  setWarmth(slot: number, hundredths: number): void {
    this.#store(slot, layout.WARMTH, hundredths === WHOLE ? 0 : hundredths)
  }

  /** By latency and errors, in hundredths; may be more than the whole. */
  merit(slot: number): number {
    return this.#load(slot, layout.MERIT) || WHOLE
  }

  setMerit(slot: number, hundredths: number): void {
    this.#store(slot, layout.MERIT, hundredths === WHOLE ? 0 : hundredths)
  }

  /** Counts an answer whose first byte took `ms`; less than 0: that is not known. */
  answered(slot: number, status: number, ms: number): void {
    const { doubles, stride, own } = this.#table
    const at = (slot * stride + own) >> 1
    if (status >= 500) doubles[at + layout.BAD]! += 1
    else if (ms >= 0) {
      doubles[at + layout.GOOD]! += 1
      doubles[at + layout.GOOD_MS]! += ms
    }
  }

  answers(slot: number): Answers {
    const table = this.#table
    const bad = table.sum(slot, layout.BAD) + table.sum(slot, layout.FAILED_ATTEMPTS)
    return { good: table.sum(slot, layout.GOOD), goodMs: table.sum(slot, layout.GOOD_MS), bad }
  }

  #load(slot: number, cell: number): number {
    return Atomics.load(this.#table.ints, slot * this.#table.stride + cell)
  }

  #store(slot: number, cell: number, value: number): void {
    Atomics.store(this.#table.ints, slot * this.#table.stride + cell, value)
  }
}
