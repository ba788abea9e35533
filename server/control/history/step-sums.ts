// Samples of one series put together to the steps that are asked for.
import { ACTIVE, COUNTED } from '../../tables/figures.ts'
import { SAMPLES } from './chunks.ts'
import { COLUMNS, type Column, LATENCIES } from './columns.ts'
import { fromSmall } from './small-floats.ts'

const P50 = COLUMNS.indexOf('p50_ms')
const REQUESTS = COUNTED.indexOf('requests')
const CONNECTIONS = COUNTED.indexOf('connections')
const FIRST_LATENCY = COLUMNS.length - LATENCIES.length

export class StepSums {
  readonly #columns: readonly Float64Array[]

  constructor(steps: number) {
    this.#columns = COLUMNS.map(() => new Float64Array(steps))
  }

  /** How much there was. */
  get weight(): number {
    return sum(this.#columns[REQUESTS]!) + sum(this.#columns[CONNECTIONS]!)
  }

  /** Adds a sample: counts, and latencies in microseconds. */
  add(step: number, sample: Float64Array): void {
    for (let i = COLUMNS.length - 1; i >= 0; i--)
      if (sample[i] !== 0) this.#addOne(i, step, sample[i]!, sample[REQUESTS]!)
  }

  /** The same of one that is kept in a chunk, whose first number stands at `at`. */
  addKept(step: number, slab: Uint16Array, at: number): void {
    const requests = fromSmall(slab[at + REQUESTS * SAMPLES]!)
    for (let i = COLUMNS.length - 1; i >= 0; i--) {
      const small = slab[at + i * SAMPLES]!
      if (small !== 0) this.#addOne(i, step, fromSmall(small), requests)
    }
  }

  /** Null before the step `from`, of which nothing is known, and for latencies where there was no request. */
  columns(from: number): Readonly<Partial<Record<Column, readonly (number | null)[]>>> {
    const shown: Partial<Record<Column, (number | null)[]>> = {}
    for (const [i, name] of COLUMNS.entries()) {
      const column = this.#columns[i]!
      if (column.every((value) => value === 0)) continue
      const isLatency = i >= FIRST_LATENCY
      shown[name] = Array.from(column, (value, step) => {
        if (step < from || (isLatency && value === 0)) return null
        return isLatency ? Math.round(value / 10) / 100 : value
      })
    }
    return shown
  }

  /** Counts come behind latencies: p50 is a mean of those that had any, by how many they were before. */
  #addOne(i: number, step: number, value: number, requests: number): void {
    const column = this.#columns[i]!
    if (i === P50) {
      const before = this.#columns[REQUESTS]![step]!
      const all = before + requests
      if (all > 0) column[step] = (column[step]! * before + value * requests) / all
    } else if (i === ACTIVE || i >= FIRST_LATENCY) column[step] = Math.max(column[step]!, value)
    else column[step]! += value
  }
}

const sum = (numbers: Float64Array): number => numbers.reduce((all, one) => all + one, 0)
