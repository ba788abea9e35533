// How busy everything is: per second, over the last seconds.
import { COUNTED, FIGURE_KINDS, type FigureKind } from '../../tables/figures.ts'
import type { FigureHistory } from './figure-history.ts'
import { LATENCIES } from './columns.ts'
import { queried, type SeriesColumns } from './query.ts'

const OVER_S = 10

export function nowDocument(history: FigureHistory, wallMs: number): object {
  const ofKind = (kind: FigureKind): object[] => {
    const { series } = queried(history, { kind, name: null, windowS: OVER_S, stepS: 1 }, wallMs)
    return series.map((one) => ({ ...nameOf(kind, one.name), ...ratesOf(one.columns) }))
  }
  const [gateway = {}, ...others] = FIGURE_KINDS.map((kind, i) => (i === 0 ? ofKind(kind)[0] : ofKind(kind)))
  const [listeners, rules, backends, servers] = others
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
