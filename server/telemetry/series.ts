// One series of a metric: a label set and its number. They hold what was counted and what of it was handed on
// already.
import type { MetricRow } from '../tables/metric-row.ts'
import { METRICS, SERIES_MAX, type MetricName } from '../tables/metrics.ts'

/** Who wants to know that a series changed. */
export interface Watcher {
  readonly nowS: number
  touch(series: Series): void
}

/** All series of one metric, by the text of their labels. */
export class Family {
  readonly name: MetricName
  readonly row: MetricRow
  readonly series = new Map<string, Series>()
  /** A histogram's buckets, its +Inf, sum and count are series of their own to Prometheus. */
  readonly max: number
  sweptS = 0
  constructor(name: MetricName) {
    this.name = name
    this.row = METRICS[name]
    this.max = Math.floor(SERIES_MAX / (this.row.type === 'histogram' ? this.row.buckets.length + 3 : 1))
  }
}

/** Where a series is counted. */
export interface Cells {
  readonly values: Float64Array
  /** The supervisor reads them where they are: nothing is to be sent. */
  readonly isShared: boolean
}

/** How many cells a series of a family needs. */
export const cellsOf = ({ type, buckets }: MetricRow): number =>
  type === 'histogram' ? buckets.length + 2 : 1

export abstract class Series {
  readonly watcher: Watcher
  readonly family: Family
  readonly labels: readonly string[]
  readonly isShared: boolean
  /** A counter's or gauge's value; a histogram's counts, then its sum. */
  protected readonly cells: Float64Array
  /** The text of the labels as Prometheus wants it; made when first rendered. */
  text: string | null = null
  /** Whether it changed and was not taken yet. */
  dirty = false
  touchedS: number
  /** What whoever hears its changes makes of one; undefined: nobody has looked yet. */
  heard: ((change: number | readonly number[]) => void) | null | undefined = undefined
  constructor(watcher: Watcher, family: Family, labels: readonly string[], cells: Cells) {
    this.watcher = watcher
    this.family = family
    this.labels = labels
    this.cells = cells.values
    this.isShared = cells.isShared
    this.touchedS = watcher.nowS
  }
  /** What it changed by since the last call. */
  abstract change(): number | readonly number[]
}

/** A number that only rises. */
export class Counter extends Series {
  #sent = 0
  get value(): number {
    return this.cells[0] ?? 0
  }
  add(amount: number): void {
    this.cells[0]! += amount
    if (!this.dirty) this.watcher.touch(this)
  }
  /** For totals that are counted elsewhere. */
  set(total: number): void {
    const { value } = this
    if (total !== value) this.add(total - value)
  }
  override change(): number {
    const change = this.value - this.#sent
    this.#sent = this.value
    return change
  }
}

/** A number that rises and falls. */
export class Gauge extends Series {
  get value(): number {
    return this.cells[0] ?? 0
  }
  set(value: number): void {
    this.cells[0] = value
    if (!this.dirty) this.watcher.touch(this)
  }
  override change(): number {
    return this.value
  }
}

/** Counts values by size; `counts` has one more place than there are bounds, for what is beyond the last. */
export class Histogram extends Series {
  readonly bounds: readonly number[]
  readonly #sumAt: number
  #sent: Float64Array | null = null
  constructor(watcher: Watcher, family: Family, labels: readonly string[], cells: Cells) {
    super(watcher, family, labels, cells)
    this.bounds = family.row.buckets
    this.#sumAt = this.bounds.length + 1
  }
  get counts(): Float64Array {
    return this.cells.subarray(0, this.#sumAt)
  }
  get sum(): number {
    return this.cells[this.#sumAt] ?? 0
  }
  observe(value: number): void {
    const { bounds, cells } = this
    let place = 0
    while (place < bounds.length && value > bounds[place]!) place++
    cells[place]!++
    cells[this.#sumAt]! += value
    if (!this.dirty) this.watcher.touch(this)
  }
  add(change: readonly number[]): void {
    for (let place = 0; place <= this.#sumAt; place++) this.cells[place]! += change[place]!
    if (!this.dirty) this.watcher.touch(this)
  }
  override change(): readonly number[] {
    const before = this.#sent
    this.#sent = this.cells.slice()
    return Array.from(this.#sent, (value, place) => value - (before?.[place] ?? 0))
  }
}
