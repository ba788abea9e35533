// The order of all rules, put into the draft.
import { changes, moveAll } from '../../data/draft.ts'
import type { RuleItem } from '../../data/rule-item.ts'
import { fewestMoves, movesAsChanges } from '../../data/rule-order.ts'
import { baseOrder } from './shown-rules.ts'

/** Drafts it: the fewest moves that make the order, none where it is as configured. */
export function draftOrder(items: readonly RuleItem[], wanted: readonly string[]): void {
  const etags = new Map(items.map(({ id, etag }) => [id, etag]))
  const moves = fewestMoves(baseOrder(items, changes.peek()), wanted)
  moveAll(
    'rules',
    movesAsChanges(moves, (id) => etags.get(id) ?? ''),
  )
}
