// What rules match: what their schema cannot say.
import type { MatchConfig } from '../rules/match.options.ts'
import type { ValueWords } from '../rules/value.options.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

/** Checks what a rule asks of requests. */
export function checkMatch(checked: Checked, path: Path, match: MatchConfig): void {
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
