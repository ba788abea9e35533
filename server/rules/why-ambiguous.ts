// Why it is not clear which rule a request belongs to, in words.
import type { Matchable } from './asked.ts'
import { cookieValues, queryValues, type Values } from './query.ts'

const PATH_REASONS: readonly (readonly [RegExp, string])[] = [
  [/%00/, '%00 in the path'],
  [/%(?![0-9A-Fa-f]{2})/, '"%" in the path that begins no escape'],
  [/\\/, 'a backslash in the path'],
  [/%2f/i, 'an escaped slash (%2F) in the path'],
  [/%5c/i, 'an escaped backslash (%5C) in the path'],
  [/;/, 'parameters (";") in the path'],
  [/\/\//, 'two slashes in a row in the path'],
  [/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i, 'dot segments in the path'],
  [/%/, 'needless escapes in the path'],
]

/**
 * Says what readers could take differently: of the path as it came, of the fields (lower-case names) that
 * came twice with different values, of parts of the query and cookies that did.
 */
export function whyAmbiguous(
  request: Pick<Matchable, 'path' | 'query' | 'values'>,
  fieldsThatDiffer: readonly string[],
): string {
  const ofPath = PATH_REASONS.find(([pattern]) => pattern.test(request.path))?.[1]
  const twice = [
    ...fieldsThatDiffer.map((name) => `the field ${name}`),
    ...differing(queryValues(request.query)).map((name) => `${name} in the query`),
    ...differing(cookieValues(request.values('cookie'))).map((name) => `the cookie ${name}`),
  ].map((what) => `${what} came twice with different values`)
  const all = [...(ofPath === undefined ? [] : [ofPath]), ...twice]
  return all.length === 0 ? 'a value is too long for a regular expression' : all.join(', or ')
}

const NAMES_MAX = 4

const differing = (all: Values): string[] =>
  [...all]
    .filter(([, values]) => values.some((value) => value !== values[0]))
    .slice(0, NAMES_MAX)
    .map(([name]) => JSON.stringify(name.slice(0, 80)))
