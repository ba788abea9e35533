// Answers what was counted of late in columns of equal steps, from the finest level that goes back so far.
import { atOnce, type Steps } from '../../lib/slices.ts'
import { COUNTED, type FigureKind as Kind } from '../../tables/figures.ts'
import { COLUMNS, type Column } from './columns.ts'
import { LEVELS, NO_CHUNK, placeOf, SAMPLES } from './chunks.ts'
import type { FigureHistory } from './figure-history.ts'
import { cellsSample, type Remembered } from './remembered.ts'
import { fromSmall } from './small-floats.ts'
import { StepSums } from './step-sums.ts'

/** More steps than this are not answered: they become longer. */
export const STEPS_MAX = 1500
const SERIES_MAX = 1000
/** Steps of all series together. */
const ALL_STEPS_MAX = 200_000
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

/** How many series are looked at between two places where the work may pause. */
const AT_A_TIME = 32

/** The columns of all that are asked for, the busiest first. */
export const queried = (history: FigureHistory, asked: Asked, wallMs: number): Answered =>
  atOnce(queriedSteps(history, asked, wallMs))

/** The same in short turns. What is counted in between counts from where it is looked at. */
export function* queriedSteps(history: FigureHistory, asked: Asked, wallMs: number): Steps<Answered> {
  history.expire()
  const { finishedS } = history
  const grid = gridOf(asked.windowS, asked.stepS, finishedS)
  const { level, resolutionS, perStep, steps, first } = grid
  const most = Math.min(SERIES_MAX, Math.floor(ALL_STEPS_MAX / steps))
  // First who is busy, then their columns: those of ten thousand would be more than a gigabyte.
  const weighed: { readonly one: Remembered; readonly weight: number }[] = []
  for (const [i, one] of [...chosen(history, asked)].entries()) {
    const weight = weightOf(one, grid, history)
    if (weight !== null || asked.name !== null) weighed.push({ one, weight: weight ?? 0 })
    if (i % AT_A_TIME === 0) yield
  }
  const busiest = weighed.toSorted((a, b) => b.weight - a.weight).slice(0, most)
  // Times are told by the clock of now: one that was set is true of all of them.
  const timeOf = (second: number): string => new Date(wallMs - (finishedS + 1 - second) * 1000).toISOString()
  const beganAt = Math.max(0, Math.floor((Math.floor(history.beganS / resolutionS) - first) / perStep))
  const complete = history.chunks.completeFrom(level) * SAMPLES * resolutionS
  const lastBeganS = (first + (steps - 1) * perStep) * resolutionS
  const series: SeriesColumns[] = []
  for (const { one } of busiest) {
    series.push({ name: one.name, columns: sumsOf(one, grid, history).columns(beganAt) })
    yield
  }
  return {
    step_s: perStep * resolutionS,
    resolution_s: resolutionS,
    from: timeOf(first * resolutionS),
    to: timeOf(lastBeganS + perStep * resolutionS),
    last_s: Math.min(finishedS + 1 - lastBeganS, perStep * resolutionS),
    since: timeOf(history.beganS),
    complete_since: complete > first * resolutionS ? timeOf(complete) : null,
    series,
    left_out: weighed.length - busiest.length,
  }
}

function chosen(history: FigureHistory, { kind, name }: Asked): Iterable<Remembered> {
  if (name === null) return history.all(kind)
  const one = history.known(kind, name)
  return one === undefined ? [] : [one]
}

/** How much there was; null: nothing at all. Of thousands no more than these two columns is looked at. */
function weightOf(one: Remembered, grid: Grid, history: FigureHistory): number | null {
  let weight: number | null = null
  const { chunks } = history
  eachRun(one, grid, history, ({ id, from, to }) => {
    let sum = 0
    const slab = chunks.slab(id)
    for (const column of [REQUESTS, CONNECTIONS]) {
      const at = chunks.offset(id) + column * SAMPLES
      for (let i = at + from; i <= at + to; i++) sum += fromSmall(slab[i]!)
    }
    weight = (weight ?? 0) + sum
  })
  if (openSlot(one, grid, history) === null) return weight
  const cells = one.cells(grid.level)
  return (weight ?? 0) + cells[REQUESTS]! + cells[CONNECTIONS]!
}

function sumsOf(one: Remembered, grid: Grid, history: FigureHistory): StepSums {
  const { perStep, steps, first, level } = grid
  const { chunks } = history
  const sums = new StepSums(steps)
  eachRun(one, grid, history, ({ id, from, to, slot }) => {
    const [slab, at] = [chunks.slab(id), chunks.offset(id)]
    for (let i = from; i <= to; i++)
      sums.addKept(Math.floor((slot + i - from - first) / perStep), slab, at + i)
  })
  const open = openSlot(one, grid, history)
  if (open === null) return sums
  const sample = new Float64Array(COLUMNS.length)
  cellsSample(one.cells(level), sample)
  sums.add(Math.floor((open - first) / perStep), sample)
  return sums
}

/** Samples of one chunk that are asked for, from the one of `slot` on. */
interface Run {
  readonly id: number
  readonly from: number
  readonly to: number
  readonly slot: number
}

/** What is written of a series. A chunk that is not there is all zero. */
function eachRun(one: Remembered, grid: Grid, history: FigureHistory, act: (run: Run) => void): void {
  const { level, perStep, steps, first } = grid
  const end = first + steps * perStep
  const open = openSlot(one, grid, history) ?? end
  for (let slot = Math.max(first, 0); slot < end;) {
    const number = Math.floor(slot / SAMPLES)
    const next = Math.min((number + 1) * SAMPLES, end)
    const id = one.chunks[placeOf(level, number)]!
    const from = slot % SAMPLES
    // What is not over is not written, and is the last that there is.
    const last = Math.min(next, Math.max(open, slot))
    if (id !== NO_CHUNK && last > slot) act({ id, from, to: from + last - slot - 1, slot })
    slot = next
  }
}

/** The time of this level that is not over, where it is asked for and something was counted in it. */
function openSlot(
  { open }: Remembered,
  { level, first, steps, perStep }: Grid,
  history: FigureHistory,
): number | null {
  if (level === 0 || (open & (1 << level)) === 0) return null
  const slot = history.slot(level)
  return slot >= first && slot < first + steps * perStep ? slot : null
}
