// Answers what was counted of late in columns of equal steps, from the finest level that goes back so far.
import { ACTIVE, COUNTED, type FigureKind as Kind } from '../../tables/figures.ts'
import { COLUMNS, LATENCIES, type Column } from './columns.ts'
import { LEVELS, SAMPLES } from './chunks.ts'
import type { FigureHistory } from './figure-history.ts'
import { cellsSample, type Remembered } from './remembered.ts'

/** More steps than this are not answered: they become longer. */
export const STEPS_MAX = 1500
const SERIES_MAX = 1000
/** Steps of all series together. */
const ALL_STEPS_MAX = 200_000
const P50 = COLUMNS.indexOf('p50_ms')
const REQUESTS = COUNTED.indexOf('requests')
const CONNECTIONS = COUNTED.indexOf('connections')

export interface Asked {
  readonly kind: Kind
  /** Null: all of the kind. */
  readonly name: string | null
  readonly windowS: number
  /** Null: as fine as it is kept, within reason. */
  readonly stepS: number | null
}

/** Columns of one series; those that were zero throughout are left out. */
export interface SeriesColumns {
  readonly name: string
  readonly columns: Readonly<Partial<Record<Column, readonly (number | null)[]>>>
}

export interface Answered {
  readonly step_s: number
  /** As it is kept. Over several of these p50 is their mean, p95 and p99 are the highest. */
  readonly resolution_s: number
  /** Where the first step begins and the last ends. */
  readonly from: string
  readonly to: string
  /** How much of the last step is over. */
  readonly last_s: number
  /** Before this there is nothing: the gateway was started then. Null: what is on disk goes further back. */
  readonly since: string | null
  /** Before this some are missing, as there were too many; null: none are. */
  readonly complete_since: string | null
  readonly series: readonly SeriesColumns[]
  /** Series with less than those; 0: all are here. */
  readonly left_out: number
}

/** Which times are asked for: `steps` of `perStep` samples each, from the sample `first` on. */
export interface Grid {
  readonly level: number
  readonly resolutionS: number
  readonly perStep: number
  readonly steps: number
  readonly first: number
}

/** Whether memory goes back so far. */
export const isRemembered = (windowS: number): boolean => windowS <= DAY_S

const DAY_S = 86_400

export function gridOf(windowS: number, stepS: number | null, finishedS: number): Grid {
  const level = Math.max(
    0,
    LEVELS.findIndex(({ seconds, kept }) => windowS <= seconds * kept),
  )
  const { seconds, kept } = LEVELS[level]!
  const wanted = Math.min(Math.ceil(windowS / seconds), kept)
  const asFine = Math.max(1, Math.ceil((stepS ?? 0) / seconds), Math.ceil(wanted / STEPS_MAX))
  // No longer than all of it: what is before that is not kept.
  const perStep = Math.min(asFine, wanted)
  const last = Math.floor(finishedS / seconds)
  // Steps begin at multiples of themselves: the same ones, whenever it is asked.
  const lastStep = Math.floor(last / perStep)
  const steps = Math.max(1, Math.floor(wanted / perStep))
  return { level, resolutionS: seconds, perStep, steps, first: (lastStep - steps + 1) * perStep }
}

/** The columns of all that are asked for, the busiest first. */
export function queried(history: FigureHistory, asked: Asked, wallMs: number): Answered {
  history.expire()
  const { finishedS } = history
  const grid = gridOf(asked.windowS, asked.stepS, finishedS)
  const { level, resolutionS, perStep, steps, first } = grid
  const most = Math.min(SERIES_MAX, Math.floor(ALL_STEPS_MAX / steps))
  // First who is busy, then their columns: those of ten thousand would be more than a gigabyte.
  const weighed = [...chosen(history, asked)].flatMap((one) => {
    const weight = weightOf(one, grid, history)
    return weight === null && asked.name === null ? [] : [{ one, weight: weight ?? 0 }]
  })
  const busiest = weighed.toSorted((a, b) => b.weight - a.weight).slice(0, most)
  // Times are told by the clock of now: one that was set is true of all of them.
  const timeOf = (second: number): string => new Date(wallMs - (finishedS + 1 - second) * 1000).toISOString()
  const beganAt = Math.max(0, Math.floor((Math.floor(history.beganS / resolutionS) - first) / perStep))
  const complete = history.chunks.completeFrom(level) * SAMPLES * resolutionS
  const lastBeganS = (first + (steps - 1) * perStep) * resolutionS
  return {
    step_s: perStep * resolutionS,
    resolution_s: resolutionS,
    from: timeOf(first * resolutionS),
    to: timeOf(lastBeganS + perStep * resolutionS),
    last_s: Math.min(finishedS + 1 - lastBeganS, perStep * resolutionS),
    since: timeOf(history.beganS),
    complete_since: complete > first * resolutionS ? timeOf(complete) : null,
    series: busiest.map(({ one }) => {
      const sums = new StepSums(steps)
      eachSample(one, grid, history, (step, sample) => sums.add(step, sample))
      return { name: one.name, columns: sums.columns(beganAt) }
    }),
    left_out: weighed.length - busiest.length,
  }
}

function chosen(history: FigureHistory, { kind, name }: Asked): Iterable<Remembered> {
  if (name === null) return history.all(kind)
  const one = history.known(kind, name)
  return one === undefined ? [] : [one]
}

/** How much there was; null: nothing at all. */
function weightOf(one: Remembered, grid: Grid, history: FigureHistory): number | null {
  let weight: number | null = null
  eachSample(one, grid, history, (_, sample) => {
    weight = (weight ?? 0) + sample[REQUESTS]! + sample[CONNECTIONS]!
  })
  return weight
}

/** Each sample that there is, in one array. */
function eachSample(
  one: Remembered,
  { level, perStep, steps, first }: Grid,
  history: FigureHistory,
  act: (step: number, sample: Float64Array) => void,
): void {
  const sample = new Float64Array(COLUMNS.length)
  const open = level > 0 && (one.open & (1 << level)) !== 0 ? history.slot(level) : -1
  for (let slot = first; slot < first + steps * perStep; slot++) {
    if (slot < 0) continue
    if (slot === open) cellsSample(one.cells(level), sample)
    else if (!one.read(level, slot, history.chunks, sample)) {
      // A chunk that is not there is all zero: on to the next.
      const next = (Math.floor(slot / SAMPLES) + 1) * SAMPLES - 1
      slot = open > slot && open <= next ? open - 1 : next
      continue
    }
    act(Math.floor((slot - first) / perStep), sample)
  }
}

/** Samples put together to steps. */
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
    const requests = this.#columns[REQUESTS]!
    const before = requests[step]!
    for (let i = 0; i < COUNTED.length; i++) {
      const column = this.#columns[i]!
      if (i === ACTIVE) column[step] = Math.max(column[step]!, sample[i]!)
      else column[step]! += sample[i]!
    }
    // A mean of those that have any, by how many they are; of the others the highest.
    const all = requests[step]!
    const p50 = this.#columns[P50]!
    if (all > 0) p50[step] = (p50[step]! * before + sample[P50]! * (all - before)) / all
    for (let i = P50 + 1; i < COLUMNS.length; i++) {
      const column = this.#columns[i]!
      column[step] = Math.max(column[step]!, sample[i]!)
    }
  }

  /** Null before the step `from`, of which nothing is known, and for latencies where there was no request. */
  columns(from: number): SeriesColumns['columns'] {
    const shown: Partial<Record<Column, (number | null)[]>> = {}
    COLUMNS.forEach((name, i) => {
      const column = this.#columns[i]!
      if (!column.some((value) => value !== 0)) return
      const isLatency = LATENCIES.some((latency) => latency === name)
      const values = Array.from(column, (value, step) => {
        if (step < from || (isLatency && value === 0)) return null
        return isLatency ? Math.round(value / 10) / 100 : value
      })
      shown[name] = values
    })
    return shown
  }
}

const sum = (numbers: Float64Array): number => numbers.reduce((all, one) => all + one, 0)
