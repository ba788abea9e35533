// Why a rule does not match: each thing that it asks for, put alone to the matcher that serves requests.
// There is no second one that could tell another story.
import { ANYTHING, compileMatch, type Match } from './match.ts'
import type { Matchable } from './header-index.ts'
import type { RuleConfig } from './rule.options.ts'

/** A part of a rule's `match` that does not hold for a request. */
export interface Unmet {
  readonly part: 'host' | 'path' | 'method' | 'header'
  /** Of the field; null where the part is no field. */
  readonly name: string | null
  /** One of these would have; of a field "*" is any value. */
  readonly wanted: readonly string[]
  /** Null: the request has none. */
  readonly found: string | null
  /** Readers of the request could take it either way. */
  readonly isUnclear: boolean
}

/** The parts of a rule that do not hold; none: it matches. */
export function unmetParts(match: RuleConfig['match'], request: Matchable): Unmet[] {
  return partsOf(match, request).flatMap(({ words, ...part }) => {
    const is = alone(words)(request)
    return is === true ? [] : [{ ...part, isUnclear: is === 'ambiguous' }]
  })
}

interface Part extends Omit<Unmet, 'isUnclear'> {
  readonly words: Partial<RuleConfig['match']>
}

function partsOf({ host, path, method, header }: RuleConfig['match'], request: Matchable): Part[] {
  const parts: Part[] = []
  const add = (part: Unmet['part'], wanted: readonly string[], found: string | null): void => {
    if (wanted.length > 0) parts.push({ part, name: null, wanted, found, words: { [part]: wanted } })
  }
  add('host', host, request.host)
  add('path', path, request.path)
  add('method', method, request.method)
  for (const [name, value] of Object.entries(header)) {
    const found = request.get(name.toLowerCase())
    parts.push({ part: 'header', name, wanted: [value], found, words: { header: { [name]: value } } })
  }
  return parts
}

/** The matcher of a rule that asks for nothing else. */
const alone = (words: Partial<RuleConfig['match']>): Match<true> =>
  compileMatch([{ match: { ...ANYTHING, ...words }, rule: true }])
