// What was done to obtain a certificate: the last try step by step, those before it in a line each.
import type { CertificateLog } from '../../data/api-types.ts'
import type { Renewal } from '../../data/certificates.ts'
import { sentence } from '../../data/reviewing.ts'
import { useHeld } from '../../data/held.ts'
import { took } from '../../data/say.ts'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import { type Step, Steps } from '../../parts/steps.tsx'
import { Time } from '../../parts/time.tsx'
import { Copy } from '../../parts/words.tsx'
import css from './certificates.module.css'
import { logText, type Run, stagesOf } from './step-words.ts'

export interface RenewalLogProps {
  readonly name: string
  readonly renewal: Renewal
}

export function RenewalLog({ name, renewal }: RenewalLogProps) {
  const held = useHeld(
    'GET /api/v1/certificates/{certificate}/log',
    { certificate: name },
    { topics: ['certificate'], ...(renewal.state === 'obtaining' && { everyMs: 2000 }) },
  ).value
  const log = held.value
  return (
    <section class={css.section} aria-label="What was done for it">
      <header class={css.head}>
        <h3>What was done for it</h3>
        {log !== null && log.runs.length > 0 && (
          <span class="row small quiet">
            <Copy text={logText(log)} label="the log" /> copy log
          </span>
        )}
      </header>
      {log === null && held.problem === null && <Loading lines={4} />}
      {held.problem !== null && (
        <Note state="warn" title={held.problem.title}>
          {held.problem.detail}
        </Note>
      )}
      {log !== null && <Runs log={log} renewal={renewal} />}
    </section>
  )
}

const OUTCOMES = {
  obtained: ['up', 'Obtained'],
  failed: ['down', 'Failed'],
  given_up: ['unk', 'Given up'],
  running: ['drain', 'Under way'],
} as const

const outcomeOf = (run: Run) =>
  OUTCOMES[run.outcome as keyof typeof OUTCOMES] ?? (['unk', run.outcome] as const)

function Runs({ log, renewal }: { readonly log: CertificateLog; readonly renewal: Renewal }) {
  const [last, ...before] = log.runs
  if (last === undefined)
    return (
      <p class="supporting">
        Nothing since the gateway has started:{' '}
        {renewal.state === 'good' ? 'it is good until its renewal.' : 'it is about to be asked for.'}
      </p>
    )
  const [state, word] = outcomeOf(last)
  const ms = last.ended === null ? null : Date.parse(last.ended) - Date.parse(last.started)
  return (
    <>
      <p class="row">
        <Tag state={state}>{word}</Tag>
        <span class="small quiet">
          <Time at={last.started} />
          {renewal.last_failure !== null &&
            last.outcome === 'failed' &&
            renewal.last_failure.in_a_row > 1 &&
            `, try ${renewal.last_failure.in_a_row} in a row`}
          {ms !== null && ` · ${took(ms)}`}
        </span>
      </p>
      <Steps steps={stagesOf(last).map((stage) => stepOf(stage, last, renewal))} />
      {before.length > 0 && (
        <ul class={css.found} aria-label="Tries before">
          {before.slice(0, 5).map((run) => (
            <Before key={run.started} run={run} />
          ))}
        </ul>
      )}
    </>
  )
}

function stepOf(stage: ReturnType<typeof stagesOf>[number], run: Run, renewal: Renewal): Step {
  const { state, title, time, said, isFailure } = stage
  const isQuiet = state === 'unk'
  const why = run.why ?? renewal.last_failure?.why ?? null
  // The error is told below: not twice.
  const words = isFailure ? said.filter((one) => one !== why) : said
  const hint = renewal.last_failure?.hint ?? null
  return {
    state,
    title: isQuiet ? <span class="quiet">{title}</span> : <span class="name">{title}</span>,
    time,
    details: (
      <>
        {words.map((one, at) => (
          <div key={at}>{one}</div>
        ))}
        {isFailure && (
          <dl class={css.cause}>
            <dt>Error</dt>
            <dd>{sentence(why ?? 'the CA did not say why')}</dd>
            {hint !== null && (
              <>
                <dt>To do</dt>
                <dd>{sentence(hint)}</dd>
              </>
            )}
            <dt>Then</dt>
            <dd>
              Try now asks the CA once more; each failure counts for its limits.
              {renewal.next_try !== null && (
                <>
                  {' '}
                  By itself it is tried at <Time at={renewal.next_try} />.
                </>
              )}
            </dd>
          </dl>
        )}
      </>
    ),
  }
}

function Before({ run }: { readonly run: Run }) {
  const [state, word] = outcomeOf(run)
  return (
    <li>
      <span />
      <span>
        <Status state={state} word={word} isQuiet />{' '}
        <span class="small quiet">
          <Time at={run.started} />
          {run.why !== null && `: ${run.why}`}
        </span>
      </span>
    </li>
  )
}
