// Edits of a path, which is in normal form: prefixes are whole segments, and what comes of it is a path that
// no server can read as one that leads elsewhere.
import { normalise, mayLeadUp, prefixText } from './path.ts'
import type { RewriteConfig } from './rewrite.options.ts'
import { groupTemplate, urlTemplate, type UrlTemplate } from './template.ts'
import { regexFinder } from './value-pattern.ts'
import type { Told } from './variables.ts'

/** What was done to a path, so that answers can be turned back. */
export interface PathChange {
  /** As servers see it. */
  readonly path: string
  /** What was taken off; null: nothing. */
  readonly stripped: string | null
  readonly replaced: { readonly from: string; readonly to: string } | null
  readonly added: string | null
}

/** Null: it cannot be. */
export type PathEdit = (path: string, x: Told) => PathChange | null

type Words = Pick<RewriteConfig, 'strip_prefix' | 'replace_prefix' | 'path' | 'add_prefix'>

/** Null: nothing is edited. Throws a RangeError on a path or a variable that cannot be. */
export function pathEdit(words: Words): PathEdit | null {
  const strips = words.strip_prefix.map(prefixText)
  const replace = words.replace_prefix && {
    from: prefixText(words.replace_prefix.from),
    to: urlTemplate(words.replace_prefix.to),
  }
  const whole = words.path === undefined ? null : wholeEdit(words.path)
  const add = words.add_prefix === undefined ? null : urlTemplate(words.add_prefix)
  if (strips.length === 0 && replace === undefined && whole === null && add === null) return null
  return (path, x) => {
    const normal = normalise(path)
    if (normal === null) return null
    const stripped = strips.find((prefix) => isUnder(normal, prefix)) ?? null
    let made = stripped === null ? normal : normal.slice(stripped.length)
    const isReplaced = replace !== undefined && isUnder(made, replace.from)
    const to = isReplaced ? prefixOf(replace.to, x) : ''
    if (isReplaced) made = to + made.slice(replace.from.length)
    if (whole !== null) {
      const edited = whole(made === '' ? '/' : made, x)
      if (edited === null) return null
      made = edited
    }
    const added = add === null ? null : prefixOf(add, x)
    if (added !== null) made = added + (made.startsWith('/') || made === '' ? made : `/${made}`)
    // "//" at its beginning would look like a host to some.
    made = `/${made.replace(/^\/+/, '')}`
    if (made === normal) return { path, ...UNCHANGED }
    if (mayLeadUp(made)) return null
    return { path: made, stripped, replaced: isReplaced ? { from: replace.from, to } : null, added }
  }
}

export const UNCHANGED = { stripped: null, replaced: null, added: null } as const

/** Whether a path is this, or below it. */
export const isUnder = (path: string, prefix: string): boolean =>
  path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH)
const SLASH = 47

/** Without a slash at its end: what follows begins with one. */
const prefixOf = (to: UrlTemplate, x: Told): string =>
  `/${to.filled(x).replace(/^\/+/, '')}`.replace(/\/+$/, '')

function wholeEdit(words: NonNullable<RewriteConfig['path']>): (path: string, x: Told) => string | null {
  if (typeof words === 'string') {
    const to = urlTemplate(words)
    return (_, x) => to.filled(x)
  }
  const find = regexFinder(words.regex)
  const to = groupTemplate(words.to)
  return (path, x) => {
    const found = find(path)
    if (found === 'too_long') return null
    if (found === null) return path
    return path.slice(0, found.index) + to(x, found) + path.slice(found.index + found[0].length)
  }
}
