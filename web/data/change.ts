// What becomes of one resource in a draft, and how the API takes it.
import type { Api } from './api-types.ts'
import type { JsonMap } from './merge.ts'

type Op = Api['POST /api/v1/changesets']['body']['ops'][number]
export interface Position {
  readonly index?: number
  readonly before?: string
  readonly after?: string
}

/** What becomes of one resource: `backends/api/servers/api-3`, each name percent-encoded. */
export type Change =
  | {
      readonly op: 'update'
      readonly resource: string
      readonly etag: string
      /** As it was written when the change was begun. */
      readonly base: JsonMap
      readonly patch: JsonMap
    }
  | {
      readonly op: 'create'
      readonly resource: string
      readonly value: JsonMap
      readonly position?: Position
    }
  | { readonly op: 'delete'; readonly resource: string; readonly etag: string; readonly base: JsonMap }
  | { readonly op: 'move'; readonly resource: string; readonly etag: string; readonly position: Position }

export type Draft =
  | { readonly kind: 'none' }
  | { readonly kind: 'changes'; readonly baseRevision: number; readonly changes: readonly Change[] }
  | {
      readonly kind: 'text'
      readonly baseRevision: number
      readonly baseHash: string
      /** What it was made from. */
      readonly base: string
      readonly text: string
      /** The text is that of this revision. */
      readonly restores?: number
    }

/** As the API takes them. */
export const opsOf = (list: readonly Change[]): Op[] => inOrder(list).map(opOf)

/** In an order that works: what is named first is made first; names change last. */
export function inOrder(list: readonly Change[]): Change[] {
  const rank = (one: Change): number => {
    if (one.op === 'create')
      return one.resource.startsWith('rules/') ? 2 : one.resource.includes('/servers/') ? 1 : 0
    if (one.op === 'move') return 4
    if (one.op === 'delete') return one.resource.startsWith('rules/') ? 5 : 6
    return 'name' in one.patch ? 7 : 3
  }
  return list.toSorted((a, b) => rank(a) - rank(b))
}

function opOf(one: Change): Op {
  switch (one.op) {
    case 'create': {
      const list = one.resource.slice(0, one.resource.lastIndexOf('/'))
      return { op: 'create', resource: list, value: { ...one.value }, ...one.position }
    }
    case 'update':
      return { op: 'update', resource: one.resource, value: { ...one.patch }, if_match: one.etag }
    case 'delete':
      return { op: 'delete', resource: one.resource, if_match: one.etag }
    case 'move':
      return { op: 'move', resource: one.resource, ...one.position }
  }
}
