// Values as a person would write them into the file: in YAML, JSON or TOML.
import { extname } from 'node:path'
import { shown } from './spoken.ts'

export type Syntax = 'yaml' | 'json' | 'toml'

/** What can be written. */
export type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain }

/** The syntax of a file, of which its name tells. */
export function syntaxOf(file: string): Syntax {
  const ending = extname(file).toLowerCase()
  return ending === '.toml' ? 'toml' : ending === '.json' ? 'json' : 'yaml'
}

/** A value in one line. */
export function spell(value: Plain, syntax: Syntax): string {
  if (typeof value === 'string') return spellText(value, syntax)
  if (typeof value !== 'object') return String(value)
  if (isList(value)) return `[${value.map((item) => spell(item, syntax)).join(', ')}]`
  const entries = Object.entries(value).map(
    ([key, item]) => `${spellKey(key, syntax)}${syntax === 'toml' ? ' = ' : ': '}${spell(item, syntax)}`,
  )
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value)

const spellKey = (key: string, syntax: Syntax): string =>
  syntax !== 'json' && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? key : JSON.stringify(key)

/** Words that YAML takes for something else than text. */
export const NO_TEXT =
  /^(?:true|false|null|yes|no|on|off|~|[-+.]?[0-9][0-9._]*(?:e[-+]?[0-9]+)?|0x[0-9a-f]+|0o[0-7]+|\.inf|\.nan)$/i

const spellText = (text: string, syntax: Syntax): string =>
  syntax === 'yaml' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(text) && !NO_TEXT.test(text)
    ? text
    : shown(text)
