// What is shown while there is nothing to look at: how to get there.
import type { ComponentChildren } from 'preact'
import type { Overview } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import { frame } from '../../data/live.ts'
import { STATUS } from '../../data/overview.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Shape } from '../../parts/status.tsx'
import { Code } from '../../parts/words.tsx'
import { tryLine } from './try-line.ts'
import css from './overview.module.css'

/** Nothing leads anywhere yet: neither a backend nor a rule that answers by itself. */
export const isBare = ({ counts }: Pick<Overview, 'counts'>): boolean =>
  counts.listeners === 0 || (counts.backends === 0 && counts.rules === 0)

/** Three steps to the first request, or the line to try where only that is missing. */
export function FirstRun({ overview }: { readonly overview: Overview }) {
  const status = useHeld('GET /api/v1/status', {}, { ...STATUS, everyMs: 5000 }).value.value
  const file = useHeld('GET /api/v1/config/status', {}, { topics: ['config'], everyMs: 15_000 }).value.value
    ?.disk.file
  if (status === null) return null
  const line = tryLine(status.listeners, location.hostname)
  const { counts } = overview
  if (!isBare(overview))
    // What was counted before this worker's start is in the total too.
    return hasTraffic(status.total_requests) || line === null ? null : <NoTraffic line={line} />
  return (
    <Panel title="Three steps to the first request">
      <ol class={css.steps}>
        <Step n={1} isDone={counts.backends > 0} title="Add a backend" to="/backends?new=">
          The servers that answer: one address each, such as http://127.0.0.1:3000.
        </Step>
        <Step n={2} isDone={counts.listeners > 0} title="Add a listener" to="/listeners?new=">
          The address that clients connect to, such as 0.0.0.0:8080, and the backend that it leads to.
        </Step>
        <Step n={3} isDone={false} title="Try it">
          {line === null ? (
            'The command to try it stands here once there is a listener.'
          ) : (
            <Code text={line} isCopied />
          )}
        </Step>
      </ol>
      {file !== undefined && (
        <p class={css.orFile}>
          Or edit <code>{file}</code> with whatever you like, or in the <a href={to('/config')}>editor</a>:
          both are the same to the gateway, and this page follows.
        </p>
      )}
    </Panel>
  )
}

const hasTraffic = (total: number): boolean => {
  const now = frame.value?.gateway
  return total > 0 || (now?.['connections'] ?? 0) > 0 || (now?.['active'] ?? 0) > 0
}

function NoTraffic({ line }: { readonly line: string }) {
  return (
    <Panel title="No request has come yet">
      <p class={css.tryIt}>
        <span>Try it from a shell:</span>
        <Code text={line} isCopied />
      </p>
    </Panel>
  )
}

interface StepProps {
  readonly n: number
  readonly isDone: boolean
  readonly title: string
  /** Where it is done. */
  readonly to?: string
  readonly children: ComponentChildren
}

function Step({ n, isDone, title, to: path, children }: StepProps) {
  return (
    <li>
      {isDone ? <Shape state="up" size={16} label="done" /> : <span class={css.stepNumber}>{n}</span>}
      <div>
        <h3>{title}</h3>
        <div class={css.stepWords}>{children}</div>
      </div>
      {path !== undefined && !isDone && (
        <Button kind={n === 1 ? 'ink' : 'plain'} href={to(path)} needs="editor">
          {title}
        </Button>
      )}
    </li>
  )
}
