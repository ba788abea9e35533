// The last step of the index: rules that share a host and a path pattern, told apart by header and method.
import type { Asked } from './asked.ts'
import type { Conditions, FieldTest } from './tests.ts'
import { allOf, NO, UNCLEAR, type Verdict, YES } from './verdict.ts'

/** A rule in the index. `order` is its place in the config: the least of those that match wins. */
export interface Candidate<R> extends Conditions {
  readonly order: number
  readonly rule: R | null | 'ambiguous'
  /** Stands for it where it is not clear whether it matches. */
  readonly unclear: Candidate<R> | null
}

const ASKS_NOTHING: Conditions = { methods: [], fields: [], tests: [] }

/** Stands for "no rule yet": every candidate goes before it. */
export const NO_CANDIDATE: Candidate<never> = {
  ...{ order: Number.POSITIVE_INFINITY, rule: null, unclear: null },
  ...ASKS_NOTHING,
}

export const candidateOf = <R>(rule: R, conditions: Conditions, order: number): Candidate<R> => ({
  ...{ order, rule },
  ...conditions,
  // Behind what is clear of the same rule, which may stand in other places as well.
  unclear: { order: order + 0.5, rule: 'ambiguous', unclear: null, ...ASKS_NOTHING },
})

/**
 * Rules of one host and path pattern. Those that want a header's value are found by it, others are tried
 * in order.
 */
export class HeaderIndex<R> {
  /** Order of the first. */
  readonly least: number
  readonly #plain: readonly Candidate<R>[]
  readonly #byHeader: readonly ByHeader<R>[]

  constructor(list: readonly Candidate<R>[]) {
    const sorted = list.toSorted((a, b) => a.order - b.order)
    this.least = sorted[0]?.order ?? Number.POSITIVE_INFINITY
    this.#plain = reachable(sorted.filter((one) => !wantsValue(one)))
    this.#byHeader = indexByHeader(sorted.filter(wantsValue))
  }

  /** The first candidate that holds for the request, or `best` when none goes before it. */
  first(asked: Asked, best: Candidate<R>): Candidate<R> {
    if (this.least >= best.order) return best
    let found = firstOf(this.#plain, asked, best)
    for (const { name, values } of this.#byHeader) {
      const value = asked.request.get(name)
      const list = value === null ? undefined : values.get(value)
      if (list !== undefined) found = firstOf(list, asked, found)
    }
    return found
  }
}

interface ByHeader<R> {
  readonly name: string
  readonly values: ReadonlyMap<string, readonly Candidate<R>[]>
}

function firstOf<R>(list: readonly Candidate<R>[], asked: Asked, best: Candidate<R>): Candidate<R> {
  let found = best
  for (const candidate of list) {
    if (candidate.order >= found.order) return found
    const verdict = judge(candidate, asked)
    if (verdict === YES) return candidate
    if (verdict === UNCLEAR) found = candidate.unclear ?? candidate
  }
  return found
}

function judge<R>({ methods, fields, tests }: Candidate<R>, asked: Asked): Verdict {
  const { request } = asked
  if (methods.length > 0 && !methods.includes(request.method)) return NO
  for (const { name, value } of fields) {
    const got = request.get(name)
    if (got === null || (value !== null && got !== value)) return NO
  }
  return tests.length === 0 ? YES : allOf(tests, asked)
}

const wantsValue = <R>({ fields }: Candidate<R>): boolean => fields.some(({ value }) => value !== null)

/** Leaves out those that can never win: earlier ones take every request that they would. */
function reachable<R>(sorted: readonly Candidate<R>[]): Candidate<R>[] {
  const kept: Candidate<R>[] = []
  const taken = new Set<string>()
  for (const one of sorted) {
    if (one.methods.length > 0 && one.methods.every((method) => taken.has(method))) continue
    kept.push(one)
    if (one.fields.length > 0 || one.tests.length > 0) continue
    if (one.methods.length === 0) break
    for (const method of one.methods) taken.add(method)
  }
  return kept
}

/** Files each candidate under that of its headers and values which the fewest others share. */
function indexByHeader<R>(sorted: readonly Candidate<R>[]): ByHeader<R>[] {
  const counts = new Map<string, number>()
  for (const { fields } of sorted)
    for (const test of fields) counts.set(keyOf(test), (counts.get(keyOf(test)) ?? 0) + 1)
  const index = new Map<string, Map<string, Candidate<R>[]>>()
  for (const one of sorted) {
    const wanted = one.fields.filter(({ value }) => value !== null)
    const rarest = wanted.reduce((a, b) =>
      (counts.get(keyOf(b)) ?? 0) < (counts.get(keyOf(a)) ?? 0) ? b : a,
    )
    const values = index.get(rarest.name) ?? new Map<string, Candidate<R>[]>()
    const list = values.get(rarest.value ?? '') ?? []
    list.push(one)
    index.set(rarest.name, values.set(rarest.value ?? '', list))
  }
  return [...index].map(([name, values]) => ({ name, values }))
}

const keyOf = ({ name, value }: FieldTest): string => `${name}: ${value}`
