// Answers what was counted on days before: ten minutes each, as the disk has them, and what is not there yet.
import { CELLS, TEN_MINUTES_S } from '../../tables/figures.ts'
import type { Figures } from '../store/figures.ts'
import { COLUMNS } from './columns.ts'
import type { FigureHistory } from './figure-history.ts'
import { type Answered, type Asked, STEPS_MAX } from './query.ts'
import { cellsSample, TEN_MINUTES } from './remembered.ts'
import { StepSums } from './step-sums.ts'
import { byTime, type TenMinutes } from './ten-minutes.ts'

/** Of all of a kind; one by name is answered in any case. */
const SERIES_MAX = 20

export interface DaysParts {
  readonly history: FigureHistory
  readonly tenMinutes: TenMinutes
  /** Null: there is nothing on disk. */
  readonly figures: Figures | null
  readonly wallMs: number
  /** Lets others have their turn: one name after the other is read. */
  readonly pause: () => Promise<void>
}

/** The columns of all that are asked for, the busiest first. */
export async function queriedDays(asked: Asked, parts: DaysParts): Promise<Answered> {
  const nowS = Math.floor(parts.wallMs / 1000)
  const wanted = Math.ceil(asked.windowS / TEN_MINUTES_S)
  const asFine = Math.max(1, Math.ceil((asked.stepS ?? 0) / TEN_MINUTES_S), Math.ceil(wanted / STEPS_MAX))
  const perStep = Math.min(asFine, wanted)
  const stepS = perStep * TEN_MINUTES_S
  const lastS = Math.floor(nowS / stepS) * stepS
  const steps = Math.max(1, Math.floor(asked.windowS / stepS))
  const fromS = lastS - (steps - 1) * stepS
  const series: { name: string; sums: StepSums }[] = []
  for (const name of namesOf(asked, parts, fromS, lastS + stepS)) {
    const sums = new StepSums(steps)
    const sample = new Float64Array(COLUMNS.length)
    for (const { atS, cells } of timesOf(asked, name, parts, [fromS, lastS + stepS])) {
      cellsSample(cells, sample)
      sums.add(Math.floor((atS - fromS) / stepS), sample)
    }
    series.push({ name, sums })
    await parts.pause()
  }
  const timeOf = (second: number): string => new Date(second * 1000).toISOString()
  return {
    step_s: stepS,
    resolution_s: TEN_MINUTES_S,
    from: timeOf(fromS),
    to: timeOf(lastS + stepS),
    last_s: Math.max(1, nowS - lastS),
    since: null,
    complete_since: parts.figures === null ? timeOf(nowS) : null,
    series: series
      .sort((a, b) => b.sums.weight - a.sums.weight)
      .map(({ name, sums }) => ({ name, columns: sums.columns(0) })),
    left_out: 0,
  }
}

function namesOf(
  { kind, name }: Asked,
  { history, figures }: DaysParts,
  fromS: number,
  toS: number,
): string[] {
  if (name !== null) return [name]
  const kept = figures?.busiest(kind, fromS, toS, SERIES_MAX) ?? []
  const now = [...history.all(kind)].filter(({ open }) => (open & (1 << TEN_MINUTES)) !== 0)
  return [...new Set([...kept, ...now.map((one) => one.name)])].slice(0, SERIES_MAX)
}

function timesOf(
  { kind }: Asked,
  name: string,
  { history, tenMinutes, figures }: DaysParts,
  [fromS, toS]: readonly [number, number],
): { readonly atS: number; readonly cells: Float64Array }[] {
  const kept = figures?.read(kind, name, fromS, toS) ?? []
  const cells = history.known(kind, name)?.cells(TEN_MINUTES) ?? new Float64Array(CELLS)
  const all = [...kept, ...tenMinutes.waiting(kind, name), { atS: history.tenMinutesS, cells }]
  return byTime(all.filter(({ atS }) => atS >= fromS && atS < toS))
}
