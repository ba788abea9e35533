// What the middleware of a rule, and its limit, would do with a request, as far as that hangs on the request
// alone: its steps are made as workers make them. Those that judge by the client or the head are asked,
// others tell what they would go by.
import type { Answer } from '../../head/answer.ts'
import type { ResponseHead } from '../../head/response-head.ts'
import type { Leases } from '../../scoreboard/leases.ts'
import { privateRegion, scoreboardOn } from '../../scoreboard/region.ts'
import { wordsOf } from '../../middleware/index.ts'
import { heldBy, heldByRule } from '../../middleware/concurrency.ts'
import type { ConcurrencyConfig } from '../../middleware/concurrency.options.ts'
import type { RateBoard } from '../../middleware/rate-counter.ts'
import { leftFor, rateText } from '../../middleware/rate-limit.ts'
import type { RateLimitConfig } from '../../middleware/rate-limit.options.ts'
import { machineMs } from '../../lib/clock.ts'
import type { Middleware, StepWords } from '../../middleware/middleware.ts'
import { makeSteps, scratchGround } from '../../snapshot/rule-steps.ts'
import type { RuleConfig } from '../../rules/rule.options.ts'
import { ruleTextsNow } from '../../lib/rule-files.ts'
import { asExchange, type AskedExchange, askedRule } from './asked-exchange.ts'

export interface ExplainedStep {
  readonly name: string
  readonly mode: string
  /** On the request, the head or the body of the answer, or when all is over; none: it is off. */
  readonly acts_on: readonly ('request' | 'answer' | 'body' | 'end')[]
  /**
   * `passes`, `refuses`, `answers` itself, `would_refuse` (in shadow: it is only counted), `depends` on what
   * else comes, `not_reached` as one before it answers, or `off`.
   */
  readonly does: 'passes' | 'refuses' | 'answers' | 'would_refuse' | 'depends' | 'not_reached' | 'off'
  /** What it goes by; left out: it does not say. */
  readonly why?: string
  /** How many requests may be under way at once, and which are counted together; left out: it counts none. */
  readonly limit?: string
  /** How many of them are, as of now; left out: nobody here knows. */
  readonly in_use?: number
  /** Of a rate: how many are left for the key of this request now; left out: nobody here knows. */
  readonly left?: number
}

export interface ExplainedSteps {
  readonly steps: readonly ExplainedStep[]
  /** That of the step that answers in place of where the rule leads; null: none does. */
  readonly answer: Answer | null
  /**
   * Does to the head of an answer what the steps that were reached would do to it; gives that of another
   * answer where one of them puts that in its place.
   */
  readonly edit: (head: ResponseHead, rendered: (answer: Answer) => ResponseHead) => ResponseHead
}

/** The steps of a rule, made for nobody. */
export interface RuleSteps {
  readonly rule: RuleConfig
  readonly place: number
  /** All that is written, and what is made of it; null: it is off. */
  readonly all: readonly (readonly [StepWords, Middleware<unknown> | null])[]
}

export function stepsOf(rule: RuleConfig, place: number): RuleSteps {
  const { name, middleware } = rule
  const board = scoreboardOn(privateRegion(1, 1), 0)
  const made = makeSteps(
    middleware,
    { rule: name, ground: scratchGround(board), files: ruleTextsNow(rule), before: [] },
    (_, make) => make(),
  )
  const words: StepWords[] = []
  for (const item of middleware) words.push(wordsOf(item, words))
  let at = 0
  const all = words.map((one) => [one, one.mode === 'off' ? null : (made[at++]?.step ?? null)] as const)
  return { rule, place, all }
}

/** What is known beside the request. */
interface Known {
  /** What is under way at once; null: nobody here knows. */
  readonly leases: Leases | null
  /** What rates have counted; null: nobody here knows. */
  readonly counts: RateBoard | null
}

export function explainSteps(
  { rule, place, all }: RuleSteps,
  x: AskedExchange,
  known: Known,
): ExplainedSteps {
  const { name, max_connections: max } = rule
  const steps = all.flatMap(([, step]) => step ?? [])
  x.rule = askedRule(rule, place, steps)
  const reached: (readonly [Middleware<unknown>, unknown])[] = []
  const told: ExplainedStep[] = []
  let answer: Answer | null = null
  for (const [words, step] of all) {
    const about = {
      ...aboutOf(words, step),
      ...inUse(name, words, known, x),
      ...leftOf(name, words, known, x),
    }
    if (step === null || answer !== null) {
      told.push({ ...about, does: step === null ? 'off' : 'not_reached' })
      continue
    }
    const note = step.note?.()
    reached.push([step, note])
    const found = foreseen(step, note, { mode: words.mode, x })
    told.push({ ...about, ...found.told })
    answer = found.answer
  }
  if (max !== undefined) told.push(limitOfRule(rule, max, { isReached: answer === null, ...known }))
  const edit: ExplainedSteps['edit'] = (first, rendered) => {
    let head = first
    for (const [step, note] of reached.toReversed()) {
      const other = step.isPure === true ? step.response?.(asExchange(x), head, note) : undefined
      if (other && !(other instanceof Promise)) head = rendered(other)
    }
    return head
  }
  return { steps: told, answer, edit }
}

interface Found {
  readonly told: Pick<ExplainedStep, 'does' | 'why'>
  readonly answer: Answer | null
}

function foreseen(
  step: Middleware<unknown>,
  note: unknown,
  { mode, x }: { readonly mode: StepWords['mode']; readonly x: AskedExchange },
): Found {
  const said = step.explain?.(asExchange(x))
  const why = said?.why ? { why: said.why } : {}
  const shadowBefore = x.shadow
  const given = step.isPure === true ? step.request?.(asExchange(x), note) : undefined
  const own = given instanceof Promise ? undefined : given
  const isShadow = x.shadow !== shadowBefore || (mode === 'shadow' && said?.answer !== undefined)
  if (isShadow) return { told: { does: 'would_refuse', ...why }, answer: null }
  const answer = own ?? said?.answer ?? null
  if (answer !== null)
    return { told: { does: answer.fault === null ? 'answers' : 'refuses', ...why }, answer }
  const isOpen = said?.depends ?? (step.isPure !== true && step.request !== undefined)
  return { told: { does: isOpen ? 'depends' : 'passes', ...why }, answer: null }
}

const aboutOf = (
  words: StepWords,
  step: Middleware<unknown> | null,
): Pick<ExplainedStep, 'name' | 'mode' | 'acts_on' | 'limit'> => ({
  name: words.name,
  mode: words.mode,
  acts_on: step === null ? [] : actsOn(step),
  ...limitOf(words),
})

function inUse(
  rule: string,
  { name, options, earlier }: StepWords,
  { leases }: Known,
  x: AskedExchange,
): Pick<ExplainedStep, 'in_use'> {
  if (name !== 'concurrency' || leases?.isOpen !== true) return {}
  return { in_use: heldBy(options as ConcurrencyConfig, { rule, earlier, leases }, asExchange(x)) }
}

function leftOf(
  rule: string,
  { name, options, earlier }: StepWords,
  { counts }: Known,
  x: AskedExchange,
): Pick<ExplainedStep, 'left'> {
  if (name !== 'rate_limit' || counts === null) return {}
  const config = options as RateLimitConfig
  if (!(config.algorithm === 'sliding_window' ? counts.windows : counts.buckets).isOpen) return {}
  const left = leftFor(config, { rule, earlier, now: machineMs, board: counts }, asExchange(x))
  return left === null ? {} : { left }
}

/** It stands behind all steps. */
const limitOfRule = (
  { name }: RuleConfig,
  max: number,
  { isReached, leases }: Known & { readonly isReached: boolean },
): ExplainedStep => ({
  ...{ name: 'max_connections', mode: 'enforce', acts_on: ['request', 'end'] },
  does: isReached ? 'depends' : 'not_reached',
  limit: `${max} at once, of the whole rule`,
  ...(leases?.isOpen === true && { in_use: heldByRule(name, leases) }),
})

function limitOf({ name, options }: StepWords): Pick<ExplainedStep, 'limit'> {
  if (name === 'rate_limit') return { limit: rateText(options as RateLimitConfig) }
  if (name !== 'concurrency') return {}
  const { max, key } = options as ConcurrencyConfig
  return { limit: `${max} at once, by ${key.join(', ')}` }
}

const actsOn = (step: Middleware<unknown>): ExplainedStep['acts_on'] => [
  ...(step.request === undefined ? [] : (['request'] as const)),
  ...(step.response === undefined ? [] : (['answer'] as const)),
  ...(step.body === undefined ? [] : (['body'] as const)),
  ...(step.end === undefined ? [] : (['end'] as const)),
]
