// What a text has filled in: whoever may not read all that the gateway can, as its files and its environment,
// gets none of it into a config, into its traffic or into a message of what is wrong.
import type { Problems } from './problem.ts'

/** `$${` stands for itself. */
const PLACE = /\$\$\{|\$\{([^}]*)\}/g
/** Escapes of "$", "{" and "/" in quoted texts of YAML, JSON and TOML. */
const ESCAPES = /\\(?:x|u00|U000000)(24|7b)|\\\//gi

/**
 * What is filled in anywhere in a text, comments included, as it is written: `file:./key`, `PORT`. Of
 * `PORT:-80` it is the variable.
 */
export function namesFilledIn(text: string): ReadonlySet<string> {
  const plain = text.replace(ESCAPES, (_, code: string | undefined) =>
    code === undefined ? '/' : code === '24' ? '$' : '{',
  )
  const inner = [...placesIn(plain)].flatMap(([, name]) => (name === undefined ? [] : [nameOf(name)]))
  return new Set(inner)
}

/** Where no "}" follows any more, none is looked for: that would be done anew for each "${". */
const placesIn = (text: string): Iterable<RegExpExecArray> =>
  text.slice(0, text.lastIndexOf('}') + 1).matchAll(PLACE)

/** Of what stands between "${" and "}". */
export const nameOf = (inner: string): string =>
  inner.startsWith('file:') ? inner : (inner.split(':-', 1)[0] ?? '')

/**
 * Adds a problem for each place that has something else filled in than these; whether there is none. A
 * comment counts as well: what stands there today is filled in tomorrow.
 */
export function hasOnly(names: ReadonlySet<string>, text: string, problems: Problems): boolean {
  let isSo = true
  for (const { 0: place, 1: inner, index } of placesIn(text)) {
    if (inner === undefined || names.has(nameOf(inner))) continue
    isSo = false
    problems.add({ ...NOT_YOURS, found: place, at: index, end: index + place.length, path: [] })
  }
  return isSo
}

export const NOT_YOURS = {
  code: 'not-yours',
  allowed: 'what the config that is served has filled in already',
  hint: 'files and variables of the gateway that are new in the config are for admins to name: what they hold would be told',
} as const
