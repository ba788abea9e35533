// Series of metrics in a ledger. Each is: Int32 bytes of all of it · Int32 number of cells · Int32 length of
//   its text · 4 bytes · the cells
// (Float64) · its text. A cell has one writer, and is 8 bytes at a multiple of 8: it is never seen half
//   written.
import { type Ledger, SERIES_START } from './ledger.ts'

const HEAD_BYTES = 16
const CELL_BYTES = 8

const aligned = (bytes: number): number => (bytes + CELL_BYTES - 1) & -CELL_BYTES

/** Adds a series; its cells are what is counted in. Null: there is no room. */
export function addSeries(ledger: Ledger, text: string, cells: number): Float64Array | null {
  const name = Buffer.from(text)
  const at = ledger.seriesEnd
  const end = at + HEAD_BYTES + cells * CELL_BYTES + aligned(name.length)
  if (!ledger.grow(end)) return null
  const { buffer, byteOffset } = ledger.bytes
  new Int32Array(buffer, byteOffset + at, 3).set([end - at, cells, name.length])
  ledger.bytes.set(name, at + HEAD_BYTES + cells * CELL_BYTES)
  ledger.seriesEnd = end
  return new Float64Array(buffer, byteOffset + at + HEAD_BYTES, cells)
}

interface ReadSeries<Name> {
  readonly name: Name
  readonly cells: Float64Array
  /** What of the cells was taken. */
  readonly taken: Float64Array
}

/** Takes what a worker counts, each count once. */
export class SeriesReader<Name> {
  readonly #ledger: Ledger
  readonly #nameOf: (text: string) => Name
  readonly #series: ReadSeries<Name>[] = []
  #end = SERIES_START

  /** `nameOf` reads the text of a series, once. */
  constructor(ledger: Ledger, nameOf: (text: string) => Name) {
    this.#ledger = ledger
    this.#nameOf = nameOf
  }

  /**
   * Tells of each series that changed its cells now and before. `before` is the reader's own, and then no
   * more than now.
   */
  take(changed: (name: Name, now: Float64Array, before: Float64Array) => void): void {
    this.#readOn()
    for (const { name, cells, taken } of this.#series) {
      if (isSame(cells, taken)) continue
      const now = cells.slice()
      changed(name, now, taken)
      taken.set(now)
    }
  }

  /** Reads the series that were added. */
  #readOn(): void {
    const end = this.#ledger.seriesEnd
    if (end > this.#ledger.bytes.length) this.#ledger.remap()
    const { bytes } = this.#ledger
    while (this.#end < end) {
      const at = bytes.byteOffset + this.#end
      const [size = 0, count = 0, length = 0] = new Int32Array(bytes.buffer, at, 3)
      if (size <= 0) return
      const cells = new Float64Array(bytes.buffer, at + HEAD_BYTES, count)
      const text = Buffer.from(bytes.buffer, at + HEAD_BYTES + count * CELL_BYTES, length).toString()
      this.#series.push({ name: this.#nameOf(text), cells, taken: new Float64Array(count) })
      this.#end += size
    }
  }
}

function isSame(cells: Float64Array, taken: Float64Array): boolean {
  for (let i = 0; i < cells.length; i++) if (cells[i] !== taken[i]) return false
  return true
}
