// What is in flight is counted twice, and a worker that died between its two steps has left a total that is
// not the sum of its rows. The others go on meanwhile: a difference is believed only once nothing moves.
import { type Gauge, GAUGES, rowInts, WAITED } from './layout.ts'

/** Readings of a record in motion before reconciling leaves it to the next time. */
const READINGS = 12
/** Equal readings in a row that mean that nothing moves: two may be equal by chance. */
const ALIKE = 3

/** Where a record begins, and how many rows it has. */
interface Place {
  readonly first: number
  readonly rows: number
}

/** Takes what a row holds in this record back from its totals. */
export function takeBack(ints: Int32Array, record: Place, row: number): void {
  Atomics.store(ints, record.first + rowInts(row) + WAITED, 0)
  for (const gauge of GAUGES) takeBackCell(ints, cellsOf(record, gauge), row)
}

/**
 * Takes what a dead worker held back from a total. It may have died between its two steps, with one of them
 * out of the total already, or not yet in it: that one is left to reconciling, as with a total that is too
 * low, if only for a moment, one too many would be let in.
 */
export function takeBackCell(ints: Int32Array, cells: Cells, row: number): void {
  const held = Atomics.exchange(ints, cells.first + row * cells.step, 0)
  if (held === 0) return
  if (held > 1) Atomics.sub(ints, cells.total, held - 1)
  reconcileCells(ints, cells)
}

/** Makes a record's totals the sums of its rows again, where they differ and nothing moves. */
export function reconcile(ints: Int32Array, record: Place): void {
  for (const gauge of GAUGES) reconcileOne(ints, record, gauge)
}

function reconcileOne(ints: Int32Array, record: Place, gauge: Gauge): void {
  reconcileCells(ints, cellsOf(record, gauge))
}

function cellsOf({ first, rows }: Place, { total, own }: Gauge): Cells {
  return { total: first + total, first: first + rowInts(0) + own, step: rowInts(1) - rowInts(0), rows }
}

/** A total, and the cells that it is the sum of: one for each row. */
export interface Cells {
  readonly total: number
  readonly first: number
  /** From one to the next. */
  readonly step: number
  readonly rows: number
}

/** Makes a total the sum of its cells again, where they differ and nothing moves. */
export function reconcileCells(ints: Int32Array, cells: Cells): void {
  const { total } = cells
  let known = NaN
  let knownSum = NaN
  let alike = 0
  for (let reading = 0; reading < READINGS; reading++) {
    const now = Atomics.load(ints, total)
    const sum = heldBy(ints, cells)
    if (sum === now) return
    alike = now === known && sum === knownSum ? alike + 1 : 1
    known = now
    knownSum = sum
    if (alike === ALIKE && Atomics.compareExchange(ints, total, now, sum) === now) return
  }
}

function heldBy(ints: Int32Array, { first, step, rows }: Cells): number {
  let sum = 0
  for (let row = 0; row < rows; row++) sum += Atomics.load(ints, first + row * step)
  return sum
}

/** The sum of a cell of all rows of a record that is counted without a sign. */
export function sumOf(ints: Int32Array, { first, rows }: Place, cell: number): number {
  let sum = 0
  for (let row = 0; row < rows; row++) sum += ints[first + rowInts(row) + cell]! >>> 0
  return sum
}
