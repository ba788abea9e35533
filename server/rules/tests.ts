// What of a rule no index finds: tests of a request, asked of those candidates that the index leaves.
import type { GeoFacts } from '../geo/database.ts'
import { whereIs } from '../geo/where.ts'
import { Ranges } from '../lib/ranges.ts'
import type { Asked } from './asked.ts'
import { claimTest } from './claims.ts'
import { hostHolds, hostPattern } from './host.ts'
import type { Condition } from './match.options.ts'
import { pathHolds, pathPattern } from './path.ts'
import { timeWindow } from './time-window.ts'
import { tlsFactsTest } from './tls-facts.ts'
import { readsWhole, valuePattern } from './value-pattern.ts'
import { allOf, anyOf, NO, notOf, UNCLEAR, type Verdict, verdictOf } from './verdict.ts'

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

/** Compiles all but hosts and paths. */
export function conditionsOf(words: Condition): Conditions {
  const fields: FieldTest[] = []
  const values: Test[] = []
  for (const [written, pattern] of Object.entries(words.header)) {
    const name = written.toLowerCase()
    const { isAny, exact, judge } = valuePattern(pattern)
    if (isAny || exact !== null) fields.push({ name, value: exact })
    else values.push(({ request }) => judge(request.values(name)))
  }
  for (const [name, pattern] of Object.entries(words.cookie)) {
    const { judge } = valuePattern(pattern)
    values.push((asked) => judge(asked.cookieValues(name)))
  }
  for (const [name, pattern] of Object.entries(words.query)) {
    const { judge } = valuePattern(pattern)
    values.push((asked) => judge(asked.queryValues(name)))
  }
  const tests = [
    ...clientTests(words),
    ...geoTests(words),
    ...values,
    ...tokenTests(words),
    ...nestedTests(words),
  ]
  return { methods: words.method, fields, tests }
}

function clientTests({ scheme, client, tls, time }: Condition): Test[] {
  const tests: Test[] = []
  if (scheme !== undefined) tests.push(({ by }) => verdictOf(by.scheme === scheme))
  if (client.length > 0) {
    const ranges = Ranges.parse(client)
    tests.push(({ by: { address } }) => (address === null ? UNCLEAR : verdictOf(ranges.has(address))))
  }
  if (tls !== undefined) {
    const judge = tlsFactsTest(tls)
    tests.push(({ by }) => judge(by.tls))
  }
  if (time !== undefined) {
    const isOpen = timeWindow(time)
    tests.push((asked) => verdictOf(isOpen(asked.now())))
  }
  return tests
}

/** Of whom nobody names the address nothing is known: it may be any. */
function geoTests({ country, continent, asn }: Condition): Test[] {
  const tests: Test[] = []
  const add = (wanted: ReadonlySet<unknown>, fact: (facts: GeoFacts) => unknown): void => {
    if (wanted.size > 0)
      tests.push(({ by: { address } }) =>
        address === null ? UNCLEAR : verdictOf(wanted.has(fact(whereIs(address)))),
      )
  }
  add(new Set(country), (facts) => facts.country ?? 'unknown')
  add(new Set(continent), (facts) => facts.continent ?? 'unknown')
  add(new Set(asn), (facts) => facts.asn ?? 0)
  return tests
}

/** A token that is not good is none. */
function tokenTests({ jwt, claims }: Condition): Test[] {
  if (jwt === undefined) return []
  const tests = Object.entries(claims).map(([name, words]) => claimTest(name, words))
  return [
    ({ by }) => {
      const said = by.tokens?.get(jwt)
      return said === undefined ? NO : allOf(tests, said)
    },
  ]
}

/** Whose tokens it asks for. */
export const issuersIn = (words: Condition): string[] => [
  ...(words.jwt === undefined ? [] : [words.jwt]),
  ...nestedIn(words).flatMap(issuersIn),
]

function nestedTests({ all, any, not }: Condition): Test[] {
  const tests = all.map(conditionTest)
  if (any.length > 0) {
    const some = any.map(conditionTest)
    tests.push((asked) => anyOf(some, asked))
  }
  if (not !== undefined) {
    const test = conditionTest(not)
    tests.push((asked) => notOf(test(asked)))
  }
  return tests
}

/** A whole condition, asked without an index. */
export function conditionTest(words: Condition): Test {
  const { methods, fields, tests } = conditionsOf(words)
  const all: Test[] = []
  if (methods.length > 0) all.push(({ request }) => verdictOf(methods.includes(request.method)))
  all.push(...hostTests(words), ...pathTests(words))
  for (const { name, value } of fields)
    all.push(({ request }) => {
      const got = request.get(name)
      return verdictOf(got !== null && (value === null || got === value))
    })
  all.push(...tests)
  return (asked) => allOf(all, asked)
}

export function hostTests({ host }: Pick<Condition, 'host'>): Test[] {
  if (host.length === 0) return []
  const tests = host.map((one): Test => {
    const pattern = hostPattern(one)
    return ({ request }) => hostHolds(pattern, request.host)
  })
  return [(asked) => anyOf(tests, asked)]
}

export function pathTests({ path }: Pick<Condition, 'path'>): Test[] {
  if (path.length === 0) return []
  const tests = path.map((one): Test => {
    const pattern = pathPattern(one)
    return (asked) => pathHolds(pattern, asked.path)
  })
  return [(asked) => anyOf(tests, asked)]
}

/** Lower-case names of fields of which a request may have one value only. */
export const wholeFields = (words: Condition): string[] => [
  ...Object.entries(words.header).flatMap(([name, one]) => (readsWhole(one) ? [name.toLowerCase()] : [])),
  ...nestedIn(words).flatMap(wholeFields),
]

/** Whether it asks anything of paths. */
export const seesPath = (words: Condition): boolean => words.path.length > 0 || nestedIn(words).some(seesPath)

export const nestedIn = ({ all, any, not }: Condition): readonly Condition[] =>
  all.length === 0 && any.length === 0 && not === undefined
    ? NOTHING
    : [...all, ...any, ...(not === undefined ? [] : [not])]

const NOTHING: readonly Condition[] = []
