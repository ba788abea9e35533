// A rule as the list of rules has it.
import type { JsonMap } from './merge.ts'

/** How a rule fares; null where too many are counted to know of each. */
export interface RuleLive {
  readonly matches: number | null
  readonly matches_per_min: number | null
  readonly last_match: string | null
  readonly unmatched_since: string | null
  readonly shadowed_by?: string
}

export interface RuleItem {
  readonly id: string
  readonly etag: string
  /** As it is written: a text where a list of one would be as good. */
  readonly configured: JsonMap
  /** Of connections nobody counts; then what shadows it is all there is, or nothing. */
  readonly live?: Partial<RuleLive>
  readonly place: { readonly file: string; readonly line: number }
}
