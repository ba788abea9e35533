// Labelled metrics of one process. A worker counts in its ledger, where the supervisor reads
// (Totals.collect), also once the worker is dead. What has no room there, and the relay's, goes to the
// supervisor as what changed since the last time (take). Both are added up there: so they outlive the
// process, and never go down on a reload, as series are found by the text of their labels.
import { LABEL_OTHER, METRICS, type MetricName } from '../tables/metrics.ts'
import { addSeries, SeriesReader } from '../scoreboard/series-cells.ts'
import type { Ledger } from '../scoreboard/ledger.ts'
import {
  type Cells,
  cellsOf,
  Counter,
  Family,
  Gauge,
  Histogram,
  type Series,
  type Watcher,
} from './series.ts'

/**
 * What one series changed by; for a gauge, its value; for a histogram the counts of its buckets, then the
 * sum.
 */
export type SeriesDelta = readonly [
  metric: MetricName,
  labels: readonly string[],
  change: number | readonly number[],
]
export type MetricsDelta = readonly SeriesDelta[]

/** What a ledger calls a series: its metric and labels. */
type SeriesName = readonly [metric: MetricName, ...labels: string[]]

/** Reads what a worker counts in its ledger. */
export const counterReader = (ledger: Ledger): SeriesReader<SeriesName> =>
  new SeriesReader(ledger, (text) => JSON.parse(text) as SeriesName)

/** More series wait for the next take: a message stays small, as sending a large one blocks. */
const TAKE_MAX = 2000
/**
 * A full family forgets series that were silent for so long: names that config no longer has must not keep
 * new ones out.
 */
const IDLE_S_MAX = 3600
const SWEEP_EVERY_S = 60
/** Between labels in the key of a series. */
const SEPARATOR = '\u001F'

type Kind<T extends Series> = new (
  watcher: Watcher,
  family: Family,
  labels: readonly string[],
  cells: Cells,
) => T

/** All metrics of this process. */
export class Registry implements Watcher {
  readonly families: ReadonlyMap<MetricName, Family>
  nowS: number
  protected readonly clockS: () => number
  #dirty: Series[] = []
  readonly #measures: (() => void)[] = []
  readonly #ledger: Ledger | null

  constructor(clockS: () => number = () => performance.now() / 1000, ledger: Ledger | null = null) {
    this.clockS = clockS
    this.#ledger = ledger
    this.nowS = clockS()
    const names = Object.keys(METRICS) as MetricName[]
    this.families = new Map(names.map((name) => [name, new Family(name)]))
    // A counter without labels is there from the start, at 0: a graph of it has a beginning.
    for (const name of names) {
      const { type, labels } = METRICS[name]
      if (type === 'counter' && labels.length === 0) this.counter(name)
    }
  }

  counter(name: MetricName, labels: readonly string[] = []): Counter {
    return this.#find(name, labels, Counter)
  }
  gauge(name: MetricName, labels: readonly string[] = []): Gauge {
    return this.#find(name, labels, Gauge)
  }
  histogram(name: MetricName, labels: readonly string[]): Histogram {
    return this.#find(name, labels, Histogram)
  }

  /** All series of a gauge. */
  gaugesOf(name: MetricName): Gauge[] {
    return [...(this.families.get(name)?.series.values() ?? [])].filter((series) => series instanceof Gauge)
  }

  touch(series: Series): void {
    series.dirty = true
    this.#dirty.push(series)
  }

  /** Runs `measure` before each reading (take, or rendering). */
  onRead(measure: () => void): void {
    this.#measures.push(measure)
  }
  /** Brings what is measured only when somebody reads up to date. */
  read(): void {
    for (const measure of this.#measures) measure()
  }

  /** Whether nothing has changed since the last take, beside what is measured only when somebody reads. */
  get isQuiet(): boolean {
    return this.#dirty.length === 0
  }

  /** Removes a metric's series, to be set anew: what is no longer there must not be shown. */
  clear(name: MetricName): void {
    this.families.get(name)?.series.clear()
  }

  /** What changed since the last time, of at most `max` series; the rest waits for the next. */
  take(max = TAKE_MAX): MetricsDelta {
    this.nowS = this.clockS()
    this.read()
    return this.#dirty.splice(0, max).flatMap((series) => {
      series.dirty = false
      series.touchedS = this.nowS
      return series.isShared ? [] : [[series.family.name, series.labels, series.change()] as const]
    })
  }

  #find<T extends Series>(name: MetricName, labels: readonly string[], kind: Kind<T>): T {
    const family = this.families.get(name)!
    const key = labels.join(SEPARATOR)
    const known = family.series.get(key)
    if (known !== undefined) return known as T
    if (labels.length !== family.row.labels.length)
      throw new Error(`${name} takes ${family.row.labels.length} labels`)
    if (labels.length === 0 || this.#hasRoom(family)) return this.#add(family, key, labels, kind)
    return this.#beyond(family, kind)
  }

  #add<T extends Series>(family: Family, key: string, labels: readonly string[], kind: Kind<T>): T {
    const made = new kind(this, family, labels, this.#cells(family, labels))
    family.series.set(key, made)
    return made
  }

  #cells(family: Family, labels: readonly string[]): Cells {
    if (this.#ledger === null) return ownCells(family)
    const name: SeriesName = [family.name, ...labels]
    const values = addSeries(this.#ledger, JSON.stringify(name), cellsOf(family.row))
    return values === null ? ownCells(family) : { values, isShared: true }
  }

  /**
   * The series that stands for all that found no room. Gauges cannot be added up: theirs is seen by nobody.
   */
  #beyond<T extends Series>(family: Family, kind: Kind<T>): T {
    this.counter('metric_series_dropped_total', [family.name]).add(1)
    const labels = family.row.labels.map(() => LABEL_OTHER)
    if (family.row.type === 'gauge') return new kind(this, family, labels, ownCells(family))
    const key = labels.join(SEPARATOR)
    const known = family.series.get(key)
    return known === undefined ? this.#add(family, key, labels, kind) : (known as T)
  }

  /** One place is kept for "other". */
  #hasRoom(family: Family): boolean {
    if (family.series.size < family.max - 1) return true
    if (this.nowS - family.sweptS < SWEEP_EVERY_S) return false
    family.sweptS = this.nowS
    for (const [key, series] of family.series) {
      if (!series.dirty && this.nowS - series.touchedS > IDLE_S_MAX) family.series.delete(key)
    }
    return family.series.size < family.max - 1
  }
}

const ownCells = ({ row }: Family): Cells => ({ values: new Float64Array(cellsOf(row)), isShared: false })

/** Hears what a counter or a histogram of the workers changed by. */
export type Heard = (series: Series, change: number | readonly number[]) => void

/** The supervisor's metrics: its own, and those of all workers that ever lived. Nobody takes from it. */
export class Totals extends Registry {
  /** Called for each change that is added. */
  onCounted: Heard = () => {}
  /** Of the ledgers of workers that live. */
  readonly #readers = new Set<SeriesReader<SeriesName>>()

  override touch(series: Series): void {
    series.touchedS = this.nowS
  }

  /** Adds what a worker sent. */
  merge(delta: MetricsDelta): void {
    this.nowS = this.clockS()
    for (const [name, labels, change] of delta) {
      const type = this.families.get(name)?.row.type
      if (type === 'histogram') this.#count(this.histogram(name, labels), change as readonly number[])
      else if (type === 'gauge') this.gauge(name, labels).set(change as number)
      else if (type === 'counter') this.#count(this.counter(name, labels), change as number)
    }
  }

  /** Ledgers are read by collectAll from now on. */
  follow(reader: SeriesReader<SeriesName>): void {
    this.#readers.add(reader)
  }
  leave(reader: SeriesReader<SeriesName>): void {
    this.#readers.delete(reader)
  }

  /** Adds what all workers have counted in their ledgers until now. */
  collectAll(): void {
    for (const reader of this.#readers) this.collect(reader)
  }

  /** Adds what a worker has counted in its ledger since the last time. */
  collect(reader: SeriesReader<SeriesName>): void {
    reader.take(([name, ...labels], now, before) => {
      const change =
        this.families.get(name)?.row.type === 'gauge' ? now : now.map((value, i) => value - before[i]!)
      this.merge([[name, labels, change.length === 1 ? change[0]! : Array.from(change)]])
    })
  }

  #count<T>(series: Series & { add(change: T): void }, change: T & (number | readonly number[])): void {
    series.add(change)
    this.onCounted(series, change)
  }

  /** Gauges of a process that is gone are no longer true; its counters stay. */
  forgetProcess(process: string): void {
    for (const { row, series } of this.families.values()) {
      const place = row.labels.indexOf('process')
      if (place < 0 || row.type !== 'gauge') continue
      for (const [key, one] of series) if (one.labels[place] === process) series.delete(key)
    }
  }
}
