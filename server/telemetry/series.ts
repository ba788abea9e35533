// One series of a metric: a label set and its number. They hold what was counted and what of it was handed on already.
import { METRICS, SERIES_MAX, type MetricName, type MetricRow } from '../tables/metrics.ts'

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

export abstract class Series {
  readonly watcher: Watcher
  readonly family: Family
  readonly labels: readonly string[]
  /** The text of the labels as Prometheus wants it; made when first rendered. */
  text: string | null = null
  /** Whether it changed and was not taken yet. */
  dirty = false
  touchedS: number
  constructor(watcher: Watcher, family: Family, labels: readonly string[]) {
    this.watcher = watcher
    this.family = family
    this.labels = labels
    this.touchedS = watcher.nowS
  }
  /** What it changed by since the last call. */
  abstract change(): number | readonly number[]
}

/** A number that only rises. */
export class Counter extends Series {
  value = 0
  #sent = 0
  add(amount: number): void {
    this.value += amount
    if (!this.dirty) this.watcher.touch(this)
  }
  /** For totals that are counted elsewhere. */
  set(total: number): void {
    if (total !== this.value) this.add(total - this.value)
  }
  override change(): number {
    const change = this.value - this.#sent
    this.#sent = this.value
    return change
  }
}

/** A number that rises and falls. */
export class Gauge extends Series {
  value = 0
  set(value: number): void {
    this.value = value
    if (!this.dirty) this.watcher.touch(this)
  }
  override change(): number {
    return this.value
  }
}

/** Counts values by size; `counts` has one more place than there are bounds, for what is beyond the last. */
export class Histogram extends Series {
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum = 0
  #sent: number[] | null = null
  constructor(watcher: Watcher, family: Family, labels: readonly string[]) {
    super(watcher, family, labels)
    this.bounds = family.row.buckets
    this.counts = Array.from({ length: this.bounds.length + 1 }, () => 0)
  }
  observe(value: number): void {
    const bounds = this.bounds
    let place = 0
    while (place < bounds.length && value > bounds[place]!) place++
    this.counts[place]!++
    this.sum += value
    if (!this.dirty) this.watcher.touch(this)
  }
  add(change: readonly number[]): void {
    for (let place = 0; place < this.counts.length; place++) this.counts[place]! += change[place]!
    this.sum += change[this.counts.length]!
    if (!this.dirty) this.watcher.touch(this)
  }
  override change(): readonly number[] {
    const now = [...this.counts, this.sum]
    const before = this.#sent
    this.#sent = now
    return before === null ? now : now.map((value, place) => value - before[place]!)
  }
}
