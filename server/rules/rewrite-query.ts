// Edits of a query: the parts that nobody names stay as they came, byte for byte.
import { decoded } from './query.ts'
import type { RewriteConfig } from './rewrite.options.ts'
import { component } from './template-escapes.ts'
import { template } from './template.ts'
import type { Told } from './variables.ts'

/** The query after, given the one before, both without their "?". */
export type QueryEdit = (query: string, x: Told) => string

/** Null: nothing is edited. */
export function queryEdit({ remove, rename, set, add }: RewriteConfig['query']): QueryEdit | null {
  const removed = new Set(remove)
  const renamed = new Map(Object.entries(rename).map(([from, to]) => [from, component(to)]))
  const set_ = Object.entries(set).map(([name, value]) => ({ name, value: template(value, 'part') }))
  const added = Object.entries(add).map(([name, value]) => ({ name, value: template(value, 'part') }))
  const replaced = new Set(set_.map(({ name }) => name))
  if (removed.size + renamed.size + set_.length + added.length === 0) return null
  return (query, x) => {
    const parts: string[] = []
    for (const part of query === '' || removed.has('*') ? [] : query.split('&')) {
      const equals = part.indexOf('=')
      const name = decoded(equals < 0 ? part : part.slice(0, equals))
      if (removed.has(name)) continue
      const other = renamed.get(name)
      if (replaced.has(other === undefined ? name : decoded(other))) continue
      parts.push(other === undefined ? part : other + (equals < 0 ? '' : part.slice(equals)))
    }
    for (const { name, value } of [...set_, ...added]) {
      const made = value.whole(x)
      if (made !== null) parts.push(`${component(name)}=${made}`)
    }
    return parts.join('&')
  }
}
