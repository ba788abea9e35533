// A draft whose ground has changed: what only one side changed stands, field by field, on what there is now;
// only where both changed the same, a person is asked.
import type { Change } from './change.ts'
import { inOrder } from './change.ts'
import { at, isMap, isSame, type JsonMap, type Leaf, leavesOf, merged, patchFrom, patchOf } from './merge.ts'

/** What somebody else has made of the resource of one operation, as the API tells it (412). */
export interface Conflict {
  readonly op_index: number
  readonly resource: string
  readonly what: 'changed' | 'gone' | 'exists'
  readonly current: unknown
  readonly current_etag: string | null
  readonly changed_by: string | null
  readonly changed_at: string | null
  readonly changed_revision: number | null
}

/** A field that both have changed, to different values; undefined: it is not there. */
export interface Overlap {
  readonly path: readonly string[]
  readonly base: unknown
  readonly theirs: unknown
  readonly mine: unknown
}

export type Pick = 'mine' | 'theirs'

export type Rebased =
  /** It stands on what there is now. */
  | { readonly is: 'kept'; readonly change: Change }
  /** What there is now says it already. */
  | { readonly is: 'dropped'; readonly change: Change }
  | Asks

/**
 * fields: both changed the same; gone: they removed what I changed; exists: both added it; delete: they
 * changed what I remove.
 */
export interface Asks {
  readonly is: 'asks'
  readonly kind: 'fields' | 'gone' | 'exists' | 'delete'
  readonly change: Change
  readonly conflict: Conflict
  readonly overlaps: readonly Overlap[]
}

/** Each change of a draft on what there is now, in the order of the draft. */
export function rebase(changes: readonly Change[], conflicts: readonly Conflict[]): Rebased[] {
  const sent = inOrder(changes)
  return changes.map((change) => {
    const conflict = conflicts.find((one) => sent[one.op_index] === change)
    return conflict === undefined ? { is: 'kept', change } : rebased(change, conflict)
  })
}

function rebased(change: Change, conflict: Conflict): Rebased {
  const { what, current, current_etag: etag } = conflict
  const asks = (kind: Asks['kind'], overlaps: readonly Overlap[] = []): Asks => {
    return { is: 'asks', kind, change, conflict, overlaps }
  }
  if (what === 'gone') return change.op === 'update' ? asks('gone') : { is: 'dropped', change }
  if (!isMap(current) || etag === null) return { is: 'kept', change }
  switch (change.op) {
    case 'create':
      return isSame(current, change.value) ? { is: 'dropped', change } : asks('exists')
    case 'delete':
      return asks('delete')
    case 'move':
      return { is: 'kept', change: { ...change, etag } }
    case 'update': {
      const { kept, overlaps } = threeWay(change.base, current, leavesOf(change.patch))
      if (overlaps.length > 0) return asks('fields', overlaps)
      if (kept.length === 0) return { is: 'dropped', change }
      return { is: 'kept', change: { ...change, etag, base: current, patch: patchOf(kept) } }
    }
  }
}

function threeWay(base: JsonMap, theirs: JsonMap, mine: readonly Leaf[]) {
  const kept: Leaf[] = []
  const overlaps: Overlap[] = []
  for (const leaf of mine) {
    const [was, is, wanted] = [at(base, leaf.path), at(theirs, leaf.path), leaf.value ?? undefined]
    if (isSame(is, wanted)) continue
    if (isSame(was, is)) kept.push(leaf)
    else overlaps.push({ path: leaf.path, base: was, theirs: is, mine: wanted })
  }
  return { kept, overlaps }
}

/** A change as it was decided, fields in the order of the overlaps. Null: nothing is left of it. */
export function decided({ kind, change, conflict, overlaps }: Asks, picks: readonly Pick[]): Change | null {
  const { current, current_etag: etag } = conflict
  if (kind === 'fields') return fieldsDecided(change, conflict, { overlaps, picks })
  if (picks[0] !== 'mine') return null
  const { resource } = change
  // They removed it: it is made anew, as it was with what I changed.
  if (kind === 'gone' && change.op === 'update')
    return { op: 'create', resource, value: merged(change.base, change.patch) as JsonMap }
  if (!isMap(current) || etag === null) return change
  if (change.op === 'delete') return { ...change, etag, base: current }
  if (change.op !== 'create') return change
  const patch = patchFrom(current, change.value)
  return patch === null ? null : { op: 'update', resource, etag, base: current, patch }
}

function fieldsDecided(
  change: Change,
  { current, current_etag: etag }: Conflict,
  { overlaps, picks }: { readonly overlaps: readonly Overlap[]; readonly picks: readonly Pick[] },
): Change | null {
  if (change.op !== 'update' || !isMap(current) || etag === null) return change
  const leaves = leavesOf(change.patch)
  const { kept } = threeWay(change.base, current, leaves)
  const mine = overlaps.filter((_, place) => picks[place] === 'mine').map(({ path }) => path.join('\0'))
  const chosen = leaves.filter(({ path }) => mine.includes(path.join('\0')))
  const all = [...kept, ...chosen]
  return all.length === 0 ? null : { ...change, etag, base: current, patch: patchOf(all) }
}

/** How many decisions it takes. */
export const decisionsOf = ({ kind, overlaps }: Asks): number => (kind === 'fields' ? overlaps.length : 1)
