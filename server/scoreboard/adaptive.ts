// What the adaptive limit of a backend goes by: how long answers took, counted by all workers, and the limit
// that the supervisor has made of it, which they read.
import { ADAPTIVE_LIMIT, ANSWERING, CARRIED, LATENCY_CELLS, LATENCIES } from './layout.ts'
import type { Table } from './table.ts'

/** The first cell is for all up to here; three cells are twice as long. */
const FIRST_MS = 0.1
const PER_DOUBLING = 3

export class Adaptive {
  readonly #table: Table

  constructor(table: Table) {
    this.#table = table
  }

  /** An answer took so long. */
  add(slot: number, ms: number): void {
    const { ints, stride } = this.#table
    const cell = ms <= FIRST_MS ? 0 : Math.ceil(Math.log2(ms / FIRST_MS) * PER_DOUBLING)
    Atomics.add(ints, slot * stride + LATENCIES + Math.min(cell, LATENCY_CELLS - 1), 1)
  }

  /** Takes what was counted, by cells. */
  take(slot: number): number[] {
    const { ints, stride } = this.#table
    const first = slot * stride + LATENCIES
    return Array.from({ length: LATENCY_CELLS }, (_, cell) => Atomics.exchange(ints, first + cell, 0))
  }

  /**
   * What waits for answers to begin, over all workers: what the limit is of. Both counts move: for a moment
   * it may be one less than it is.
   */
  awaited(slot: number): number {
    const { ints, stride } = this.#table
    const first = slot * stride
    return Atomics.load(ints, first + CARRIED.total) - Atomics.load(ints, first + ANSWERING.total)
  }

  /** 0: there is none. */
  limit(slot: number): number {
    return Atomics.load(this.#table.ints, slot * this.#table.stride + ADAPTIVE_LIMIT)
  }

  setLimit(slot: number, limit: number): void {
    Atomics.store(this.#table.ints, slot * this.#table.stride + ADAPTIVE_LIMIT, limit)
  }
}

/** The latency below which this share of what was counted is, in ms; NaN: nothing was. */
export function quantileOf(cells: readonly number[], quantile: number): number {
  const all = cells.reduce((sum, count) => sum + count, 0)
  let left = quantile * all
  for (const [cell, count] of cells.entries()) {
    // Within a cell as if its answers were spread evenly over it.
    if (count > 0 && count >= left) return FIRST_MS * 2 ** ((cell - 1 + left / count) / PER_DOUBLING)
    left -= count
  }
  return Number.NaN
}
