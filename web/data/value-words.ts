// What a header field, a part of the query or a cookie must be: as it is written, and as it is shown.
import { isMap } from './merge.ts'

/** The words of a pattern, and what a form calls them. */
export const WAYS = {
  is: 'is',
  present: 'is there',
  absent: 'is not there',
  prefix: 'begins with',
  suffix: 'ends with',
  contains: 'contains',
  regex: 'matches',
  has: 'has the member',
  range: 'is a number from',
} as const
export type Way = keyof typeof WAYS

/** A pattern as a form shows it. */
export interface ShownValue {
  readonly way: Way
  /** Of a range: the least. */
  readonly text: string
  readonly most: string
}

const TEXTS = ['is', 'prefix', 'suffix', 'contains', 'regex', 'has'] as const

export function shownValue(written: unknown): ShownValue {
  const said = (way: Way, text: unknown = '', most: unknown = ''): ShownValue => ({
    way,
    text: String(text),
    most: String(most),
  })
  if (!isMap(written)) return written === '*' ? said('present') : said('is', written ?? '')
  if (typeof written['present'] === 'boolean') return said(written['present'] ? 'present' : 'absent')
  const word = TEXTS.find((one) => one in written)
  return word === undefined
    ? said('range', written['min'] ?? '', written['max'] ?? '')
    : said(word, written[word])
}

/** What is written for it, the value alone where that says it. */
export function writtenValue({ way, text, most }: ShownValue): unknown {
  if (way === 'is') return text === '*' ? { is: text } : text
  if (way === 'present') return '*'
  if (way === 'absent') return { present: false }
  if (way !== 'range') return { [way]: text }
  return { ...(text !== '' && { min: numberIn(text) }), ...(most !== '' && { max: numberIn(most) }) }
}

/** What is no number stays a text: the gateway says so. */
const numberIn = (text: string): number | string => (/^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text)

/** In a few words: `any`, `begins with a`. */
export function valueText(written: unknown): string {
  const { way, text, most } = shownValue(written)
  if (way === 'is') return text
  if (way === 'present') return '*'
  if (way === 'absent') return 'none'
  if (way !== 'range') return `${WAYS[way]} ${text}`
  return text === '' ? `at most ${most}` : most === '' ? `at least ${text}` : `${text} to ${most}`
}

/** An example of a value that is so, as far as that can be told. */
export function exampleValue(written: unknown): string | null {
  const { way, text, most } = shownValue(written)
  if (way === 'absent') return null
  if (way === 'present') return 'any'
  return way === 'range' && text === '' ? most : text
}
