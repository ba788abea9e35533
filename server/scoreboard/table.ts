// The memory of the scoreboard as one process sees it, for those who read and write cells of its records.
import * as layout from './layout.ts'

/** The memory of a table: a region as it is mapped, or any other. */
export type Mapped = Pick<Uint8Array, 'buffer' | 'byteOffset' | 'byteLength'>

/** A table with the row of the worker that writes; -1: none does. */
export class Table {
  ints!: Int32Array
  doubles!: Float64Array
  /** Records that are mapped. */
  records!: number
  readonly rows: number
  readonly row: number
  /** Ints from one record to the next, and from a record to the own row. */
  readonly stride: number
  readonly own: number

  constructor(bytes: Mapped, rows: number, row: number) {
    if (row < -1 || row >= rows) throw new RangeError(`row ${row} of ${rows}`)
    this.rows = rows
    this.row = row
    this.stride = layout.rowInts(rows)
    this.own = layout.rowInts(row)
    this.remap(bytes)
  }

  /** Goes on with the same table in a larger mapping. */
  remap({ buffer, byteOffset, byteLength }: Mapped): void {
    this.ints = new Int32Array(buffer, byteOffset, byteLength >> 2)
    this.doubles = new Float64Array(buffer, byteOffset, byteLength >> 3)
    this.records = Math.floor(this.ints.length / this.stride)
  }

  /** The sum of a Float64 over all rows of a record. */
  sum(slot: number, cell: number): number {
    let sum = 0
    const first = slot * this.stride
    for (let row = 0; row < this.rows; row++)
      sum += this.doubles[((first + layout.rowInts(row)) >> 1) + cell]!
    return sum
  }

  /** Makes the cells of a record zero; of its first line, so many. */
  clear(slot: number, ofFirstLine: number): void {
    const first = slot * this.stride
    this.ints.fill(0, first, first + ofFirstLine)
    this.ints.fill(0, first + layout.LINE_INTS, first + this.stride)
  }
}
