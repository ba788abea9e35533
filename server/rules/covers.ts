// Whether each request that one condition holds for is taken by another as well, so that a rule with that one
// before it leaves it none. Told only where it is sure: "false" says nothing.
import { parseRange } from '../lib/ranges.ts'
import { hostCovers, hostsExclude, pathCovers, pathsExclude, type ReadPatterns } from './covers-path.ts'
import { valueCovers, valuesExclude } from './covers-value.ts'
import type { Condition } from './match.options.ts'
import type { ValueWords } from './value.options.ts'

/** A case of a condition: all of this holds at once. */
interface Case {
  readonly parts: readonly Condition[]
  /** None of these does. */
  readonly nots: readonly Condition[]
}

/** One with more alternatives is taken as a whole, of which nothing is known of the alternatives. */
const CASES_MAX = 16
/** The same of one that has more conditions beside each other. */
const PARTS_MAX = 64

const LISTS = ['host', 'path', 'method', 'client', 'country', 'continent', 'asn'] as const
const MAPS = ['header', 'query', 'cookie'] as const
const NESTED: ReadonlySet<string> = new Set(['all', 'any', 'not', 'listener', 'server_name', 'alpn'])
const KNOWN: ReadonlySet<string> = new Set([...LISTS, ...MAPS, ...NESTED])

/** Where the narrow one holds, as paths are read at a moment, the wide one does not fail. */
export function covers(wide: Condition, narrow: Condition, read: ReadPatterns): boolean {
  read.stepsLeft = STEPS_MAX
  return coversAll(wide, narrow, read)
}

/** Whether nothing can be all that it asks for. */
export function isNever(words: Condition, read: ReadPatterns): boolean {
  read.stepsLeft = STEPS_MAX
  return casesOf(words).every((one) => isImpossible(one, read))
}

/** Whoever nests conditions so that more are to be looked at is told nothing. */
const STEPS_MAX = 10_000

const coversAll = (wide: Condition, narrow: Condition, read: ReadPatterns): boolean =>
  casesOf(narrow).every((one) => holdsIn(wide, one, read))

/** What all holds at once in the first of the cases in which a condition does. */
export const firstCase = (words: Condition): readonly Condition[] => casesOf(words)[0]?.parts ?? [words]

function isImpossible({ parts, nots }: Case, read: ReadPatterns): boolean {
  if ((read.stepsLeft -= parts.length) <= 0) return false
  for (const [place, one] of parts.entries())
    if (parts.slice(place + 1).some((other) => partsExclude(one, other, read))) return true
  return nots.some((one) => holdsIn(one, { parts, nots: [] }, read))
}

/** Rules are compared with many. */
const known = new WeakMap<Condition, readonly Case[]>()

/** What stands below "all" beside what stands above it, once for each of "any". */
function casesOf(words: Condition): readonly Case[] {
  let cases = known.get(words)
  if (cases === undefined) known.set(words, (cases = casesIn(words)))
  return cases
}

function casesIn(words: Condition): readonly Case[] {
  const { all, any, not } = words
  let cases: readonly Case[] = [{ parts: [words], nots: not === undefined ? [] : [not] }]
  for (const item of all) cases = both(cases, casesOf(item)) ?? cases
  if (any.length > 0) cases = both(cases, any.flatMap(casesOf)) ?? cases
  return cases
}

/** Null: they are too many. */
function both(some: readonly Case[], others: readonly Case[]): readonly Case[] | null {
  const longest = (list: readonly Case[]): number => Math.max(...list.map(({ parts }) => parts.length))
  if (some.length * others.length > CASES_MAX || longest(some) + longest(others) > PARTS_MAX) return null
  return some.flatMap((one) =>
    others.map((other) => ({
      parts: [...one.parts, ...other.parts],
      nots: [...one.nots, ...other.nots],
    })),
  )
}

/** Whether a condition does not fail in a case. */
function holdsIn(words: Condition, given: Case, read: ReadPatterns): boolean {
  const { all, any, not } = words
  const { parts, nots } = given
  if (read.stepsLeft-- <= 0) return false
  return (
    LISTS.every(
      (key) => words[key].length === 0 || parts.some((part) => listCovers(key, words, part, read)),
    ) &&
    MAPS.every((key) => mapHolds(words[key], parts, key)) &&
    othersHold(words, parts) &&
    all.every((one) => holdsIn(one, given, read)) &&
    (any.length === 0 || any.some((one) => holdsIn(one, given, read))) &&
    (not === undefined ||
      nots.some((one) => coversAll(one, not, read)) ||
      casesOf(not).every((one) => isImpossible(joined(given, one), read)))
  )
}

const joined = (one: Case, other: Case): Case => ({
  parts: [...one.parts, ...other.parts],
  nots: [...one.nots, ...other.nots],
})

type ListKey = (typeof LISTS)[number]

/** Of a list one will do: each of the narrow one has to be one of the wide one's. */
function listCovers(key: ListKey, wide: Condition, narrow: Condition, read: ReadPatterns): boolean {
  if (narrow[key].length === 0) return false
  if (key === 'host')
    return narrow.host.every((one) => wide.host.some((all) => hostCovers(read.host(all), read.host(one))))
  if (key === 'path')
    return narrow.path.every((one) => wide.path.some((all) => pathCovers(read.path(all), read.path(one))))
  if (key === 'client') return narrow.client.every((one) => wide.client.some((all) => rangeCovers(all, one)))
  const all: readonly unknown[] = wide[key]
  return narrow[key].every((one) => all.includes(one))
}

function rangeCovers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true
  const [all, one] = [parseRange(wide), parseRange(narrow)]
  if (all === null || one === null || all.bytes.length !== one.bytes.length) return false
  return all.prefix <= one.prefix && sameBits(all.bytes, one.bytes, all.prefix)
}

function rangesExclude(one: string, other: string): boolean {
  const [a, b] = [parseRange(one), parseRange(other)]
  // A Unix socket has no address.
  if (a === null || b === null) return one !== other
  return a.bytes.length !== b.bytes.length || !sameBits(a.bytes, b.bytes, Math.min(a.prefix, b.prefix))
}

function sameBits(one: Uint8Array, other: Uint8Array, count: number): boolean {
  for (let bit = 0; bit < count; bit += 8) {
    const rest = Math.min(8, count - bit)
    const difference = (one[bit >> 3] ?? 0) ^ (other[bit >> 3] ?? 0)
    if (difference >> (8 - rest) !== 0) return false
  }
  return true
}

type Values = Readonly<Record<string, string | ValueWords>>

const nameIn = (key: (typeof MAPS)[number], name: string): string =>
  key === 'header' ? name.toLowerCase() : name

function mapHolds(wanted: Values, parts: readonly Condition[], key: (typeof MAPS)[number]): boolean {
  for (const name in wanted) {
    const words = wanted[name]
    const plain = nameIn(key, name)
    const isSaid = parts.some((part) =>
      Object.entries(part[key]).some(
        ([other, given]) => nameIn(key, other) === plain && words !== undefined && valueCovers(words, given),
      ),
    )
    if (!isSaid) return false
  }
  return true
}

/** What has no order of its own: it has to be the same. */
function othersHold(words: Condition, parts: readonly Condition[]): boolean {
  for (const key in words) {
    if (KNOWN.has(key)) continue
    const wanted = words[key as keyof Condition]
    if (wanted === undefined || isEmpty(wanted)) continue
    if (!parts.some((part) => Bun.deepEquals(part[key as keyof Condition], wanted))) return false
  }
  return true
}

const isEmpty = (words: unknown): boolean =>
  typeof words === 'object' && words !== null && Object.keys(words).length === 0

/** Whether no request is of both, by what they say themselves. */
function partsExclude(one: Condition, other: Condition, read: ReadPatterns): boolean {
  const none = <T>(some: readonly T[], others: readonly T[], test: (a: T, b: T) => boolean): boolean =>
    some.length > 0 && others.length > 0 && some.every((a) => others.every((b) => test(a, b)))
  const differ = (a: unknown, b: unknown): boolean => a !== b
  const { scheme } = one
  return (
    none(one.host, other.host, (a, b) => hostsExclude(read.host(a), read.host(b))) ||
    none(one.path, other.path, (a, b) => pathsExclude(read.path(a), read.path(b))) ||
    none(one.method, other.method, differ) ||
    none(one.client, other.client, rangesExclude) ||
    none(one.country, other.country, differ) ||
    none(one.continent, other.continent, differ) ||
    none<unknown>(one.asn, other.asn, differ) ||
    (scheme !== undefined && other.scheme !== undefined && scheme !== other.scheme) ||
    MAPS.some((key) => mapsExclude(one[key], other[key], key))
  )
}

const mapsExclude = (one: Values, other: Values, key: (typeof MAPS)[number]): boolean =>
  Object.entries(one).some(([name, words]) =>
    Object.entries(other).some(
      ([also, given]) => nameIn(key, also) === nameIn(key, name) && valuesExclude(words, given),
    ),
  )
