// What is shown while there is nothing to look at: how to get there.
import type { ComponentChildren } from 'preact'
import type { Overview } from '../../data/api-types.ts'
import { changeCount, changes } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { frame } from '../../data/live.ts'
import { STATUS } from '../../data/overview.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Shape, Tag } from '../../parts/status.tsx'
import { Code } from '../../parts/words.tsx'
import css from './overview.module.css'
import { type StepState, type Steps, stepsOf } from './steps-to-go.ts'
import { tryLine } from './try-line.ts'

/** With more backends than this somebody knows their way. */
const FEW = 1

/** Null: there is something that leads to a server, or it is not known yet. */
export function useSteps(overview: Overview | null): Steps | null {
  const isOff = overview === null || overview.counts.backends > FEW
  const query = { limit: 100, fields: 'configured' }
  const holding = { query, topics: ['config'], isOff }
  const listeners = useHeld('GET /api/v1/listeners', {}, holding).value.value
  const rules = useHeld('GET /api/v1/rules', {}, holding).value.value
  if (isOff || listeners === null || rules === null) return null
  const { backends } = overview.counts
  return stepsOf({ backends, listeners: listeners.items, rules: rules.items, changes: changes.value })
}

/** Three steps to the first request that a server answers. */
export function FirstSteps({ steps }: { readonly steps: Steps }) {
  const { line } = useListeners()
  const file = useHeld('GET /api/v1/config/status', {}, { topics: ['config'], everyMs: 15_000 }).value.value
    ?.disk.file
  const isReady = steps.backend !== 'open' && steps.lead !== 'open' && changeCount.value > 0
  return (
    <Panel title="Three steps to the first request">
      <ol class={css.steps}>
        <Step n={1} state={steps.backend} title="Add a backend" to="/backends?new=1" isNext>
          The servers that answer: an address each, such as http://127.0.0.1:3000.
        </Step>
        <Step
          n={2}
          state={steps.lead}
          title="Lead requests to it"
          to="/rules?new=1"
          isNext={steps.backend !== 'open'}
        >
          A rule says which: by host, path or header, or all of them. Of all rules the first that matches
          wins.
        </Step>
        <Step n={3} state="open" title={isReady ? 'Review, apply and try it' : 'Try it'}>
          {line === null ? (
            'The command to try it stands here once a listener is open.'
          ) : (
            <Code text={line} isCopied />
          )}
          {isReady && (
            <Button kind="ink" href={to('/review')}>
              Review
            </Button>
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

/** Where all is set up and nobody has come: the line to try. */
export function NoTraffic() {
  const { line, total } = useListeners()
  const now = frame.value?.gateway
  const isBusy = (now?.['connections'] ?? 0) > 0 || (now?.['active'] ?? 0) > 0
  if (line === null || total === null || total > 0 || isBusy) return null
  return (
    <Panel title="No request has come yet">
      <p class={css.tryIt}>
        <span>Try it from a shell:</span>
        <Code text={line} isCopied />
      </p>
    </Panel>
  )
}

function useListeners() {
  const status = useHeld('GET /api/v1/status', {}, { ...STATUS, everyMs: 5000 }).value.value
  return {
    line: status === null ? null : tryLine(status.listeners, location.hostname),
    total: status?.total_requests ?? null,
  }
}

interface StepProps {
  readonly n: number
  readonly state: StepState
  readonly title: string
  /** Where it is done. */
  readonly to?: string
  readonly isNext?: boolean
  readonly children: ComponentChildren
}

function Step({ n, state, title, to: path, isNext = false, children }: StepProps) {
  return (
    <li>
      {state === 'open' ? (
        <span class={css.stepNumber}>{n}</span>
      ) : (
        <Shape state={state === 'done' ? 'up' : 'draft'} size={16} />
      )}
      <div>
        <h3>
          {title} {state === 'drafted' && <Tag state="draft">in the draft</Tag>}
          {state === 'done' && <span class="sr">: done</span>}
        </h3>
        <div class={css.stepWords}>{children}</div>
      </div>
      {path !== undefined && state === 'open' && (
        <span class={css.stepAction}>
          <Button kind={isNext ? 'ink' : 'plain'} href={to(path)} needs="editor">
            {title}
          </Button>
        </span>
      )}
    </li>
  )
}
