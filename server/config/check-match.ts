// What rules match: what their schema cannot say.
import type { MatchConfig } from '../rules/match.options.ts'
import type { ValueWords } from '../rules/value.options.ts'
import type { Checked } from './checked.ts'
import { shown } from './spoken.ts'
import type { Path } from './tree.ts'

/** Checks what a rule asks of requests. */
export function checkMatch(checked: Checked, path: Path, match: MatchConfig): void {
  checkPaths(checked, [...path, 'path'], match.path)
  for (const part of ['header', 'query', 'cookie'] as const)
    for (const [name, words] of Object.entries(match[part]))
      if (typeof words !== 'string') checkValue(checked, [...path, part, name], words)
}

const WORDS = ['is', 'prefix', 'suffix', 'contains', 'regex', 'present', 'has', 'min', 'max'] as const

/** Exactly one thing is asked. */
function checkValue(checked: Checked, path: Path, words: ValueWords): void {
  const { min, max } = words
  const named = WORDS.filter((word) => words[word] !== undefined)
  const isRange = named.every((word) => word === 'min' || word === 'max')
  if (named.length === 0 || (named.length > 1 && !isRange))
    checked.report({
      code: named.length === 0 ? 'missing-key' : 'conflict',
      path: named[1] === undefined ? path : [...path, named[1]],
      found: named.length === 0 ? 'a pattern that says nothing' : `${named.join(' and ')} in one pattern`,
      allowed: `one of ${WORDS.slice(0, -2).join(', ')}; or min, max or both`,
      hint: named.length === 0 ? null : 'what must hold at the same time stands below "all", each in a match',
    })
  if (min !== undefined && max !== undefined && min > max)
    checked.report({
      code: 'wrong-value',
      path: [...path, 'min'],
      found: `min ${min} above max ${max}`,
      allowed: 'a min that is at most max',
    })
  for (const word of ['prefix', 'suffix', 'contains', 'has'] as const)
    if (words[word] === '')
      checked.report({
        code: 'wrong-value',
        path: [...path, word],
        found: `an empty ${word}`,
        allowed: 'text',
        hint: 'write present: true for any value',
      })
}

/** Slips in paths that are paths all the same. */
function checkPaths(checked: Checked, path: Path, patterns: MatchConfig['path']): void {
  const texts = patterns.filter((one) => typeof one === 'string')
  const isList = checked.written(path)?.is === 'list'
  for (const [place, pattern] of patterns.entries()) {
    const here = isList ? [...path, place] : path
    if (typeof pattern !== 'string') checkPathRegex(checked, [...here, 'regex'], pattern.regex)
    else if (/\/:[A-Za-z_]\w*(?=\/|$)/.test(pattern))
      checked.warn({
        code: 'wrong-value',
        path: here,
        found: `${checked.quoted(here, pattern)}, whose segments begin with ":" itself`,
        allowed: 'a path; parameters stand in braces',
        hint: checked.isSubstituted(here)
          ? null
          : `write ${shown(pattern.replace(/\/:([A-Za-z_]\w*)(?=\/|$)/g, '/{$1}'))} for any segment there`,
      })
    else checkSlash(checked, here, pattern, texts)
  }
}

/** "/api/" is itself only: who writes it mostly means all below it as well. */
function checkSlash(checked: Checked, path: Path, pattern: string, texts: readonly string[]): void {
  if (pattern === '/' || !pattern.endsWith('/')) return
  const others = [`${pattern}*`, pattern.slice(0, -1), `${pattern.slice(0, -1)}*`]
  if (others.some((other) => texts.includes(other))) return
  checked.warn({
    code: 'wrong-value',
    path,
    found: `${checked.quoted(path, pattern)}, which matches this one path only`,
    allowed: 'a path, or one that ends in "*" for all that begin with it',
    hint: checked.isSubstituted(path) ? null : `write ${shown(`${pattern}*`)} for all below it`,
  })
}

function checkPathRegex(checked: Checked, path: Path, regex: string): void {
  if (!/^\^[A-Za-z0-9]/.test(regex)) return
  checked.warn({
    code: 'unreachable',
    path,
    found: `${checked.quoted(path, regex)}, which no path begins with`,
    allowed: 'a pattern for paths, which begin with "/"',
    hint: checked.isSubstituted(path) ? null : `write ${shown(`^/${regex.slice(1)}`)}`,
  })
}
