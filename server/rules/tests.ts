// What of a rule no index finds: tests of a request, asked of those candidates that the index leaves.
import type { Asked } from './asked.ts'
import type { MatchConfig } from './match.options.ts'
import { readsWhole, valuePattern } from './value-pattern.ts'
import type { Verdict } from './verdict.ts'

/** Whether something holds for a request. */
export type Test = (asked: Asked) => Verdict

/** A header field that must be there; that is found by the index, and by its value if that is given. */
export interface FieldTest {
  /** Lower case. */
  readonly name: string
  /** Null: any. */
  readonly value: string | null
}

/** What a rule asks beside its hosts and paths. */
export interface Conditions {
  /** Empty: any. */
  readonly methods: readonly string[]
  readonly fields: readonly FieldTest[]
  /** The cheapest first. */
  readonly tests: readonly Test[]
}

export function conditionsOf({ method, header, query, cookie }: MatchConfig): Conditions {
  const fields: FieldTest[] = []
  const tests: Test[] = []
  for (const [written, words] of Object.entries(header)) {
    const name = written.toLowerCase()
    const pattern = valuePattern(words)
    if (pattern.isAny || pattern.exact !== null) fields.push({ name, value: pattern.exact })
    else tests.push(({ request }) => pattern.judge(request.values(name)))
  }
  for (const [name, words] of Object.entries(cookie)) {
    const { judge } = valuePattern(words)
    tests.push((asked) => judge(asked.cookieValues(name)))
  }
  for (const [name, words] of Object.entries(query)) {
    const { judge } = valuePattern(words)
    tests.push((asked) => judge(asked.queryValues(name)))
  }
  return { methods: method, fields, tests }
}

/** Lower-case names of fields of which a request may have one value only. */
export const wholeFields = ({ header }: MatchConfig): string[] =>
  Object.entries(header).flatMap(([name, words]) => (readsWhole(words) ? [name.toLowerCase()] : []))
