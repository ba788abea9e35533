// One value as text, with the quotes that others like it have.
import { NO_TEXT } from '../spell.ts'

export type Quotes = 'double' | 'single' | 'none'

export interface ScalarStyle {
  readonly isJson: boolean
  /** Between brackets less may stand without quotes. */
  readonly isFlow: boolean
  /** Of what stood there, or of what is like it. */
  readonly quotes: Quotes
  /** For texts that cannot do without. */
  readonly usual: '"' | "'"
}

export function scalarText(value: string | number | boolean, style: ScalarStyle): string {
  if (typeof value !== 'string') return String(value)
  const { isJson, isFlow, quotes, usual } = style
  if (isJson || quotes === 'double') return JSON.stringify(value)
  if (quotes === 'none' && isPlain(value, isFlow)) return value
  const isSingle = quotes === 'single' || usual === "'"
  return isSingle && /^[\x20-\x7e\u00a1-\ud7ff]*$/.test(value)
    ? `'${value.replaceAll("'", "''")}'`
    : JSON.stringify(value)
}

/** How a scalar is quoted that stands in the text. */
export const quotesOf = (written: string): Quotes =>
  written.startsWith('"') ? 'double' : written.startsWith("'") ? 'single' : 'none'

const PLAIN = /^[A-Za-z0-9_./$(](?:[!-~]| (?=[!-~]))*$/
/** Numbers to the base of sixty, and days, for those who read YAML 1.1. */
const OTHER_IN_OLD_YAML =
  /^(?:[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*)$/

/** Whether a text needs no quotes. */
function isPlain(text: string, isFlow: boolean): boolean {
  if (!PLAIN.test(text) || /: | #|:$/.test(text) || (isFlow && /[,[\]{}]/.test(text))) return false
  return !NO_TEXT.test(text) && !OTHER_IN_OLD_YAML.test(text) && !isNumber(text)
}

/** Anything that may be read as a number, however odd. */
const isNumber = (text: string): boolean => /^[-+.0-9]/.test(text) && !Number.isNaN(Number(text))

/** A text of several lines below its key; null: it cannot be written so. */
export function literalText(value: string, indent: string, newline: string): string | null {
  const body = value.replace(/\n+$/, '')
  const ends = value.length - body.length
  if (!body.includes('\n') && ends === 0) return null
  // Blanks at the ends of lines are lost in editors; those that begin the first one would set the indent.
  if (
    !/^[^\s\x00-\x1f][^\x00-\x09\x0b-\x1f\x7f\u0085\u2028\u2029\ufeff]*$/.test(body) ||
    /[ \t]\n|[ \t]$/.test(body)
  )
    return null
  const lines = body.split('\n').map((line) => (line === '' ? '' : indent + line))
  const mark = ends === 0 ? '|-' : ends === 1 ? '|' : '|+'
  return [mark, ...lines, ...Array.from({ length: ends - 1 }, () => '')].join(newline)
}
