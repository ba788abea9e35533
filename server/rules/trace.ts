// Why a rule does not match: each thing that it asks for, put alone to the matcher that serves requests.
// There is no second one that could tell another story.
import { ANYTHING, compileMatch, type Match } from './match.ts'
import type { Matchable } from './asked.ts'
import { cookieValues, queryValues } from './query.ts'
import type { MatchConfig } from './match.options.ts'
import { patternText } from './value-pattern.ts'

/** What of a rule is told apart, in the order in which it is told. */
export const PARTS = ['host', 'path', 'method', 'header', 'query', 'cookie'] as const

/** A part of a rule's `match` that does not hold for a request. */
export interface Unmet {
  readonly part: (typeof PARTS)[number]
  /** Of the field, the part of the query or the cookie; null where it is none of these. */
  readonly name: string | null
  /** One of these would have; of a field "*" is any value. */
  readonly wanted: readonly string[]
  /** Null: the request has none. */
  readonly found: string | null
  /** Readers of the request could take it either way. */
  readonly isUnclear: boolean
}

/** The parts of a rule that do not hold; none: it matches. */
export function unmetParts(match: MatchConfig, request: Matchable): Unmet[] {
  return partsOf(match, request).flatMap(({ words, ...part }) => {
    const is = alone(words)(request)
    return is === true ? [] : [{ ...part, isUnclear: is === 'ambiguous' }]
  })
}

interface Part extends Omit<Unmet, 'isUnclear'> {
  readonly words: Partial<MatchConfig>
}

function partsOf(match: MatchConfig, request: Matchable): Part[] {
  const parts: Part[] = []
  const add = (part: 'host' | 'path' | 'method', found: string | null): void => {
    const words = { [part]: match[part] }
    const wanted = match[part].map((one) => (typeof one === 'string' ? one : patternText(one)))
    if (wanted.length > 0) parts.push({ part, name: null, wanted, found, words })
  }
  add('host', request.host)
  add('path', request.path)
  add('method', request.method)
  const named = (part: 'header' | 'query' | 'cookie', values: (name: string) => readonly string[]): void => {
    for (const [name, pattern] of Object.entries(match[part])) {
      const all = [...new Set(values(name))]
      const found = all.length === 0 ? null : all.join(', ')
      parts.push({
        part,
        name,
        wanted: [patternText(pattern)],
        found,
        words: { [part]: { [name]: pattern } },
      })
    }
  }
  named('header', (name) => request.values(name.toLowerCase()))
  named('query', (name) => queryValues(request.query).get(name) ?? [])
  named('cookie', (name) => cookieValues(request.values('cookie')).get(name) ?? [])
  return parts
}

/** The matcher of a rule that asks for nothing else. */
const alone = (words: Partial<MatchConfig>): Match<true> =>
  compileMatch([{ match: { ...ANYTHING, ...words }, rule: true }])
