// A rule that takes only a part of what it matches: which part, and who gets the rest.
import type { AskedBy, Matchable } from '../../rules/asked.ts'
import type { ListenerRules, PlacedRule } from './explain-rules.ts'

export interface ExplainedShare {
  /** Of a hundred requests that it matches. */
  readonly weight: number
  /** What decides which: random, client_ip, "header NAME" or "cookie NAME". */
  readonly by: string
  /** Chance decides, as it does for each request anew: this one may go on to the rules behind it as well. */
  readonly by_chance: boolean
  /** The rule that takes those that go on; null: none does, or this request never goes on. */
  readonly others: PlacedRule | null
}

/** What is explained is in each share that chance decides. */
export const IN_ALL = (): boolean => true

interface Asking {
  readonly request: Matchable
  readonly by: AskedBy
}

/** Of the rule that takes a request; null: it takes all that it matches. */
export function explainShare(
  { sources, match }: ListenerRules,
  found: PlacedRule,
  { request, by }: Asking,
): ExplainedShare | null {
  const share = sources.find(({ rule }) => rule === found)?.share
  if (share === undefined) return null
  const next = match(request, { ...by, shares: (rule) => rule !== found.name })
  const others = next === found || next === 'ambiguous' ? null : next
  return { weight: share.weight, by: share.by, by_chance: next !== found, others }
}
