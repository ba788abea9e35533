// How rules are filed in the index: what stands below "all" beside what stands above it, and one that has
// "any" of which each is something that the index finds, once for each of them.
import { type HostPattern, hostPattern } from './host.ts'
import type { Condition } from './match.options.ts'
import { type PathPattern, pathPattern } from './path.ts'
import { type Conditions, conditionsOf } from './tests.ts'
import { valuePattern } from './value-pattern.ts'

/** A place in the index where a rule stands. */
export interface Filing {
  /** Empty: any. */
  readonly hosts: readonly HostPattern[]
  readonly paths: readonly PathPattern[]
  readonly conditions: Conditions
}

/** A rule is filed so many times at most; one with more alternatives is asked them one by one. */
const FILINGS_MAX = 32

/** Reads what a rule asks; throws a RangeError on a bad pattern. */
export const filingsOf = (words: Condition): readonly Filing[] => spread(joined(words)).map(filed)

const filed = (words: Condition): Filing => ({
  hosts: words.host.map(hostPattern),
  paths: words.path.map(pathPattern),
  conditions: conditionsOf(words),
})

/** With what of its "all" can stand in it itself. */
function joined(words: Condition): Condition {
  if (words.all.length === 0) return words
  let whole: Condition = { ...words, all: [] }
  const rest: Condition[] = []
  for (const item of words.all.map(joined)) {
    const both = together(whole, item)
    if (both === null) rest.push(item)
    else whole = both
  }
  return { ...whole, all: [...whole.all, ...rest] }
}

const LISTS = ['host', 'path', 'method', 'client', 'country', 'continent', 'asn', 'any'] as const
const MAPS = ['header', 'query', 'cookie', 'claims'] as const
const SINGLES = ['scheme', 'tls', 'time', 'jwt', 'not'] as const

/** What both ask; null: they ask of the same, which one place cannot say. */
function together(one: Condition, other: Condition): Condition | null {
  if (LISTS.some((key) => one[key].length > 0 && other[key].length > 0)) return null
  if (SINGLES.some((key) => one[key] !== undefined && other[key] !== undefined)) return null
  const namesOf = (words: Condition, key: (typeof MAPS)[number]): string[] =>
    Object.keys(words[key]).map((name) => (key === 'header' ? name.toLowerCase() : name))
  if (MAPS.some((key) => namesOf(one, key).some((name) => namesOf(other, key).includes(name)))) return null
  const lists = Object.fromEntries(
    [...LISTS, 'all' as const].map((key) => [key, [...one[key], ...other[key]]]),
  )
  const maps = Object.fromEntries(MAPS.map((key) => [key, { ...one[key], ...other[key] }]))
  return { ...other, ...definedIn(one), ...lists, ...maps }
}

const definedIn = (words: Condition): Condition =>
  Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined)) as unknown as Condition

/** Once for each of "any", where the index finds each by something that it finds no other way by. */
function spread(words: Condition): readonly Condition[] {
  const { any } = words
  if (any.length === 0) return [words]
  const whole: Condition = { ...words, any: [] }
  const each = any.map((item) => joined({ ...whole, all: [...whole.all, item] }))
  if (!each.every((one) => isFoundBetter(one, whole))) return [words]
  const all = each.flatMap(spread)
  return all.length > FILINGS_MAX ? [words] : all
}

const isFoundBetter = (words: Condition, before: Condition): boolean =>
  (words.host.length > 0 && before.host.length === 0) ||
  (words.path.length > 0 && before.path.length === 0) ||
  exactFields(words) > exactFields(before)

const exactFields = ({ header }: Condition): number =>
  Object.values(header).filter((one) => valuePattern(one).exact !== null).length
