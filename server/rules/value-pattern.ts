// Value patterns, compiled: of all the values that a request has under a name.
import { judgeRegex } from '../lib/regex-safety.ts'
import type { ValueWords } from './value.options.ts'
import { NO, UNCLEAR, type Verdict, verdictOf, YES } from './verdict.ts'

export interface ValuePattern {
  /** It is this very value, or null. */
  readonly exact: string | null
  /** Any value will do. */
  readonly isAny: boolean
  /** Given all values, in their order; none: it is absent. */
  readonly judge: (values: readonly string[]) => Verdict
}

/** Whether readers of a request that has several values may differ in which of them it looks at. */
export const readsWhole = (words: string | ValueWords): boolean =>
  typeof words === 'string' ? words !== '*' : words.present === undefined && words.has === undefined

/** Longest text that a pattern is asked of. */
const TEXT_MAX = 8192
/** The same of one whose time grows with the square of that. */
const SLOW_TEXT_MAX = 2048

/** Compiles a pattern; throws a RangeError on one that says nothing, or too much. */
export function valuePattern(words: string | ValueWords): ValuePattern {
  if (typeof words === 'string') return words === '*' ? present(true) : exactly(words)
  const { is, prefix, suffix, contains, regex, has, min, max } = words
  if (is !== undefined) return exactly(is)
  if (words.present !== undefined) return present(words.present)
  if (prefix !== undefined) return whole((value) => verdictOf(value.startsWith(prefix)))
  if (suffix !== undefined) return whole((value) => verdictOf(value.endsWith(suffix)))
  if (contains !== undefined) return whole((value) => verdictOf(value.includes(contains)))
  if (regex !== undefined) return foundBy(regex)
  if (has !== undefined) return hasMember(has)
  if (min !== undefined || max !== undefined) return whole(within(min, max))
  throw new RangeError(
    'a value pattern says one of is, prefix, suffix, contains, regex, present, has, min, max',
  )
}

const exactly = (wanted: string): ValuePattern => ({
  ...whole((value) => verdictOf(value === wanted)),
  exact: wanted,
})

const present = (isWanted: boolean): ValuePattern => ({
  exact: null,
  isAny: isWanted,
  judge: ({ length }) => verdictOf(length > 0 === isWanted),
})

const hasMember = (wanted: string): ValuePattern => ({
  exact: null,
  isAny: false,
  judge: (values) => verdictOf(values.some((value) => hasIn(value, wanted))),
})

/** RFC 9110 §5.6.1: members stand between commas, with blanks around them. */
const hasIn = (list: string, wanted: string): boolean =>
  list.includes(wanted) && list.split(',').some((member) => member.trim() === wanted)

/** All values must mean the same, or it is not clear. */
const whole = (test: (value: string) => Verdict): ValuePattern => ({
  exact: null,
  isAny: false,
  judge(values) {
    const [first] = values
    if (first === undefined) return NO
    const verdict = test(first)
    if (values.length === 1) return verdict
    return values.every((value) => test(value) === verdict) ? verdict : UNCLEAR
  },
})

/** Of several values all together are not longer than one may be: each is looked at. */
function foundBy(pattern: string): ValuePattern {
  const { test, most } = compiled(pattern)
  const { judge, ...rest } = whole(test)
  const isTooLong = (values: readonly string[]): boolean =>
    values.length > 1 && values.reduce((sum, { length }) => sum + length, 0) > most
  return { ...rest, judge: (values) => (isTooLong(values) ? UNCLEAR : judge(values)) }
}

/**
 * The test of a regular expression: whether it is found in a text; UNCLEAR of texts that are too long to be
 * looked at. Throws a RangeError on one that could be made to take long.
 */
export const regexTest = (pattern: string): ((text: string) => Verdict) => compiled(pattern).test

/** What it finds in a text, with its groups; null: nothing; 'too_long': such a text is not looked at. */
export function regexFinder(pattern: string): (text: string) => RegExpExecArray | null | 'too_long' {
  const regex = new RegExp(pattern)
  const { most } = compiled(pattern)
  return (text) => (text.length > most ? 'too_long' : regex.exec(text))
}

function compiled(pattern: string): { readonly test: (text: string) => Verdict; readonly most: number } {
  const regex = new RegExp(pattern)
  const judged = judgeRegex(pattern)
  if ('part' in judged) throw new RangeError(`"${judged.part || pattern}" ${judged.why}: ${judged.hint}`)
  const most = judged.isSlow ? SLOW_TEXT_MAX : TEXT_MAX
  return { test: (text) => (text.length > most ? UNCLEAR : verdictOf(regex.test(text))), most }
}

const NUMBER = /^[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?$/

function within(min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): (value: string) => Verdict {
  return (value) => {
    if (!NUMBER.test(value)) return NO
    const number = Number(value)
    return number >= min && number <= max ? YES : NO
  }
}

/** A pattern in words, as traces show what was wanted. */
export function patternText(words: string | ValueWords): string {
  if (typeof words === 'string') return words
  if (words.present !== undefined) return words.present ? '*' : 'none'
  return Object.entries(words)
    .map(([word, wanted]) => (word === 'is' ? String(wanted) : `${word} ${String(wanted)}`))
    .join(', ')
}
