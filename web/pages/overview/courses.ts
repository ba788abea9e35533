// Courses of what was counted: what the figures of the overview are drawn and said from.
import type { Overview, Stats } from '../../data/api-types.ts'
import { clock, number } from '../../data/say.ts'

/** Times that can be looked back over, and the step that each is asked for in. */
export const SPANS = {
  '5m': { label: '5 m', words: 'last 5 minutes', step: '5s', everyMs: 5000 },
  '15m': { label: '15 m', words: 'last 15 minutes', step: '10s', everyMs: 10_000 },
  '1h': { label: '1 h', words: 'last hour', step: '60s', everyMs: 60_000 },
  '24h': { label: '24 h', words: 'last 24 hours', step: '15m', everyMs: 300_000 },
} as const

export type Span = keyof typeof SPANS

/** Null: none is named, or none that there is. */
export const spanOf = (text: string | undefined): Span | null =>
  text !== undefined && Object.hasOwn(SPANS, text) ? (text as Span) : null

/** Of a gateway that has just begun a quarter of an hour would be nearly empty. */
export const usualSpan = (uptimeS: number): Span => (uptimeS < 5 * 60 ? '5m' : '15m')

/** What is worst now: a line through all courses, since they share their axis of time. */
export interface Incident {
  readonly atMs: number
  readonly title: string
}

type Told = Pick<Overview['problems'][number], 'severity' | 'since' | 'title'>

/** The first of those that are down to begin; null: there is none. */
export function incidentOf(problems: readonly Told[]): Incident | null {
  const [first] = problems
    .flatMap(({ severity, since, title }) =>
      severity === 'down' && since !== null ? [{ atMs: Date.parse(since), title }] : [],
    )
    .toSorted((a, b) => a.atMs - b.atMs)
  return first ?? null
}

/** Values of one column, oldest first; null where nothing is known. */
export type Values = readonly (number | null)[]

export interface Courses {
  /** Where each step begins, s since 1970. */
  readonly times: readonly number[]
  readonly requests: Values
  readonly clientErrors: Values
  readonly serverErrors: Values
  readonly connections: Values
  readonly active: Values
  readonly bytesIn: Values
  readonly bytesOut: Values
  readonly p50: Values
  readonly p95: Values
  readonly p99: Values
}

/** Less of a step than this says too little of a second. */
const ENOUGH = 0.5

/** As far as it is drawn. */
export type Drawn = Pick<Stats, 'step_s' | 'from' | 'to' | 'last_s' | 'since' | 'series'>
type Column = Exclude<keyof Stats['series'][number], 'name' | 'backend' | 'server'>

/** Counts as numbers a second, errors as shares of requests in percent. */
export function coursesOf(stats: Drawn): Courses {
  const { step_s: stepS, last_s: lastS, series } = stats
  const [one = {}] = series
  const times = timesOf(stats)
  const known = knownSteps(stats, times)
  // A column that is left out was zero throughout.
  const column = (name: Column): Values => one[name] ?? known.map((isKnown) => (isKnown ? 0 : null))
  const lengthOf = (at: number): number => (at === times.length - 1 ? lastS : stepS)
  const aSecond = (name: Column): Values =>
    column(name).map((value, at) =>
      value === null || lengthOf(at) < stepS * ENOUGH ? null : value / lengthOf(at),
    )
  const latency = (name: Column): Values => one[name] ?? times.map(() => null)
  const share = (name: Column): Values => sharesOf(column(name), column('requests'))
  return {
    times,
    requests: aSecond('requests'),
    clientErrors: share('client_errors'),
    serverErrors: share('server_errors'),
    connections: aSecond('connections'),
    active: column('active'),
    bytesIn: aSecond('bytes_in'),
    bytesOut: aSecond('bytes_out'),
    p50: latency('p50_ms'),
    p95: latency('p95_ms'),
    p99: latency('p99_ms'),
  }
}

function timesOf({ step_s: stepS, from, to }: Drawn): readonly number[] {
  const begin = Date.parse(from) / 1000
  const steps = Math.max(0, Math.round((Date.parse(to) / 1000 - begin) / stepS))
  return Array.from({ length: steps }, (_, at) => begin + at * stepS)
}

/** Where any column says something; where there is none at all, from the start of what is kept on. */
function knownSteps(
  { series: [one], step_s: stepS, since }: Drawn,
  times: readonly number[],
): readonly boolean[] {
  const columns = Object.values(one ?? {}).filter((column) => Array.isArray(column))
  if (columns.length > 0) return times.map((_, at) => columns.some((column) => (column[at] ?? null) !== null))
  const beganS = since === null ? Number.POSITIVE_INFINITY : Date.parse(since) / 1000
  return times.map((time) => time + stepS > beganS)
}

/** In percent; null where there was no request. */
const sharesOf = (some: Values, all: Values): Values =>
  some.map((count, at) => {
    const of = all[at] ?? null
    return count === null || of === null || of === 0 ? null : (count / of) * 100
  })

/** The highest, and where it was; null: nothing is known. */
export function peakOf(values: Values, times: readonly number[]): { value: number; at: number } | null {
  let peak: { value: number; at: number } | null = null
  values.forEach((value, at) => {
    if (value !== null && (peak === null || value > peak.value)) peak = { value, at: times[at] ?? 0 }
  })
  return peak
}

export interface PeakWords {
  readonly unit?: string
  /** What is told beside it: a second may be above the mean of each step so far. */
  readonly now?: number | null
}

/** `peak 2,731 at 03:01`; '' where nothing is known. */
export function saidPeak(
  values: Values,
  times: readonly number[],
  { unit = '', now = null }: PeakWords = {},
): string {
  const peak = peakOf(values, times)
  if (peak === null || peak.value === 0) return ''
  if (isAbove(now, peak.value)) return 'at its peak now'
  return `peak ${number(peak.value)}${unit === '' ? '' : ` ${unit}`} at ${clock(peak.at * 1000)}`
}

/** As far as it is told. */
export const isAbove = (now: number | null, peak: number): boolean =>
  now !== null && now > peak && number(now) !== number(peak)

/**
 * Since when values have been above a bound without a break, s since 1970; null: the last one that is known
 * is not. Steps without any value do not break it.
 */
export function aboveSince(values: Values, times: readonly number[], bound: number): number | null {
  let since: number | null = null
  for (let at = values.length - 1; at >= 0; at--) {
    const value = values[at] ?? null
    if (value === null) continue
    if (value <= bound) break
    since = times[at] ?? null
  }
  return since
}

/** The last value that is known; null: none is. */
export const lastOf = (values: Values): number | null => values.findLast((value) => value !== null) ?? null

/** The mean of each value and those before it, so many in all: what a single step does is no trend. */
export const smoothed = (values: Values, over: number): Values =>
  values.map((value, at) => {
    const some = values.slice(Math.max(0, at - over + 1), at + 1).filter((one) => one !== null)
    return value === null ? null : some.reduce((sum, one) => sum + one, 0) / some.length
  })

/** Where a time lies in a course, as a share of its width; undefined: outside of it. */
export function placeOf(timeMs: number, times: readonly number[]): number | undefined {
  const [first, last] = [times[0], times.at(-1)]
  if (first === undefined || last === undefined || last === first) return undefined
  const place = (timeMs / 1000 - first) / (last - first)
  return place >= 0 && place <= 1 ? place : undefined
}
