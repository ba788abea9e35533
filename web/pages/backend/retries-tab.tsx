// What is tried again and how long servers have, and what waits for a server with room: how much of it is in
// use, and the fields.
import type { BackendResource } from './backend-fields.ts'
import { ConfigPanels, ConfigTab, type PanelRow } from './config-panels.tsx'
import css from './guards.module.css'
import { LimitCounts, RetryCounts } from './policy-counts.tsx'
import { useDraftOf } from './use-draft-of.ts'

export interface RetriesTabProps {
  readonly resource: BackendResource
  /** What its servers may carry, taken together; null: some have no limit. */
  readonly most: number | null
}

export function RetriesTab({ resource, most }: RetriesTabProps) {
  const draft = useDraftOf(resource)
  const { live, effective } = resource
  return (
    <ConfigTab resource={resource} draft={draft}>
      <div class={css.beside}>
        <RetryCounts live={live} />
        <LimitCounts live={live} size={effective.queue.size ?? 0} servers={most} />
      </div>
      <ConfigPanels draft={draft} panels={RETRIES} />
    </ConfigTab>
  )
}

const RETRIES: readonly PanelRow[] = [
  {
    ...{ title: 'Tries', under: ['retry'] },
    only: ['attempts', 'timeout', 'backoff', 'backoff_max', 'retry_after_max'],
  },
  { title: 'What is tried again', under: ['retry'], only: ['statuses', 'faults'] },
  { title: 'Budget of retries', under: ['retry', 'budget'], only: ['ratio', 'least'] },
  {
    ...{ title: 'Hedging', under: ['retry', 'hedge'] },
    turns: 'Ask another server as well where one lets wait',
    only: ['quantile', 'after', 'most'],
  },
  { title: 'Most at once', only: ['max_connections'] },
  { title: 'Queue', under: ['queue'], only: ['size', 'timeout'] },
  {
    ...{ title: 'Adaptive limit', under: ['adaptive_limit'] },
    turns: 'Find by itself how many may wait for answers',
    only: ['mode', 'least', 'most', 'window', 'quantile', 'headroom', 'measure_every'],
  },
  {
    ...{ title: 'Time that servers have', under: ['timeouts'] },
    only: ['connect', 'response', 'idle', 'stream', 'total'],
  },
]
