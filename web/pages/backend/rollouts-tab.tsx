// Rollouts of a backend: the one that runs, with what can be done about it, and those that are over.
import { useSignal } from '@preact/signals'
import { useHeld } from '../../data/held.ts'
import { type Rollout, wishRollout, type RolloutWish } from '../../data/rollouts.ts'
import { age, count } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type State, Status } from '../../parts/status.tsx'
import { type Step, Steps } from '../../parts/steps.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { useAddress } from '../../parts/use-address.ts'
import css from './rollouts.module.css'
import { progressOf } from './rollout-words.ts'

/** Asked once for the page and its tab. */
export function useRollouts(backend: string): readonly Rollout[] | null {
  const held = useHeld(
    'GET /api/v1/backends/{backend}/rollouts',
    { backend },
    {
      topics: ['config', 'health'],
      everyMs: 2000,
    },
  ).value.value
  return (held?.rollouts ?? null) as unknown as readonly Rollout[] | null
}

export const isUnderWay = ({ state }: Rollout): boolean => state === 'running' || state === 'paused'

export function RolloutsTab({ backend }: { readonly backend: string }) {
  const rollouts = useRollouts(backend)
  const { put } = useAddress()
  if (rollouts === null) return <Loading lines={4} />
  if (rollouts.length === 0)
    return (
      <Panel>
        <Empty
          title="No rollout yet"
          action={
            <Button needs="editor" onPress={() => put({ new: 'rollout' })}>
              Roll out…
            </Button>
          }
        >
          New servers come in batches, are waited for until they are up, and take the place of old ones. Where
          5xx, latency or health get worse, all of it is taken back.
        </Empty>
      </Panel>
    )
  return (
    <div class="stack">
      {rollouts.map((one) => (
        <RolloutPanel key={one.id} backend={backend} rollout={one} />
      ))}
    </div>
  )
}

const STATES: Readonly<Record<Rollout['state'], readonly [State, string]>> = {
  running: ['drain', 'Running'],
  paused: ['maint', 'Paused'],
  done: ['up', 'Done'],
  failed: ['down', 'Failed'],
  aborted: ['unk', 'Ended early'],
}

interface RolloutPanelProps {
  readonly backend: string
  readonly rollout: Rollout
}

function RolloutPanel({ backend, rollout }: RolloutPanelProps) {
  const { facts, started, ended } = rollout
  const [state, word] = STATES[rollout.state]
  const { done, of } = progressOf(rollout)
  const isOn = isUnderWay(rollout)
  return (
    <Panel
      title={
        <span class={css.title}>
          <Status state={state} word={word} isQuiet={rollout.state === 'done'} />
          {count(facts.added?.length ?? 0, 'new server')}
        </span>
      }
      end={
        isOn ? (
          <Wishes backend={backend} rollout={rollout} />
        ) : (
          <span>
            {facts.by} · <Age at={started} /> ago
            {ended !== null && `, took ${age((Date.parse(ended) - Date.parse(started)) / 1000)}`}
          </span>
        )
      }
    >
      <div class={css.progress}>
        <span class={css.bar} role="img" aria-label={`${done} of ${of} batches are through`}>
          {Array.from({ length: Math.min(of, 60) }, (_, at) => (
            <i key={at} class={at < done ? css.through : at === done && isOn ? css.now : undefined} />
          ))}
        </span>
        <span>
          {done} of {count(of, 'batch', 'batches')}
        </span>
        {isOn && (
          <span class="quiet">
            by {facts.by}, for <Age at={started} />
          </span>
        )}
      </div>
      {typeof facts.why === 'string' && (
        <Note state={rollout.state === 'failed' ? 'down' : 'warn'} title={facts.why} />
      )}
      <Steps steps={stepsOf(rollout)} />
    </Panel>
  )
}

function stepsOf(rollout: Rollout): Step[] {
  const steps = rollout.steps.map(({ time, what }): Step => ({
    state: what.startsWith('paused') ? 'maint' : what.startsWith('taken back') ? 'warn' : 'up',
    title: what,
    time: <Time at={time} />,
  }))
  if (rollout.state === 'running') steps.push({ state: 'drain', title: waitedFor(rollout) })
  return steps
}

/** What comes next, as the last step tells it. */
function waitedFor({ steps, facts }: Rollout): string {
  const last = steps.at(-1)?.what ?? ''
  if (last.endsWith('added')) return 'waits until they are up'
  if (last.endsWith('removed')) return `looks for ${facts.interval_s ?? 10} s whether anything gets worse`
  return 'begins'
}

const WISHES: readonly (readonly [RolloutWish, string, string])[] = [
  ['pause', 'Pause', 'It waits before its next step'],
  ['resume', 'Go on', 'It goes on'],
  ['abort', 'End here', 'It ends, and what was done stays'],
  ['rollback', 'Take back', 'It ends, and what was before it is served'],
]

function Wishes({ backend, rollout }: RolloutPanelProps) {
  const problem = useSignal<string | null>(null)
  const busy = useSignal<RolloutWish | null>(null)
  const isPaused = rollout.state === 'paused'
  const shown = WISHES.filter(([wish]) =>
    wish === 'pause' ? !isPaused : wish === 'resume' ? isPaused : true,
  )
  const tell = async (wish: RolloutWish): Promise<void> => {
    busy.value = wish
    const answer = await wishRollout(backend, rollout.id, wish)
    busy.value = null
    problem.value = answer.ok ? null : answer.problem.detail
  }
  return (
    <>
      {problem.value !== null && <span role="alert">{problem.value}</span>}
      {shown.map(([wish, word, title]) => (
        <span key={wish} title={title}>
          <Button
            size="sm"
            needs="editor"
            kind={wish === 'rollback' ? 'danger' : 'plain'}
            isBusy={busy.value === wish}
            onPress={() => void tell(wish)}
          >
            {word}
          </Button>
        </span>
      ))}
    </>
  )
}
