// The cells of breakers: each a window of what attempts at a server came to, and whether it is open. All
// workers count in the same cells and any of them may open; only the supervisor makes half-open of open.
//
//   closed ──▶ opening ──▶ open ──▶ half-open ──▶ closed        a step is one compare-and-exchange
//                 ▲                    │
//                 └────────────────────┘
//
// Opening lasts as long as it takes to write the figures: whoever reads takes it for open. A worker that died
// in the middle of it has left it so, and the supervisor ends it.
//
// The window has ten slices. What is counted only grows, and a slice holds what it was when that began: so no
// count is ever lost at its border, whoever comes first. A slice whose number is negative is being written;
// meanwhile nobody judges.
import { FailureRow } from './failure-row.ts'
import * as layout from './layout.ts'
import type { Table } from './table.ts'

export const CLOSED = 0
export const OPEN = 1
export const HALF_OPEN = 2
/** Not seen from outside. */
const OPENING = 3

/** Why a breaker opened: a place of this list is what its cell holds. */
export const OPENING_REASONS = [
  'unknown',
  'failure_ratio',
  'failures_in_a_row',
  'slow',
  'half_open',
  'manual',
] as const
export type OpeningReason = (typeof OPENING_REASONS)[number]

const AUTO = 0
export const FORCED_OPEN = 1
export const FORCED_CLOSED = 2

export const SLICES = 10
const SLICE_INTS = 4

/** What the attempts of a window came to. */
export interface Window {
  total: number
  failed: number
  slow: number
}

/** Of an opening. */
export interface Opening extends Window {
  readonly reason: OpeningReason
  /** In a row. */
  readonly inARow: number
  readonly openMs: number
  /** How often it opened since it was closed for long. */
  readonly times: number
}

export class Circuits {
  /** Failures in a row. */
  readonly row: FailureRow
  readonly #table: Table

  constructor(table: Table) {
    this.#table = table
    this.row = new FailureRow(table, layout.CIRCUIT_IN_A_ROW, layout.CIRCUIT_BROKEN)
  }

  state(slot: number): number {
    const state = this.#load(slot, layout.CIRCUIT)
    return state === OPENING ? OPEN : state
  }

  /** Another number with each opening. */
  serial(slot: number): number {
    return this.#load(slot, layout.CIRCUIT_SERIAL)
  }

  /** When it became what it is, in ms of the machine's clock, of 32 bits. */
  sinceMs(slot: number): number {
    return this.#load(slot, layout.CIRCUIT_SINCE)
  }

  // What attempts came to

  /** Counts an attempt in slice `slice`, from 1 on. */
  count(slot: number, slice: number, isFailed: boolean, isSlow: boolean): void {
    const { ints, stride } = this.#table
    const first = slot * stride
    const at = first + layout.SLICES + (slice % SLICES) * SLICE_INTS
    if (Atomics.load(ints, at) !== slice) this.#begin(first, at, slice)
    if (isFailed) Atomics.add(ints, first + layout.CIRCUIT_FAILED, 1)
    if (isSlow) Atomics.add(ints, first + layout.CIRCUIT_SLOW, 1)
    if (isFailed || isSlow) Atomics.store(ints, first + layout.CIRCUIT_BAD_SLICE, slice)
    Atomics.add(ints, first + layout.CIRCUIT_TOTAL, 1)
  }

  /** An attempt that was counted as answered has failed after all. */
  countBroken(slot: number, slice: number): void {
    Atomics.add(this.#table.ints, slot * this.#table.stride + layout.CIRCUIT_FAILED, 1)
    this.#store(slot, layout.CIRCUIT_BAD_SLICE, slice)
  }

  #begin(first: number, at: number, slice: number): void {
    const { ints } = this.#table
    const known = Atomics.load(ints, at)
    // Read before: who finds the slice begun has its count within it.
    const total = Atomics.load(ints, first + layout.CIRCUIT_TOTAL)
    const failed = Atomics.load(ints, first + layout.CIRCUIT_FAILED)
    const slow = Atomics.load(ints, first + layout.CIRCUIT_SLOW)
    if (Math.abs(known) === slice || Atomics.compareExchange(ints, at, known, -slice) !== known) return
    ints[at + 1] = total
    ints[at + 2] = failed
    ints[at + 3] = slow
    Atomics.compareExchange(ints, at, -slice, slice)
  }

  /** Whether a worker has begun a slice, and not ended that. */
  isBeginning(slot: number): boolean {
    for (let i = 0; i < SLICES; i++) if (this.#load(slot, layout.SLICES + i * SLICE_INTS) < 0) return true
    return false
  }

  /** Leaves out what such workers had begun, as they have died: the slice begins with the next attempt. */
  dropBeginnings(slot: number): void {
    const { ints, stride } = this.#table
    for (let i = 0; i < SLICES; i++) {
      const at = slot * stride + layout.SLICES + i * SLICE_INTS
      const known = Atomics.load(ints, at)
      if (known < 0) Atomics.compareExchange(ints, at, known, 0)
    }
  }

  /** Whether anything failed or was slow in the window that ends with this slice. */
  isSpoiled(slot: number, slice: number): boolean {
    const bad = this.#load(slot, layout.CIRCUIT_BAD_SLICE)
    return bad > slice - SLICES && bad !== 0
  }

  /** What was counted in the window that ends with this slice; false: that cannot be told at this moment. */
  read(slot: number, slice: number, into: Window): boolean {
    const { ints, stride } = this.#table
    const first = slot * stride
    let oldest = 0
    let oldestAt = 0
    for (let i = 0; i < SLICES; i++) {
      const at = first + layout.SLICES + i * SLICE_INTS
      const known = Atomics.load(ints, at)
      if (known < 0 && -known > slice - SLICES) return false
      // One that is ahead was begun by a worker that has read the clock later.
      if (known <= 0 || known <= slice - SLICES || known > slice + 1 || (oldest !== 0 && known >= oldest))
        continue
      oldest = known
      oldestAt = at
    }
    into.total = into.failed = into.slow = 0
    if (oldest === 0) return true
    into.total = (Atomics.load(ints, first + layout.CIRCUIT_TOTAL) - ints[oldestAt + 1]!) | 0
    into.failed = (Atomics.load(ints, first + layout.CIRCUIT_FAILED) - ints[oldestAt + 2]!) | 0
    into.slow = (Atomics.load(ints, first + layout.CIRCUIT_SLOW) - ints[oldestAt + 3]!) | 0
    return true
  }

  // Steps: each true for the one who took it

  /** Closed or half-open, as `from` says, to opening: `opened`, `heldBack` or `leftClosed` is to follow. */
  beginOpening(slot: number, from: number): boolean {
    return this.#swap(slot, from, OPENING)
  }

  /** Opening to open, with its figures. The window begins anew. */
  opened(slot: number, opening: Opening, nowMs: number): void {
    this.#store(slot, layout.CIRCUIT_REASON, OPENING_REASONS.indexOf(opening.reason))
    this.#store(slot, layout.OPENING_TOTAL, opening.total)
    this.#store(slot, layout.OPENING_FAILED, opening.failed)
    this.#store(slot, layout.OPENING_SLOW, opening.slow)
    this.#store(slot, layout.OPENING_IN_A_ROW, opening.inARow)
    this.#store(slot, layout.OPEN_FOR, opening.openMs)
    this.#store(slot, layout.OPENINGS, opening.times)
    this.#store(slot, layout.CIRCUIT_SINCE, nowMs | 0)
    this.forget(slot)
    Atomics.add(this.#table.ints, slot * this.#table.stride + layout.CIRCUIT_SERIAL, 1)
    this.#store(slot, layout.CIRCUIT, OPEN)
  }

  /** Opening to closed: there was no reason any more. */
  leftClosed(slot: number): void {
    this.#store(slot, layout.CIRCUIT, CLOSED)
  }

  /** Opening to closed: too many are out already. */
  heldBack(slot: number): void {
    Atomics.add(this.#table.ints, slot * this.#table.stride + layout.CIRCUIT_HELD, 1)
    this.leftClosed(slot)
  }

  /** Whether a worker has begun to open it, and not ended that. */
  isOpening(slot: number): boolean {
    return this.#load(slot, layout.CIRCUIT) === OPENING
  }

  /** Open to half-open. */
  halfOpen(slot: number, nowMs: number): boolean {
    this.#store(slot, layout.CIRCUIT_GOOD, 0)
    return this.#swap(slot, OPEN, HALF_OPEN) && this.#changed(slot, nowMs)
  }

  /** One more attempt went well while half-open; how many those are. */
  wentWell(slot: number): number {
    return Atomics.add(this.#table.ints, slot * this.#table.stride + layout.CIRCUIT_GOOD, 1) + 1
  }

  good(slot: number): number {
    return this.#load(slot, layout.CIRCUIT_GOOD)
  }

  /** From `from` to closed. */
  close(slot: number, from: number, nowMs: number): boolean {
    return this.#swap(slot, from, CLOSED) && this.#changed(slot, nowMs)
  }

  /** The window begins anew. */
  forget(slot: number): void {
    for (let i = 0; i < SLICES; i++) this.#store(slot, layout.SLICES + i * SLICE_INTS, 0)
    this.#store(slot, layout.CIRCUIT_BAD_SLICE, 0)
    this.row.forget(slot)
  }

  /** What it opened with last. */
  opening(slot: number): Opening {
    return {
      reason: OPENING_REASONS[this.#load(slot, layout.CIRCUIT_REASON)] ?? 'unknown',
      total: this.#load(slot, layout.OPENING_TOTAL),
      failed: this.#load(slot, layout.OPENING_FAILED),
      slow: this.#load(slot, layout.OPENING_SLOW),
      inARow: this.#load(slot, layout.OPENING_IN_A_ROW),
      openMs: this.#load(slot, layout.OPEN_FOR),
      times: this.#load(slot, layout.OPENINGS),
    }
  }

  /** It counts as one that never opened. */
  forgetOpenings(slot: number): void {
    this.#store(slot, layout.OPENINGS, 0)
  }

  /** How often it did not open as too many were out. */
  held(slot: number): number {
    return this.#load(slot, layout.CIRCUIT_HELD)
  }

  // What a person has ordered: 0 for nothing, FORCED_OPEN or FORCED_CLOSED

  forced(slot: number): number {
    return this.#load(slot, layout.CIRCUIT_FORCED)
  }

  force(slot: number, order: typeof AUTO | typeof FORCED_OPEN | typeof FORCED_CLOSED): void {
    this.#store(slot, layout.CIRCUIT_FORCED, order)
  }

  // Shadow mode

  /** Counts an attempt that an open breaker would have refused. */
  countShadow(slot: number): void {
    const { ints, stride, own } = this.#table
    ints[slot * stride + own + layout.SHADOW_ATTEMPTS]! += 1
  }

  shadowAttempts(slot: number): number {
    const { ints, stride, rows } = this.#table
    let sum = 0
    for (let row = 0; row < rows; row++)
      sum += ints[slot * stride + layout.rowInts(row) + layout.SHADOW_ATTEMPTS]! >>> 0
    return sum
  }

  #changed(slot: number, nowMs: number): true {
    this.#store(slot, layout.CIRCUIT_SINCE, nowMs | 0)
    return true
  }

  #swap(slot: number, from: number, to: number): boolean {
    const at = slot * this.#table.stride + layout.CIRCUIT
    return Atomics.compareExchange(this.#table.ints, at, from, to) === from
  }

  #load(slot: number, cell: number): number {
    return Atomics.load(this.#table.ints, slot * this.#table.stride + cell)
  }

  #store(slot: number, cell: number, value: number): void {
    Atomics.store(this.#table.ints, slot * this.#table.stride + cell, value)
  }
}
