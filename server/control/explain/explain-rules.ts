// Which rule takes a request, and why those before it do not: the matcher that serves, with a trace.
import type { Config } from '../../config/schema.ts'
import { isSecretField } from '../../config/secret-field.ts'
import { kindOfRule } from '../../lib/rule-kind.ts'
import { partsOf, type Steps } from '../../lib/slices.ts'
import type { AskedBy, Matchable } from '../../rules/asked.ts'
import { ANYTHING, type Match, type MatchSource, matchSteps } from '../../rules/match.ts'
import { outOfShare, PARTS, type Unmet, unmetParts } from '../../rules/trace.ts'
import { DEFAULT_RULE, isOn } from '../../snapshot/compile-http.ts'
import { shareOf } from '../../snapshot/compile-rules.ts'
import type { HttpListenerConfig } from '../../http/listener.options.ts'

/** A rule of a listener by its place in the list. */
export interface PlacedRule {
  readonly name: string
  /** From 0; null: that of a listener that names a backend instead of having rules. */
  readonly place: number | null
}

/** A part of a rule that does not hold. */
export interface ExplainedPart {
  readonly part: Unmet['part']
  readonly name: string | null
  readonly wanted: readonly string[]
  readonly wanted_left_out: number
  readonly found: string | null
  /** Readers of the request could take it either way. */
  readonly unclear: boolean
}

export interface ExplainedRule {
  readonly rule: string
  readonly place: number | null
  readonly matches: boolean
  readonly unmet: readonly ExplainedPart[]
}

export interface RulesTrace {
  /** Rules of the listener. */
  readonly rules: number
  /** Those that came closest, in their order, and the one that takes it. */
  readonly candidates: readonly ExplainedRule[]
  /** Rules before it that failed by more, by the first part that did not hold. */
  readonly left_out: Readonly<Record<Unmet['part'], number>>
  /** Rules behind the one that takes it, which nobody asks. */
  readonly not_asked: number
}

/** The rules of one listener, ready to be asked often. */
export interface ListenerRules {
  readonly match: Match<PlacedRule>
  readonly sources: readonly MatchSource<PlacedRule>[]
}

/**
 * Those rules that workers would compile for the listener, in the same way; `like`: some that may be the
 * same, and then need not be made again; `now`: ms since 1970, by the clock where it is left out.
 */
export function* listenerRules(
  { rules, listeners }: Pick<Config, 'rules' | 'listeners'>,
  name: string,
  { backend }: Pick<HttpListenerConfig, 'backend'>,
  {
    like = null,
    now,
  }: { readonly like?: ListenerRules | null | undefined; readonly now?: () => number } = {},
): Steps<ListenerRules> {
  const sources: MatchSource<PlacedRule>[] = []
  let place = 0
  for (const part of partsOf(rules, PART)) {
    for (const rule of part) {
      if (isOn(rule.match, name) && kindOfRule(rule, listeners) === 'http')
        sources.push({ match: rule.match, share: shareOf(rule), rule: { name: rule.name, place } })
      place++
    }
    yield
  }
  if (sources.length === 0 && backend !== undefined)
    sources.push({ match: ANYTHING, rule: { name: DEFAULT_RULE, place: null } })
  if (like !== null && (yield* areSame(like.sources, sources))) return like
  return { match: yield* matchSteps(sources, { ...(now && { now }) }), sources }
}

function* areSame(before: ListenerRules['sources'], after: ListenerRules['sources']): Steps<boolean> {
  if (before.length !== after.length) return false
  let from = 0
  for (const part of partsOf(after, PART)) {
    if (!Bun.deepEquals(before.slice(from, from + PART), part, true)) return false
    from += PART
    yield
  }
  return true
}

/** So many rules are gathered or compared between two places where the work may pause. */
const PART = 64

const WANTED_MAX = 10
/** So many rules are looked at between two places where the work may pause. */
const STEP = 16

/**
 * Looks at the rules up to the one that takes it; `limit`: how many are told, that one beside them; `only`:
 * the name of the one that is looked at, null: all are.
 */
export function* traceRules(
  { match, sources }: ListenerRules,
  { request, by, nowMs }: { readonly request: Matchable; readonly by: AskedBy; readonly nowMs?: number },
  limit: number,
  only: string | null = null,
): Steps<{ readonly found: PlacedRule | null | 'ambiguous'; readonly trace: RulesTrace }> {
  const found = match(request, by)
  const at = sources.findIndex(({ rule }) => rule === found)
  const end = at === -1 ? sources.length : at
  const closest = new Closest(limit)
  for (const [place, { match: words, share, rule }] of sources.slice(0, end).entries()) {
    if (only !== null && rule.name !== only) continue
    closest.add(rule, [...unmetParts(words, request, by, nowMs), ...outOfShare(share, request, by)])
    if (place % STEP === STEP - 1) yield
  }
  const { candidates, leftOut } = closest
  const taker = sources[at]?.rule
  const all = taker === undefined ? candidates : [...candidates, explained(taker, [])]
  const notAsked = at === -1 ? 0 : sources.length - at - 1
  return {
    found,
    trace: { rules: sources.length, candidates: all, left_out: leftOut, not_asked: notAsked },
  }
}

/** Keeps those that fail by the fewest parts, the earlier ones of equals. */
class Closest {
  readonly leftOut = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Unmet['part'], number>
  readonly #limit: number
  readonly #byCount: {
    readonly order: number
    readonly rule: PlacedRule
    readonly unmet: readonly Unmet[]
  }[][] = []
  #kept = 0
  #order = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(rule: PlacedRule, unmet: readonly Unmet[]): void {
    const list = (this.#byCount[unmet.length] ??= [])
    list.push({ order: this.#order++, rule, unmet })
    if (++this.#kept <= this.#limit) return
    const worst = this.#byCount.findLast((one) => one !== undefined && one.length > 0)?.pop()
    this.#kept--
    const part = worst?.unmet[0]?.part
    if (part !== undefined) this.leftOut[part]++
  }

  get candidates(): ExplainedRule[] {
    const all = this.#byCount.flatMap((list) => list ?? [])
    return all.toSorted((a, b) => a.order - b.order).map(({ rule, unmet }) => explained(rule, unmet))
  }
}

const explained = ({ name, place }: PlacedRule, unmet: readonly Unmet[]): ExplainedRule => ({
  rule: name,
  place,
  matches: unmet.length === 0,
  unmet: unmet.map(shownPart),
})

/** Values of fields that carry credentials are not told, whoever asks. */
function shownPart({ part, name, wanted, found, isUnclear }: Unmet): ExplainedPart {
  const isSecret =
    name !== null && (isSecretField(name) || (part === 'cookie' && /sess|sid|auth/i.test(name)))
  return {
    part,
    name,
    wanted: isSecret ? ['(a secret, hidden)'] : wanted.slice(0, WANTED_MAX),
    wanted_left_out: isSecret ? 0 : Math.max(0, wanted.length - WANTED_MAX),
    found: isSecret && found !== null ? '(a secret, hidden)' : found,
    unclear: isUnclear,
  }
}
