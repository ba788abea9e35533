// Metrics of the cache. Data only.
import { type MetricRow, counter, gauge } from './metric-row.ts'

export const CACHE_METRICS = {
  cache_requests_total: counter(
    "Requests at the cache of a rule: hit (given from the store), collapsed (the same, behind another that asked for it), stale, revalidated (its server said that it has not changed), miss (the answer is its server's), bypass (the cache had no say).",
    'result',
    'rule',
  ),
  cache_entries: gauge('Answers that the cache of a process has stored.', 'process'),
  cache_bytes: gauge('Memory that they take.', 'process'),
  cache_stored_total: counter('Answers that were stored.', 'process'),
  cache_evictions_total: counter('Answers that made room for others.', 'process'),
  cache_purged_total: counter(
    'Answers that were taken out by a purge, or as a request had changed what they tell.',
    'process',
  ),
} as const satisfies Record<string, MetricRow>
