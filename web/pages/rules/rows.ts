// Rows of the list: each with the number that it has among the rules of its listener, filtered or not.
import { destinationOf, takesAll } from '../../data/rule-words.ts'
import type { BackendState } from './backend-state.ts'
import type { RowShown } from './row-shown.ts'
import type { ShownRule } from './shown-rules.ts'

/**
 * What runs says so, and a draft that moves it before that rule ends it. Of what the draft adds, changes or
 * moves it is known here: behind a rule that takes everything it would never be asked.
 */
function shadowOf(
  { item, draft, isMoved }: ShownRule,
  number: number,
  { places, all }: Known,
): RowShown['shadowedBy'] {
  if (all !== null && all.place < number && draft !== 'gone' && (draft !== null || isMoved)) return all
  const name = item?.live?.shadowed_by
  if (name === undefined) return null
  const place = places.get(name) ?? null
  return place !== null && place > number ? null : { name, place }
}

interface Known {
  readonly places: ReadonlyMap<string, number>
  /** The first rule that takes everything. */
  readonly all: { readonly name: string; readonly place: number } | null
}

export function rowsOf(
  rules: readonly ShownRule[],
  backends: ReadonlyMap<string, BackendState>,
): readonly RowShown[] {
  const places = new Map(rules.map(({ id }, at) => [id, at + 1]))
  const first = rules.find(({ rule, draft }) => draft !== 'gone' && takesAll(rule))
  const all = first === undefined ? null : { name: first.id, place: places.get(first.id) ?? 0 }
  return rules.map((one, at) => {
    const to = destinationOf(one.rule)
    return {
      ...{ one, number: at + 1 },
      shadowedBy: shadowOf(one, at + 1, { places, all }),
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
