// What the middleware of a rule, and its limit, would do with a request, as far as that hangs on the request
// alone: its steps are made as workers make them, and those that judge by the client or the body are asked.
import type { Exchange } from '../../http/exchange.ts'
import type { RequestHead } from '../../head/request-head.ts'
import type { Leases } from '../../scoreboard/leases.ts'
import { privateRegion, scoreboardOn } from '../../scoreboard/region.ts'
import { wordsOf } from '../../middleware/index.ts'
import { heldBy, heldByRule } from '../../middleware/concurrency.ts'
import type { ConcurrencyConfig } from '../../middleware/concurrency.options.ts'
import type { Middleware, StepWords } from '../../middleware/middleware.ts'
import { makeSteps, scratchGround } from '../../snapshot/rule-steps.ts'
import type { RuleConfig } from '../../rules/rule.options.ts'
import type { FaultCode } from '../../tables/faults.ts'

export interface ExplainedStep {
  readonly name: string
  readonly mode: string
  /** On the request, the head or the body of the answer, or when all is over; none: it is off. */
  readonly acts_on: readonly ('request' | 'answer' | 'body' | 'end')[]
  /**
   * `passes`, `refuses`, `would_refuse` (in shadow: it is only counted), `depends` on what else comes,
   * `not_reached` as one before it refuses, or `off`.
   */
  readonly does: 'passes' | 'refuses' | 'would_refuse' | 'depends' | 'not_reached' | 'off'
  /** How many requests may be under way at once, and which are counted together; left out: it counts none. */
  readonly limit?: string
  /** How many of them are, as of now; left out: nobody here knows. */
  readonly in_use?: number
}

/** The fault of the step that refuses. */
export interface StepRefusal {
  readonly status: number
  readonly fault: FaultCode | null
}

export interface ExplainedSteps {
  readonly steps: readonly ExplainedStep[]
  readonly refusal: StepRefusal | null
  /** That of body_limit, where there is one. */
  readonly bodyLimit: number
}

/**
 * What they do hangs on nothing but the client and the head: they may be asked. Fields that are set may be
 * those that a backend hashes by.
 */
const ASKED = new Set(['ip', 'body_limit', 'headers'])
/** What they do hangs on other requests. */
const COUNTING = new Set(['rate_limit', 'concurrency'])

export function explainSteps(
  {
    name: rule,
    middleware,
    max_connections: max,
  }: Pick<RuleConfig, 'name' | 'middleware' | 'max_connections'>,
  { request, client }: { readonly request: RequestHead; readonly client: string },
  { bodyLimit, leases }: { readonly bodyLimit: number; readonly leases: Leases | null },
): ExplainedSteps {
  const board = scoreboardOn(privateRegion(1, 1), 0)
  const made = makeSteps(middleware, { rule, ground: scratchGround(board), before: [] }, (_, make) => make())
  const x = { request, client: { address: client }, shadow: null, bodyLimit } as unknown as Exchange
  const steps: ExplainedStep[] = []
  const isKnown = leases !== null && leases.isOpen
  const inUse = ({ name, options, earlier }: StepWords): Pick<ExplainedStep, 'in_use'> =>
    name === 'concurrency' && isKnown
      ? { in_use: heldBy(options as ConcurrencyConfig, { rule, earlier, leases }, x) }
      : {}
  let refusal: StepRefusal | null = null
  let at = 0
  for (const words of wordsOfAll(middleware)) {
    const { name, mode } = words
    const step = mode === 'off' ? undefined : made[at++]?.step
    const before = x.shadow
    const isAsked: boolean = refusal === null && step !== undefined && ASKED.has(name)
    const answer: ReturnType<NonNullable<Middleware['request']>> = isAsked
      ? step?.request?.(x, undefined)
      : undefined
    const isRefused = answer !== undefined && !(answer instanceof Promise)
    const told = {
      name,
      mode,
      acts_on: step === undefined ? [] : actsOn(step),
      ...limitOf(words),
      ...inUse(words),
    }
    if (refusal !== null) steps.push({ ...told, does: step === undefined ? 'off' : 'not_reached' })
    else if (isRefused) steps.push({ ...told, does: 'refuses' })
    else steps.push({ ...told, does: doesOf(words, step, x.shadow !== before) })
    if (isRefused) refusal = { status: answer.status, fault: answer.fault }
  }
  if (max !== undefined)
    steps.push({
      ...limitOfRule(max, refusal === null),
      ...(isKnown && { in_use: heldByRule(rule, leases) }),
    })
  return { steps, refusal, bodyLimit: x.bodyLimit }
}

/** It stands behind all steps. */
const limitOfRule = (max: number, isReached: boolean): ExplainedStep => ({
  ...{ name: 'max_connections', mode: 'enforce', acts_on: ['request', 'end'] },
  does: isReached ? 'depends' : 'not_reached',
  limit: `${max} at once, of the whole rule`,
})

function limitOf({ name, options }: StepWords): Pick<ExplainedStep, 'limit'> {
  if (name !== 'concurrency') return {}
  const { max, key } = options as ConcurrencyConfig
  return { limit: `${max} at once, by ${key.join(', ')}` }
}

function wordsOfAll(middleware: RuleConfig['middleware']): StepWords[] {
  const all: StepWords[] = []
  for (const item of middleware) all.push(wordsOf(item, all))
  return all
}

function doesOf(
  { name }: StepWords,
  step: Middleware<unknown> | undefined,
  isShadowed: boolean,
): ExplainedStep['does'] {
  if (step === undefined) return 'off'
  if (isShadowed) return 'would_refuse'
  return COUNTING.has(name) ? 'depends' : 'passes'
}

const actsOn = (step: Middleware<unknown>): ExplainedStep['acts_on'] => [
  ...(step.request === undefined ? [] : (['request'] as const)),
  ...(step.response === undefined ? [] : (['answer'] as const)),
  ...(step.body === undefined ? [] : (['body'] as const)),
  ...(step.end === undefined ? [] : (['end'] as const)),
]
