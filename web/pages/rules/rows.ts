// Rows of the list: each with the number that it has among the rules of its listener, filtered or not.
import { destinationOf } from '../../data/rule-words.ts'
import type { BackendState } from './backend-states.ts'
import type { RowShown } from './rule-row.tsx'
import type { ShownRule } from './shown-rules.ts'

/** What runs says so; a draft that moves it before that rule ends it. */
function shadowOf(
  { item }: ShownRule,
  number: number,
  places: ReadonlyMap<string, number>,
): RowShown['shadowedBy'] {
  const name = item?.live?.shadowed_by
  if (name === undefined) return null
  const place = places.get(name) ?? null
  return place !== null && place > number ? null : { name, place }
}

export function rowsOf(
  rules: readonly ShownRule[],
  backends: ReadonlyMap<string, BackendState>,
): readonly RowShown[] {
  const places = new Map(rules.map(({ id }, at) => [id, at + 1]))
  return rules.map((one, at) => {
    const to = destinationOf(one.rule)
    return {
      ...{ one, number: at + 1 },
      shadowedBy: shadowOf(one, at + 1, places),
      backend: to.kind === 'backend' ? (backends.get(to.name) ?? null) : null,
    }
  })
}

/** Behind the page's sentence: which of them nothing reaches; '' where all are reached. */
export function shadowedWords(rows: readonly RowShown[]): string {
  const places = rows.flatMap(({ number, shadowedBy }) => (shadowedBy === null ? [] : [number]))
  if (places.length === 0) return ''
  if (places.length === 1) return ` Rule ${places[0]} is never reached.`
  const shown = places.length > 4 ? `${places.length} rules` : `Rules ${places.join(', ')}`
  return ` ${shown} are never reached.`
}
