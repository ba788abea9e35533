// How busy everything is: per second, over the last seconds.
import { COUNTED, FIGURE_KINDS, type FigureKind } from '../../tables/figures.ts'
import type { FigureHistory } from './figure-history.ts'
import { LATENCIES } from './columns.ts'
import { queriedSteps, type SeriesColumns } from './query.ts'
import type { Steps } from '../../lib/slices.ts'

const OVER_S = 10

export function* nowDocumentSteps(history: FigureHistory, wallMs: number): Steps<object> {
  const all: object[][] = []
  for (const kind of FIGURE_KINDS) {
    const { series } = yield* queriedSteps(history, { kind, name: null, windowS: OVER_S, stepS: 1 }, wallMs)
    all.push(series.map((one) => ({ ...nameOf(kind, one.name), ...ratesOf(one.columns) })))
    yield
  }
  const [[gateway = {}] = [], listeners, rules, backends, servers] = all
  return {
    time: new Date(wallMs).toISOString(),
    over_s: OVER_S,
    gateway,
    ...{ listeners, rules, backends, servers },
  }
}

/** A server's name has that of its backend in front. */
export function nameOf(kind: FigureKind, name: string): object {
  const at = name.indexOf('/')
  return kind === 'server' && at > 0 ? { backend: name.slice(0, at), server: name.slice(at + 1) } : { name }
}

function ratesOf(columns: SeriesColumns['columns']): object {
  const rates: Record<string, number | null> = {}
  for (const name of COUNTED) {
    const values = (columns[name] ?? []).map((one) => one ?? 0)
    if (name === 'active') rates[name] = values.at(-1) ?? 0
    else rates[`${name}_per_s`] = Math.round((sum(values) / OVER_S) * 100) / 100
  }
  for (const name of LATENCIES) {
    const values = (columns[name] ?? []).filter((one) => one !== null)
    const mean = values.length === 0 ? null : sum(values) / values.length
    const shown = name === 'p50_ms' || mean === null ? mean : Math.max(...values)
    rates[name] = shown === null ? null : Math.round(shown * 100) / 100
  }
  return rates
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
