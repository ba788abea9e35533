// What is remembered of one listener, rule, backend or server, or of the gateway.
import { ACTIVE, CELLS, COUNTED, type FigureKind as Kind } from '../../tables/figures.ts'
import { COLUMNS, QUANTILES, quantileS, timedIn } from './columns.ts'
import { type Chunks, CHUNKS_OF_SERIES, LEVELS, NO_CHUNK, placeOf, SAMPLES } from './chunks.ts'
import { toSmall } from './small-floats.ts'

/** Levels of history, then the ten minutes that are kept on disk. */
export const TEN_MINUTES = LEVELS.length
/** What is counted now, before its second is over. */
const NOW = LEVELS.length + 1

export class Remembered {
  readonly kind: Kind
  /** Of a server: `BACKEND/SERVER`. */
  readonly name: string
  /** Something was counted in this second. */
  isDirty = false
  /** Levels with something in their unfinished time, as bits. */
  open = 0
  /** The last second in which something was counted, or when it was made. */
  lastSecond = 0
  readonly chunks = new Int32Array(CHUNKS_OF_SERIES).fill(NO_CHUNK)
  /** For each level, for ten minutes, and for now. Those of level 0 are of the last second: it is written. */
  readonly #cells = new Float64Array((NOW + 1) * CELLS)

  constructor(kind: Kind, name: string) {
    this.kind = kind
    this.name = name
  }

  add(column: number, amount: number): void {
    this.#cells[NOW * CELLS + column]! += amount
  }

  /** So many are active now. */
  setActive(count: number): void {
    const at = NOW * CELLS + ACTIVE
    if (count > this.#cells[at]!) this.#cells[at] = count
  }

  /** Adds counts of the buckets of a histogram. */
  addBuckets(counts: readonly number[]): void {
    const at = NOW * CELLS + COUNTED.length
    for (let i = 0; i < CELLS - COUNTED.length; i++) this.#cells[at + i]! += counts[i]!
  }

  /** What is counted of a level in its unfinished time; of level 0, in the last second. */
  cells(level: number): Float64Array {
    return this.#cells.subarray(level * CELLS, (level + 1) * CELLS)
  }

  /** A part of what was counted becomes that of a finished second; `of`: how many are finished together. */
  finishSecond(part: number, of: number): void {
    const cells = this.#cells
    for (let i = 0; i < CELLS; i++) {
      const now = cells[NOW * CELLS + i]!
      const own = of === 1 || i === ACTIVE ? now : share(now, part, of)
      cells[i] = own
      if (own === 0) continue
      for (let at = CELLS + i; at < NOW * CELLS; at += CELLS)
        cells[at] = i === ACTIVE ? Math.max(cells[at]!, own) : cells[at]! + own
    }
    this.open = (1 << (TEN_MINUTES + 1)) - 2
    if (part === of) cells.fill(0, NOW * CELLS)
  }

  /** Writes the finished time of a level. */
  write(level: number, slot: number, chunks: Chunks): void {
    const number = Math.floor(slot / SAMPLES)
    const known = this.chunks[placeOf(level, number)]!
    const id = known === NO_CHUNK ? chunks.lend(level, number, this.chunks) : known
    const into = chunks.slab(id)
    const at = chunks.offset(id) + (slot % SAMPLES)
    cellsSample(this.#cells, sample, level * CELLS)
    for (let i = 0; i < COLUMNS.length; i++) into[at + i * SAMPLES] = toSmall(sample[i]!)
  }

  /** The unfinished time of a level begins anew. */
  clear(level: number): void {
    this.#cells.fill(0, level * CELLS, (level + 1) * CELLS)
    this.open &= ~(1 << level)
  }

  /** Nothing of it is kept any more. */
  get isEmpty(): boolean {
    return !this.isDirty && this.open === 0 && this.chunks.every((id) => id === NO_CHUNK)
  }
}

const sample = new Float64Array(COLUMNS.length)

/** What was counted, as a sample: latencies in microseconds stand in place of the buckets. */
export function cellsSample(cells: Float64Array, into: Float64Array, at = 0): void {
  for (let i = 0; i < COUNTED.length; i++) into[i] = cells[at + i]!
  const buckets = at + COUNTED.length
  const timed = timedIn(cells, buckets)
  for (let i = 0; i < QUANTILES.length; i++) {
    // Zero stands for none.
    const us = timed === 0 ? 0 : Math.max(1, quantileS(QUANTILES[i]! * timed, cells, buckets) * 1e6)
    into[COUNTED.length + i] = us
  }
}

/** The same whole number is made up of its parts. */
const share = (whole: number, part: number, of: number): number =>
  Math.floor((whole * part) / of) - Math.floor((whole * (part - 1)) / of)
