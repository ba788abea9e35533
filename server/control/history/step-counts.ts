// What the steps of rules have decided since the start, over all workers: as the metrics have it.
import { METRICS, type MetricName } from '../../tables/metrics.ts'
import type { Totals } from '../../telemetry/registry.ts'
import { Counter } from '../../telemetry/series.ts'

/** By step, then by decision: `{ rate_limit: { allowed: 9, refused: 1 } }`. */
export type StepCounts = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Metrics that count decisions by rule, and the step that each is of; null: their label says it. */
const OF_STEP: Partial<Record<MetricName, string | null>> = {
  rate_limit_requests_total: 'rate_limit',
  concurrency_requests_total: 'concurrency',
  bandwidth_bodies_total: 'bandwidth_limit',
  tarpit_requests_total: 'tarpit',
  cors_requests_total: 'cors',
  csrf_requests_total: 'csrf',
  access_requests_total: null,
}

/** By rule; those of which nothing was decided are left out. */
export function stepCounts(totals: Totals): ReadonlyMap<string, StepCounts> {
  const counts = new Map<string, Record<string, Record<string, number>>>()
  const add = (rule: string, step: string, decision: string, count: number): void => {
    const own = counts.get(rule) ?? {}
    const decided = (own[step] ??= {})
    decided[decision] = (decided[decision] ?? 0) + count
    counts.set(rule, own)
  }
  for (const [name, step] of Object.entries(OF_STEP) as [MetricName, string | null][]) {
    const of = placesIn(name)
    for (const { labels, value } of countersOf(totals, name))
      add(labels[of.rule] ?? '', step ?? labels[of.step] ?? '', labels[of.decision] ?? '', value)
  }
  // Of steps that count nothing else by rule: ip, body_limit and the like.
  const of = placesIn('shadow_refusals_total')
  for (const { labels, value } of countersOf(totals, 'shadow_refusals_total')) {
    const [rule = '', step = ''] = [labels[of.rule], labels[of.step]]
    if (counts.get(rule)?.[step]?.['shadow'] === undefined) add(rule, step, 'shadow', value)
  }
  return counts
}

const countersOf = (totals: Totals, name: MetricName): Counter[] =>
  [...(totals.families.get(name)?.series.values() ?? [])].filter((one) => one instanceof Counter)

function placesIn(name: MetricName): Readonly<Record<'rule' | 'step' | 'decision', number>> {
  const labels: readonly string[] = METRICS[name].labels
  return { rule: labels.indexOf('rule'), step: labels.indexOf('step'), decision: labels.indexOf('decision') }
}
