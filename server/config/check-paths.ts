// Paths of rules: slips that are paths all the same.
import type { Condition } from '../rules/match.options.ts'
import type { Checked } from './checked.ts'
import { shown } from './spoken.ts'
import type { Path } from './tree.ts'

export function checkPaths(checked: Checked, path: Path, patterns: Condition['path']): void {
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
