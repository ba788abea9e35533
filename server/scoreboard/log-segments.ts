// Lines of the log in a ledger: segments of one size, each with a row of four Int32:
//
//   0  order      in which they were begun; 0: free
//   1  published  bytes of whole lines in it
//   2  under way  up to where a write has been begun: whether what lies between `taken` and here was written is not known while it runs
//   3  taken      bytes that are out
import { type Ledger, LOG_BYTES, LOG_START, ROWS_BYTE } from './ledger.ts'

const ROW_INTS = 4
const ORDER = 0
const PUBLISHED = 1
const UNDER_WAY = 2
const TAKEN = 3
const ROWS_MAX = Math.floor((LOG_START - ROWS_BYTE) / (4 * ROW_INTS))

/** Memory for one batch of lines. */
export class Segment {
  readonly bytes: Uint8Array
  readonly #rows: Int32Array
  readonly #at: number
  readonly #freed: (segment: Segment) => void

  constructor(bytes: Uint8Array, rows: Int32Array, row: number, freed: (segment: Segment) => void) {
    this.bytes = bytes
    this.#rows = rows
    this.#at = row * ROW_INTS
    this.#freed = freed
  }

  begin(order: number): void {
    this.#rows.fill(0, this.#at, this.#at + ROW_INTS)
    Atomics.store(this.#rows, this.#at + ORDER, order)
  }

  /** What lies before `end` is whole lines now. */
  publish(end: number): void {
    Atomics.store(this.#rows, this.#at + PUBLISHED, end)
  }

  /** A write of so many bytes begins. */
  writing(count: number): void {
    Atomics.store(this.#rows, this.#at + UNDER_WAY, (this.#rows[this.#at + TAKEN] ?? 0) + count)
  }

  /** The write is over: so many bytes of it are out. */
  took(count: number): void {
    const taken = (this.#rows[this.#at + TAKEN] ?? 0) + count
    Atomics.store(this.#rows, this.#at + TAKEN, taken)
    Atomics.store(this.#rows, this.#at + UNDER_WAY, taken)
  }

  free(): void {
    Atomics.store(this.#rows, this.#at + ORDER, 0)
    this.#freed(this)
  }
}

/** The segments of a worker. */
export class LogSegments {
  readonly #ledger: Ledger
  #size = 0
  #free: Segment[] = []
  #count = 0
  #order = 0

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** A free segment of this size; null: there is none, and lines are at home in this process alone. */
  acquire(size: number): Segment | null {
    if (size !== this.#size && this.#free.length === this.#count) this.#divide(size)
    const segment = size === this.#size ? this.#free.pop() : undefined
    if (segment === undefined) return null
    segment.begin(++this.#order)
    return segment
  }

  /** Where the lines go, as far as it can be read again. */
  goTo(inode: number): void {
    this.#ledger.inode = inode
  }

  #divide(size: number): void {
    const { buffer, byteOffset } = this.#ledger.bytes
    this.#size = size
    this.#count = Math.min(Math.floor(LOG_BYTES / size), ROWS_MAX)
    const rows = new Int32Array(buffer, byteOffset + ROWS_BYTE, this.#count * ROW_INTS)
    const freed = (segment: Segment): void => void this.#free.push(segment)
    this.#free = Array.from({ length: this.#count }, (_, row) => {
      const bytes = new Uint8Array(buffer, byteOffset + LOG_START + row * size, size)
      return new Segment(bytes, rows, row, freed)
    })
    this.#ledger.segmentBytes = size
  }
}

/** What a dead worker has left in a segment. */
export interface LeftLines {
  /** Not known to be out. */
  readonly bytes: Uint8Array
  /** Of these, how many a write was begun for. */
  readonly inDoubt: number
}

/** What is left of the log of a worker that is dead, in the order in which it was written. */
export function leftLines({ bytes, segmentBytes }: Ledger): LeftLines[] {
  if (segmentBytes === 0) return []
  const count = Math.min(Math.floor(LOG_BYTES / segmentBytes), ROWS_MAX)
  const rows = new Int32Array(bytes.buffer, bytes.byteOffset + ROWS_BYTE, count * ROW_INTS)
  const orderOf = (row: number): number => rows[row * ROW_INTS + ORDER] ?? 0
  return Array.from({ length: count }, (_, row) => row)
    .filter((row) => orderOf(row) > 0)
    .toSorted((a, b) => orderOf(a) - orderOf(b))
    .map((row) => {
      const [, published = 0, underWay = 0, taken = 0] = rows.subarray(row * ROW_INTS)
      const start = LOG_START + row * segmentBytes
      return {
        bytes: bytes.slice(start + taken, start + Math.max(published, taken)),
        inDoubt: Math.max(0, underWay - taken),
      }
    })
    .filter((left) => left.bytes.length > 0)
}
