// What was found of a server lately, and a check now.
import { useSignal } from '@preact/signals'
import type { AnswerOf } from '../../data/api.ts'
import { useHeld } from '../../data/held.ts'
import type { Problem } from '../../data/problem.ts'
import { checkNow, type CheckAnswer } from '../../data/server-orders.ts'
import { took } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Status } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import { Code } from '../../parts/words.tsx'
import type { CheckFields } from './backend-fields.ts'
import { checkSentence } from './check-words.ts'
import css from './server-drawer.module.css'

/** Entries that are shown. */
const SHOWN = 12

export interface ServerChecksProps {
  readonly backend: string
  readonly server: string
  /** With every default; all must pass. */
  readonly checks: readonly CheckFields[]
}

export function ServerChecks({ backend, server, checks }: ServerChecksProps) {
  const held = useHeld(
    'GET /api/v1/backends/{backend}/servers/{server}/health',
    { backend, server },
    { topics: ['health', 'server'], everyMs: 5000 },
  ).value
  const isBusy = useSignal(false)
  const answer = useSignal<CheckAnswer | null>(null)
  const problem = useSignal<Problem | null>(null)
  const run = async (): Promise<void> => {
    isBusy.value = true
    const got = await checkNow(backend, server)
    isBusy.value = false
    answer.value = got.ok ? got.value : null
    problem.value = got.ok ? null : got.problem
  }
  return (
    <section class={css.checks} aria-label="Last checks">
      <header class={css.head}>
        <h3>Last checks</h3>
        <Button
          size="sm"
          icon="refresh"
          needs="operator"
          isBusy={isBusy.value}
          busyWord="Checking"
          onPress={() => void run()}
        >
          Check now
        </Button>
      </header>
      {checks.length === 0 && (
        <p class="small quiet">No health check is configured: only requests tell how it is.</p>
      )}
      {checks.map((check, index) => (
        <p key={index} class="small quiet">
          {checkSentence(check)}
        </p>
      ))}
      {checks.length > 1 && <States states={held.value?.checks ?? []} />}
      {problem.value !== null && (
        <Note state="warn" title={problem.value.title} isUrgent>
          {problem.value.detail} {problem.value.hint}
        </Note>
      )}
      {answer.value !== null && <Answer answer={answer.value} />}
      {held.value === null && held.problem === null && <Loading lines={3} />}
      {held.value !== null && held.value.entries.length === 0 && checks.length > 0 && (
        <p class="small quiet">Nothing was found yet.</p>
      )}
      <ul class={css.list}>
        {held.value?.entries.slice(0, SHOWN).map((entry) => (
          <li key={`${entry.time} ${entry.change} ${entry.result} ${entry.check}`}>
            <Time at={entry.time} />
            <Status {...shownEntry(entry)} />
            <span class={css.ms}>{entry.ms === null ? '' : took(entry.ms)}</span>
            <span class={css.because}>{becauseOf(entry, checks.length > 1)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

type Held = AnswerOf<'GET /api/v1/backends/{backend}/servers/{server}/health'>

/** What was found, and by which of several checks. */
function becauseOf({ reason, change, state, check }: Held['entries'][number], isNamed: boolean): string {
  const found = reason ?? (change ? `now ${state}` : '')
  return isNamed && check !== null ? `${check}${found === '' ? '' : `: ${found}`}` : found
}

/** What each of several checks says. */
function States({ states }: { readonly states: NonNullable<Held['checks']> }) {
  return (
    <ul class={css.list} aria-label="What each check says">
      {states.map(({ check, state, reason, last }) => (
        <li key={check}>
          {last === null ? <span>not yet</span> : <Time at={last.time} />}
          <Status
            state={state === 'up' ? 'up' : state === 'down' ? 'down' : 'unk'}
            word={state === 'up' ? 'Passes' : state === 'down' ? 'Fails' : 'Unchecked'}
          />
          <span class={css.ms}>{last === null ? '' : took(last.ms)}</span>
          <span class={css.because}>
            {check}
            {reason === null ? '' : `: ${reason}`}
          </span>
        </li>
      ))}
    </ul>
  )
}

function shownEntry({ result, state }: { readonly result: string | null; readonly state: string }) {
  if (result === 'pass') return { state: 'up', word: 'Passed' } as const
  if (result === 'fail') return { state: 'down', word: 'Failed' } as const
  const look = state === 'up' ? 'up' : state === 'down' ? 'down' : 'unk'
  return { state: look, word: `Now ${state}` } as const
}

/** What came of the check that was asked for. */
function Answer({ answer: { checks, ...first } }: { readonly answer: CheckAnswer }) {
  const all = checks.length > 1 ? checks : [first]
  return all.map((answer) => <OneAnswer key={answer.check} answer={answer} isNamed={all.length > 1} />)
}

interface OneAnswerProps {
  readonly answer: CheckAnswer['checks'][number]
  readonly isNamed: boolean
}

function OneAnswer({ answer, isNamed }: OneAnswerProps) {
  const isPassed = answer.result === 'pass'
  const status = answer.status === null ? '' : `, status ${answer.status}`
  return (
    <Note
      state={isPassed ? 'up' : 'down'}
      isUrgent
      title={`${isNamed ? `${answer.check}: ` : ''}${isPassed ? 'Passed' : 'Failed'} in ${took(answer.ms)}${status}`}
    >
      {answer.reason}
      {answer.answer !== null && answer.answer !== '' && <Code text={answer.answer} isBlock />}
      {answer.answer_bytes > 1024 && `The first KiB of ${answer.answer_bytes} bytes.`}
    </Note>
  )
}
