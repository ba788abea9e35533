// How many attempts at a server failed in a row, over all workers: cells of breakers and of passive health.
//
// A row ends with the head of a good answer. Where the last answer broke off that says too little, as the
// next one may break off as well: then it ends with a good answer that is whole, or that has come for long.
import type { Table } from './table.ts'

/** An answer that has come for so long is good, whether it ever ends. */
export const GOOD_AFTER_MS = 5000

// What the cell beside the row says of the last answer. All else: another has begun since, at that time.
const NOT_BROKEN = 0
const BROKEN = 1

/** The clock that all processes share, in ms. */
type Clock = () => number

export class FailureRow {
  readonly #table: Table
  /** Places of its cells in a record. */
  readonly #row: number
  readonly #broken: number

  constructor(table: Table, row: number, broken: number) {
    this.#table = table
    this.#row = row
    this.#broken = broken
  }

  /** How many there are. */
  length(slot: number): number {
    return Atomics.load(this.#table.ints, slot * this.#table.stride + this.#row)
  }

  /** A good answer has begun. */
  began(slot: number, clock: Clock): void {
    const { ints, stride } = this.#table
    const first = slot * stride
    if (Atomics.load(ints, first + this.#row) === 0) return
    if (Atomics.load(ints, first + this.#broken) === NOT_BROKEN) Atomics.store(ints, first + this.#row, 0)
    else Atomics.compareExchange(ints, first + this.#broken, BROKEN, stamp(clock()))
  }

  /** All of a good answer is here. */
  whole(slot: number): void {
    const { ints, stride } = this.#table
    if (Atomics.load(ints, slot * stride + this.#broken) !== NOT_BROKEN) this.forget(slot)
  }

  /** One more failure; `isBroken`: an answer that had begun. How many there are. */
  failed(slot: number, isBroken: boolean, clock: Clock): number {
    const { ints, stride } = this.#table
    const first = slot * stride
    const since = Atomics.load(ints, first + this.#broken)
    // None has broken off since that one began.
    if (since !== NOT_BROKEN && since !== BROKEN && agoMs(since, clock()) >= GOOD_AFTER_MS) this.forget(slot)
    if (isBroken) Atomics.store(ints, first + this.#broken, BROKEN)
    return Atomics.add(ints, first + this.#row, 1) + 1
  }

  /** None goes on. */
  forget(slot: number): void {
    const { ints, stride } = this.#table
    Atomics.store(ints, slot * stride + this.#broken, NOT_BROKEN)
    Atomics.store(ints, slot * stride + this.#row, 0)
  }
}

const agoMs = (since: number, nowMs: number): number => ((nowMs | 0) - since) | 0

/** A time in 32 bits, which is none of the words. */
const stamp = (ms: number): number => (Math.abs(ms | 0) <= BROKEN ? 2 : ms | 0)
