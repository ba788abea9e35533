// The answer to a change that was made from something else than what is served.
import { problem, type ProblemItem } from '../problem.ts'
import type { Conflict } from './conflicts.ts'
import type { KnownConfig } from './known-config.ts'
import type { Wanted } from './sent-place.ts'

interface Overtaken {
  /** The whole was made from another revision. */
  readonly isOther: boolean
  readonly conflicts: readonly Conflict[]
}

/** Of a single resource its state stands in the document itself, of several in `conflicts`. */
export function conflictAnswer(
  { revision, hash }: Pick<KnownConfig, 'revision' | 'hash'>,
  { wanted, baseRevision }: { readonly wanted: readonly Wanted[]; readonly baseRevision: number | null },
  { isOther, conflicts }: Overtaken,
): Response {
  const now = { current_revision: revision, current_hash: hash }
  const [first] = conflicts
  if (first !== undefined && wanted[0]?.pointer === '') {
    const { op_index: _, resource: __, what: ___, ...members } = first
    const message = 'It is not as it was when the change was made: somebody else has changed it.'
    return problem('etag_mismatch', message, {
      errors: [{ pointer: '', code: 'etag_mismatch', message }],
      members: { ...members, ...now },
    })
  }
  const made = baseRevision === null ? 'the one of If-Match' : `${baseRevision}`
  const other = `Revision ${revision} is served, not ${made}`
  const count = `${conflicts.length} of ${wanted.length} operations meet what somebody else has changed`
  const detail = conflicts.length === 0 ? other : isOther ? `${other}: ${count}` : count
  return problem('etag_mismatch', `${detail}.`, {
    errors: conflicts.map(itemOf),
    ...(conflicts.length === 0 && {
      hint: 'none of what is to be changed was touched: send the same with base_revision as it is now',
    }),
    members: { ...now, ...(first !== undefined && { op_index: first.op_index }), conflicts },
  })
}

const SAYS = {
  changed: 'is not as it was when the change was made',
  gone: 'is not there any more',
  exists: 'is there already',
} as const

const itemOf = ({ op_index: index, resource, what, changed_by: by }: Conflict): ProblemItem => ({
  pointer: `/ops/${index}`,
  code: what === 'exists' ? 'exists' : 'etag_mismatch',
  message: `${resource} ${SAYS[what]}${by === null ? '' : `: ${by} was there last`}`,
})
