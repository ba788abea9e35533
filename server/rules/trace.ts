// Why a rule does not match: each thing that it asks for, put alone to the matcher that serves requests.
// There is no second one that could tell another story.
import { NOWHERE } from '../geo/database.ts'
import { whereIs } from '../geo/where.ts'
import { ANYBODY, type AskedBy, type Matchable } from './asked.ts'
import { claimAt, claimTexts } from './claims.ts'
import { ANYTHING, compileMatch, type Match, type MatchSource } from './match.ts'
import type { Condition } from './match.options.ts'
import { cookieValues, queryValues } from './query.ts'
import { conditionTexts, patternTexts, tlsText } from './condition-text.ts'
import { localTimeText } from './time-window.ts'
import { patternText } from './value-pattern.ts'

/** What of a rule is told apart, in the order in which it is told. */
export const PARTS = [
  ...(['host', 'path', 'method', 'scheme', 'client', 'country', 'continent', 'asn', 'tls', 'time'] as const),
  ...(['header', 'query', 'cookie', 'jwt', 'claims', 'any', 'not', 'weight'] as const),
] as const

/** A part of a rule's `match` that does not hold for a request. What stands in "all" is told part by part. */
export interface Unmet {
  readonly part: (typeof PARTS)[number]
  /** Of the field, the part of the query, the cookie or the claim; null where it is none of these. */
  readonly name: string | null
  /** One of these would have; of a field "*" is any value. Of "not": what must not be so. */
  readonly wanted: readonly string[]
  /** Null: the request has none; also of "any" and "not". */
  readonly found: string | null
  /** Readers of the request could take it either way. */
  readonly isUnclear: boolean
}

/** The parts of a rule that do not hold; none: it matches. */
export function unmetParts(
  match: Condition,
  request: Matchable,
  by: AskedBy = ANYBODY,
  nowMs = wallMs(),
): Unmet[] {
  return partsOf(match, { request, by, nowMs }).flatMap(({ words, ...part }) => {
    const is = alone(words, nowMs)(request, by)
    return is === true ? [] : [{ ...part, isUnclear: is === 'ambiguous' }]
  })
}

// oxlint-disable-next-line no-restricted-properties -- windows of time are of the wall
const wallMs = (): number => Date.now()

/** What is asked about. */
interface Asking {
  readonly request: Matchable
  readonly by: AskedBy
  readonly nowMs: number
}

interface Part extends Omit<Unmet, 'isUnclear'> {
  readonly words: Partial<Condition>
}

function partsOf(match: Condition, asking: Asking): Part[] {
  const { request, by, nowMs } = asking
  const parts: Part[] = []
  const add = (
    part: Exclude<Unmet['part'], 'not' | 'weight'>,
    wanted: readonly string[],
    found: string | null,
  ): void => {
    if (wanted.length > 0) parts.push({ part, name: null, wanted, found, words: { [part]: match[part] } })
  }
  add('host', patternTexts(match.host), request.host)
  add('path', patternTexts(match.path), request.path)
  add('method', match.method, request.method)
  const { scheme, tls, time, any, not } = match
  if (scheme !== undefined) add('scheme', [scheme], by.scheme)
  add('client', match.client, by.address)
  const { country, continent, asn } = by.address === null ? NOWHERE : whereIs(by.address)
  add('country', match.country, country)
  add('continent', match.continent, continent)
  add('asn', match.asn.map(String), asn === null ? null : String(asn))
  if (tls !== undefined)
    add('tls', [tlsText(tls)], by.tls === null ? null : `${by.tls.version}, ${by.tls.cipher}`)
  if (time !== undefined) add('time', conditionTexts({ time }), localTimeText(time.zone, nowMs))
  parts.push(
    ...valueParts(match, request),
    ...tokenParts(match, by),
    ...match.all.flatMap((one) => partsOf(one, asking)),
  )
  add(
    'any',
    any.map((one) => conditionTexts(one).join(' and ')),
    null,
  )
  if (not !== undefined)
    parts.push({
      part: 'not',
      name: null,
      wanted: [conditionTexts(not).join(' and ')],
      found: null,
      words: { not },
    })
  return parts
}

function valueParts(match: Condition, request: Matchable): Part[] {
  const named = (part: 'header' | 'query' | 'cookie', values: (name: string) => readonly string[]): Part[] =>
    Object.entries(match[part]).map(([name, pattern]) => {
      const all = [...new Set(values(name))]
      const found = all.length === 0 ? null : all.join(', ')
      return { part, name, wanted: [patternText(pattern)], found, words: { [part]: { [name]: pattern } } }
    })
  return [
    ...named('header', (name) => request.values(name.toLowerCase())),
    ...named('query', (name) => queryValues(request.query).get(name) ?? []),
    ...named('cookie', (name) => cookieValues(request.values('cookie')).get(name) ?? []),
  ]
}

function tokenParts({ jwt, claims }: Condition, { tokens }: AskedBy): Part[] {
  if (jwt === undefined) return []
  const said = tokens?.get(jwt)
  const token = { part: 'jwt', name: null, wanted: [jwt], found: said === undefined ? null : jwt } as const
  const each = Object.entries(claims).map(([name, pattern]): Part => {
    const texts = said === undefined ? [] : claimTexts(claimAt(said, name))
    const found = texts.length === 0 ? null : texts.join(', ')
    return {
      ...{ part: 'claims', name, wanted: [patternText(pattern)], found },
      words: { jwt, claims: { [name]: pattern } },
    }
  })
  return [{ ...token, words: { jwt } }, ...(said === undefined ? [] : each)]
}

/** That a request is none of those that a rule takes of what it matches; empty: it is, or chance decides. */
export function outOfShare(share: MatchSource<true>['share'], request: Matchable, by: AskedBy): Unmet[] {
  if (share === undefined) return []
  const is = compileMatch([{ match: ANYTHING, share, rule: true as const }])(request, by)
  if (is === true) return []
  const wanted = [`${share.weight} of a hundred, by ${share.by}`]
  return [{ part: 'weight', name: null, wanted, found: null, isUnclear: false }]
}

/** The matcher of a rule that asks for nothing else. */
const alone = (words: Partial<Condition>, nowMs: number): Match<true> =>
  compileMatch([{ match: { ...ANYTHING, ...words }, rule: true }], { now: () => nowMs })
