// What became of retries and sessions since the gateway was started.
import type { BackendLive } from '../../data/servers.ts'
import { Panel } from '../../parts/panel.tsx'
import css from './guards.module.css'
import { type Counted, limitCounts, retryCounts, sessionCounts } from './policy-words.ts'

interface LiveProps {
  readonly live: BackendLive | null
}

export const RetryCounts = ({ live }: LiveProps) => <CountsPanel title="Retries" counts={retryCounts(live)} />

export const SessionCounts = ({ live }: LiveProps) => (
  <CountsPanel title="Requests by their session" counts={sessionCounts(live)} />
)

export interface LimitCountsProps extends LiveProps {
  /** Of its queue, in each worker. */
  readonly size: number
  /** What its servers may carry, taken together; null: some have no limit. */
  readonly servers: number | null
}

export const LimitCounts = ({ live, ...limits }: LimitCountsProps) => (
  <CountsPanel title="Limits in use" since="now" counts={limitCounts(live, limits)} />
)

interface CountsProps {
  readonly title: string
  readonly since?: string
  readonly counts: readonly Counted[] | null
}

function CountsPanel({ title, counts, since = 'since the start of the gateway' }: CountsProps) {
  if (counts === null) return null
  return (
    <Panel title={title} end={<span class="small quiet">{since}</span>}>
      <dl class={css.counts}>
        {counts.map(({ label, value, more, used }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {value}
              {used !== undefined && (
                <span class={css.wide}>
                  <i
                    class={used >= 1 ? css.full : undefined}
                    style={{ width: `${Math.min(1, used) * 100}%` }}
                  />
                </span>
              )}
              <small>{more}</small>
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
