// Lists of those that fare so: `status:down`.
import { problem } from '../problem.ts'
import type { Kind } from './resource.ts'

/** What each kind may be; those that are not named here have none. */
const STATUSES: Partial<Record<Kind, readonly string[]>> = {
  backends: ['up', 'degraded', 'down'],
  servers: ['up', 'unchecked', 'down', 'draining', 'maintenance', 'starting'],
  rules: ['matched', 'unmatched'],
}

export const FILTER_DESCRIPTION = `Only those that fare so: ${Object.entries(STATUSES)
  .map(([kind, words]) => `of ${kind} ${words.map((word) => `status:${word}`).join(', ')}`)
  .join('; ')}.`

/** The status that is wanted; null: any. The refusal of what is none. */
export function statusIn(query: URLSearchParams, kind: Kind): string | null | Response {
  const filter = query.get('filter')
  if (filter === null) return null
  const words = STATUSES[kind] ?? []
  const [, status] = /^status:(.+)$/.exec(filter) ?? []
  if (status !== undefined && words.includes(status)) return status
  const allowed = words.map((word) => `status:${word}`).join(', ')
  const message = allowed === '' ? `${kind} have no filter` : `allowed is ${allowed}`
  return problem('query_invalid', `filter: ${message}.`, { errors: [{ parameter: 'filter', message }] })
}
