// Rows of the list: each with the number that it has among the rules of its listener, filtered or not.
import { destinationOf } from '../../data/rule-words.ts'
import type { BackendState } from './backend-states.ts'
import type { RowShown } from './rule-row.tsx'
import type { ShownRule } from './shown-rules.ts'

export function rowsOf(
  rules: readonly ShownRule[],
  backends: ReadonlyMap<string, BackendState>,
): readonly RowShown[] {
  const places = new Map(rules.map(({ id }, at) => [id, at + 1]))
  return rules.map((one, at) => {
    const to = destinationOf(one.rule)
    const by = one.item?.live?.shadowed_by
    return {
      ...{ one, number: at + 1 },
      shadowedBy: by === undefined ? null : (places.get(by) ?? null),
      backend: to.kind === 'backend' ? (backends.get(to.name) ?? null) : null,
    }
  })
}
