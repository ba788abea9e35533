// The last step of the index: rules that share a host and a path pattern, told apart by header and method.
import type { RequestHead } from '../head/request-head.ts'
import type { RuleConfig } from './rule.options.ts'

/** What a rule looks at in a request. */
export type Matchable = Pick<RequestHead, 'method' | 'host' | 'path' | 'plainPath' | 'get' | 'isAmbiguous'>

/** A rule in the index. `order` is its place in the config: the least of those that match wins. */
export interface Candidate<R> {
  readonly order: number
  readonly rule: R | null
  /** Empty: any. */
  readonly methods: readonly string[]
  readonly headers: readonly HeaderTest[]
}

interface HeaderTest {
  /** Lower case. */
  readonly name: string
  /** Null: any. */
  readonly value: string | null
}

/** Stands for "no rule yet": every candidate goes before it. */
export const NO_CANDIDATE: Candidate<never> = {
  order: Number.POSITIVE_INFINITY,
  rule: null,
  methods: [],
  headers: [],
}

export function candidateOf<R>(rule: R, match: RuleConfig['match'], order: number): Candidate<R> {
  const headers = Object.entries(match.header).map(([name, value]) => ({
    name: name.toLowerCase(),
    value: value === '*' ? null : value,
  }))
  return { order, rule, methods: match.method, headers }
}

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
  first(request: Matchable, best: Candidate<R>): Candidate<R> {
    if (this.least >= best.order) return best
    let found = firstOf(this.#plain, request, best)
    for (const { name, values } of this.#byHeader) {
      const value = request.get(name)
      const list = value === null ? undefined : values.get(value)
      if (list !== undefined) found = firstOf(list, request, found)
    }
    return found
  }
}

interface ByHeader<R> {
  readonly name: string
  readonly values: ReadonlyMap<string, readonly Candidate<R>[]>
}

function firstOf<R>(list: readonly Candidate<R>[], request: Matchable, best: Candidate<R>): Candidate<R> {
  for (const candidate of list) {
    if (candidate.order >= best.order) return best
    if (holds(candidate, request)) return candidate
  }
  return best
}

function holds<R>({ methods, headers }: Candidate<R>, request: Matchable): boolean {
  if (methods.length > 0 && !methods.includes(request.method)) return false
  for (const { name, value } of headers) {
    const got = request.get(name)
    if (got === null || (value !== null && got !== value)) return false
  }
  return true
}

const wantsValue = <R>({ headers }: Candidate<R>): boolean => headers.some(({ value }) => value !== null)

/** Leaves out those that can never win: earlier ones take every request that they would. */
function reachable<R>(sorted: readonly Candidate<R>[]): Candidate<R>[] {
  const kept: Candidate<R>[] = []
  const taken = new Set<string>()
  for (const one of sorted) {
    if (one.methods.length > 0 && one.methods.every((method) => taken.has(method))) continue
    kept.push(one)
    if (one.headers.length > 0) continue
    if (one.methods.length === 0) break
    for (const method of one.methods) taken.add(method)
  }
  return kept
}

/** Files each candidate under that of its headers and values which the fewest others share. */
function indexByHeader<R>(sorted: readonly Candidate<R>[]): ByHeader<R>[] {
  const counts = new Map<string, number>()
  for (const { headers } of sorted)
    for (const test of headers) counts.set(keyOf(test), (counts.get(keyOf(test)) ?? 0) + 1)
  const index = new Map<string, Map<string, Candidate<R>[]>>()
  for (const one of sorted) {
    const wanted = one.headers.filter(({ value }) => value !== null)
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

const keyOf = ({ name, value }: HeaderTest): string => `${name}: ${value}`
