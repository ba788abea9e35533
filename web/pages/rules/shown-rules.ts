// The rules as the page shows them: in the order and with the words that the draft would give them, beside
// what is configured.
import type { Change } from '../../data/change.ts'
import { type JsonMap, merged } from '../../data/merge.ts'
import { moved, ruleOf } from '../../data/rule-order.ts'
import type { RuleItem } from '../../data/rule-item.ts'

export interface ShownRule {
  readonly id: string
  /** Null: only the draft has it. */
  readonly item: RuleItem | null
  /** With what is drafted. */
  readonly rule: JsonMap
  readonly etag: string
  readonly draft: 'new' | 'changed' | 'gone' | null
  /** Fields that the draft changes. */
  readonly fields: readonly string[]
  readonly isMoved: boolean
}

/** Names in the order that is configured, with those behind them that only the draft has. */
export function baseOrder(items: readonly RuleItem[], changes: readonly Change[]): readonly string[] {
  const known = new Set(items.map(({ id }) => id))
  const made = changes.flatMap((one) => {
    const name = one.op === 'create' ? ruleOf(one.resource) : null
    return name === null || known.has(name) ? [] : [name]
  })
  return [...known, ...made]
}

/** In the drafted order. */
export function shownRules(items: readonly RuleItem[], changes: readonly Change[]): readonly ShownRule[] {
  const byName = new Map<string, Change[]>()
  for (const one of changes) {
    const name = ruleOf(one.resource)
    if (name !== null) byName.set(name, [...(byName.get(name) ?? []), one])
  }
  if (byName.size === 0) return items.map((item) => shown(item.id, item, []))
  const configured = new Map(items.map((item) => [item.id, item]))
  const base = baseOrder(items, changes)
  const moves = changes.flatMap((one) => {
    const id = one.op === 'move' ? ruleOf(one.resource) : null
    return id === null || one.op !== 'move' ? [] : [{ id, position: one.position }]
  })
  const order = moves.length === 0 ? base : moved(base, moves)
  return order.map((id) => shown(id, configured.get(id) ?? null, byName.get(id) ?? []))
}

function shown(id: string, item: RuleItem | null, changes: readonly Change[]): ShownRule {
  const change = changes.find(({ op }) => op !== 'move')
  const configured = item?.configured ?? {}
  return {
    ...{ id, item, etag: item?.etag ?? '' },
    rule: ruleWith(change, configured),
    draft: change === undefined ? null : WORDS[change.op === 'move' ? 'update' : change.op],
    fields: change?.op === 'update' ? Object.keys(change.patch) : [],
    isMoved: changes.some(({ op }) => op === 'move'),
  }
}

/** One that is to be removed is still told of. */
function ruleWith(change: Change | undefined, configured: JsonMap): JsonMap {
  if (change?.op === 'create') return change.value
  return change?.op === 'update' ? (merged(configured, change.patch) as JsonMap) : configured
}

const WORDS = { create: 'new', update: 'changed', delete: 'gone' } as const
