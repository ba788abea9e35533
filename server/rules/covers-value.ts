// Whether each value of one pattern is one of another: told only where it is sure.
import { valuePattern } from './value-pattern.ts'
import type { ValueWords } from './value.options.ts'
import { NO } from './verdict.ts'

type Words = string | ValueWords

/** Where the narrow one holds for all values of a name, the wide one does not fail for them. */
export function valueCovers(wide: Words, narrow: Words): boolean {
  if (Bun.deepEquals(wide, narrow)) return true
  const isAbsent = typeof narrow === 'object' && narrow.present === false
  if (isAny(wide)) return !isAbsent
  if (isAbsent) return false
  const exact = exactOf(narrow)
  if (exact !== null) return valuePattern(wide).judge([exact]) !== NO
  if (typeof wide !== 'object' || typeof narrow !== 'object') return false
  const { prefix, suffix, contains, min, max } = wide
  if (prefix !== undefined) return narrow.prefix?.startsWith(prefix) === true
  if (suffix !== undefined) return narrow.suffix?.endsWith(suffix) === true
  if (contains !== undefined)
    return [narrow.prefix, narrow.suffix, narrow.contains].some((one) => one?.includes(contains) === true)
  if (min === undefined && max === undefined) return false
  return (
    (narrow.min !== undefined || narrow.max !== undefined) &&
    (min === undefined || (narrow.min !== undefined && narrow.min >= min)) &&
    (max === undefined || (narrow.max !== undefined && narrow.max <= max))
  )
}

/** Whether no values of a name are of both. */
export function valuesExclude(one: Words, other: Words): boolean {
  const isAbsent = (words: Words): boolean => typeof words === 'object' && words.present === false
  if (isAbsent(one) || isAbsent(other)) return isAbsent(one) !== isAbsent(other)
  const [a, b] = [exactOf(one), exactOf(other)]
  // A member of a list may stand beside others, in another line.
  if (a !== null && !isMember(other)) return valuePattern(other).judge([a]) === NO
  return b !== null && !isMember(one) && valuePattern(one).judge([b]) === NO
}

const isAny = (words: Words): boolean => (typeof words === 'string' ? words === '*' : words.present === true)

const isMember = (words: Words): boolean => typeof words === 'object' && words.has !== undefined

function exactOf(words: Words): string | null {
  if (typeof words === 'string') return words === '*' ? null : words
  return words.is ?? null
}
