// The cells of what part of its weight a server has: as it has come up lately, and by how it fares. The
// supervisor alone writes them, and all workers find the same with their backend's next epoch.
import * as layout from './layout.ts'
import type { Table } from './table.ts'

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

  #load(slot: number, cell: number): number {
    return Atomics.load(this.#table.ints, slot * this.#table.stride + cell)
  }

  #store(slot: number, cell: number, value: number): void {
    Atomics.store(this.#table.ints, slot * this.#table.stride + cell, value)
  }
}
