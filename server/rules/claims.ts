// What tokens say of who asks: claims by their names, and what they must be.
import type { ValueWords } from './value.options.ts'
import { valuePattern } from './value-pattern.ts'
import { NO, UNCLEAR, type Verdict, verdictOf, YES } from './verdict.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Claims of tokens that were found good, by who has issued them. */
export type Tokens = ReadonlyMap<string, Claims>

/** A claim by its name, or by its place within others, as `realm_access.roles`; undefined: there is none. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name] ?? undefined
  let value: unknown = claims
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, key)) return undefined
    value = (value as Claims)[key]
  }
  return value ?? undefined
}

/** Texts of a claim: its items where it is a list. What is a map has none. */
export function claimTexts(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return [claim]
  if (typeof claim === 'number' || typeof claim === 'boolean') return [String(claim)]
  return Array.isArray(claim) ? claim.flatMap((one) => (Array.isArray(one) ? [] : claimTexts(one))) : []
}

/** Of a list one item that is so is enough. Throws a RangeError on a pattern that says nothing. */
export function claimTest(name: string, words: string | ValueWords): (claims: Claims) => Verdict {
  const wanted = typeof words === 'string' && words === '*' ? true : (words as ValueWords).present
  if (wanted !== undefined) return (claims) => verdictOf((claimAt(claims, name) !== undefined) === wanted)
  const has = typeof words === 'string' ? undefined : words.has
  if (has !== undefined) return (claims) => verdictOf(membersOf(claimAt(claims, name)).includes(has))
  const { judge } = valuePattern(words)
  return (claims) => {
    let verdict: Verdict = NO
    for (const text of claimTexts(claimAt(claims, name))) {
      const one = judge([text])
      if (one === YES) return YES
      if (one === UNCLEAR) verdict = UNCLEAR
    }
    return verdict
  }
}

/** Items of a list; of a text the words in it, as scopes are written (RFC 8693 §4.2), or between commas. */
const membersOf = (claim: unknown): readonly string[] =>
  typeof claim === 'string' ? claim.split(/[ ,]+/) : claimTexts(claim)
