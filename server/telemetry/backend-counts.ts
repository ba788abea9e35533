// Counters whose first label is a backend, and whose second says what of it was counted.
import type { MetricName } from '../tables/metrics.ts'
import type { Totals } from './registry.ts'
import { Counter } from './series.ts'

/** By a word each. */
export type Counts = Readonly<Record<string, number>>

/** By backend, then by the second label: '' where there is none. */
export function backendCounts(totals: Totals, name: MetricName): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Record<string, number>>()
  for (const series of totals.families.get(name)?.series.values() ?? []) {
    if (!(series instanceof Counter)) continue
    const [backend = '', word = ''] = series.labels
    const own = counts.get(backend) ?? {}
    own[word] = (own[word] ?? 0) + series.value
    counts.set(backend, own)
  }
  return counts
}
