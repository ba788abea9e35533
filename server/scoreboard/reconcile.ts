// What is in flight is counted twice, and a worker that died between its two steps has left a total that is
// not the sum of its rows. The others go on meanwhile: a difference is believed only once nothing moves.
import { type Gauge, GAUGES, rowInts } from './layout.ts'

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
  for (const gauge of GAUGES) takeBackOne(ints, record, row, gauge)
}

function takeBackOne(ints: Int32Array, record: Place, row: number, gauge: Gauge): void {
  const { first } = record
  const held = Atomics.exchange(ints, first + rowInts(row) + gauge.own, 0)
  if (held === 0) return
  Atomics.sub(ints, first + gauge.total, held)
  // Its worker may have died between its two steps.
  reconcileOne(ints, record, gauge)
}

/** Makes a record's totals the sums of its rows again, where they differ and nothing moves. */
export function reconcile(ints: Int32Array, record: Place): void {
  for (const gauge of GAUGES) reconcileOne(ints, record, gauge)
}

function reconcileOne(ints: Int32Array, { first, rows }: Place, gauge: Gauge): void {
  const row = first + rowInts(0) + gauge.own
  reconcileCells(ints, { total: first + gauge.total, first: row, step: rowInts(1) - rowInts(0), rows })
}

/** A total, and the cells that it is the sum of: one for each row. */
interface Cells {
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
