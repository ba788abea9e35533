// The steps of a certificate as tries, each with where it got to: for people who look why there is none.
import type { Step } from './step-log.ts'

/** In the order in which they come. */
export type Stage = 'begin' | 'account' | 'order' | 'challenge' | 'finalize' | 'served' | 'failed' | 'note'

export interface ToldStep extends Step {
  readonly stage: Stage
  /** Until the next one; null: it is the last. */
  readonly took_ms: number | null
}

export interface Run {
  readonly started: string
  readonly ended: string | null
  readonly outcome: 'obtained' | 'failed' | 'given_up' | 'running'
  readonly steps: readonly ToldStep[]
  /** What it failed of, in the words of the CA where those are known. */
  readonly why: string | null
  /** How far it got. */
  readonly reached: Stage
}

/** By how a step's words begin, as keeper.ts, attempt.ts, order.ts and dns-hook.ts write them. */
const STAGES: readonly (readonly [RegExp, Stage])[] = [
  [/^(?:obtains it|renews it|told to try now)/, 'begin'],
  [/^made an account at |knows our account no more$/, 'account'],
  [/^ordered |^the CA does not take it as a replacement/, 'order'],
  [
    /^asked the CA to look at |^the CA believes |^waits .* for the records|\((?:present|cleanup|[a-z-]+)\) (?:is done|wrote)/,
    'challenge',
  ],
  [/^sent the certificate request/, 'finalize'],
  [/^obtained it from /, 'served'],
  [/^(?:failed: |tries again at |given up)/, 'failed'],
]

const stageOf = (step: string): Stage => STAGES.find(([pattern]) => pattern.test(step))?.[1] ?? 'note'
const isBegin = ({ step }: Step): boolean => step === 'obtains it' || step === 'renews it'

const PATH: readonly Stage[] = ['begin', 'account', 'order', 'challenge', 'finalize', 'served']

/** The newest first; `isBusy`: the newest goes on. */
export function runsOf(steps: readonly Step[], isBusy: boolean): Run[] {
  const runs: Step[][] = []
  for (const step of steps)
    if (isBegin(step) || runs.length === 0) runs.push([step])
    else runs.at(-1)?.push(step)
  return runs.map((run, place) => runOf(run, isBusy && place === runs.length - 1)).toReversed()
}

function runOf(steps: readonly Step[], isRunning: boolean): Run {
  const told = steps.map((one, place): ToldStep => {
    const next = steps[place + 1]
    return {
      ...one,
      stage: stageOf(one.step),
      took_ms: next === undefined ? null : Math.max(0, Date.parse(next.time) - Date.parse(one.time)),
    }
  })
  const has = (start: string): boolean => steps.some(({ step }) => step.startsWith(start))
  const isObtained = has('obtained it from ')
  const outcome = isObtained ? 'obtained' : has('given up') ? 'given_up' : isRunning ? 'running' : 'failed'
  const reached = PATH.findLast((stage) => told.some((one) => one.stage === stage)) ?? 'begin'
  return {
    started: steps[0]?.time ?? '',
    ended: outcome === 'running' ? null : (steps.at(-1)?.time ?? null),
    outcome,
    steps: told,
    why: outcome === 'failed' ? whyOf(told) : null,
    reached,
  }
}

/** What was said last that is no step on the way: the CA's words, or what stood against asking it. */
function whyOf(steps: readonly ToldStep[]): string | null {
  const own = steps.findLast(({ step }) => step.startsWith('failed: '))
  const said = own ?? steps.findLast(({ stage }) => stage === 'note')
  return said?.step.replace(/^failed: /, '') ?? null
}
