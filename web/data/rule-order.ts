// The order of rules that a draft would have, and the fewest moves that make it: each says behind which rule
// it goes, so that moves of one draft do not depend on the order in which they were thought of.
import type { Change, Position } from './change.ts'

/** A rule, and the rule that it is to stand behind; null: it becomes the first. */
export interface Move {
  readonly id: string
  readonly after: string | null
}

/** The least that makes `wanted` of `from`; both have the same names. Applied in this order. */
export function fewestMoves(from: readonly string[], wanted: readonly string[]): readonly Move[] {
  const places = new Map(from.map((id, at) => [id, at]))
  const staying = longestRising(wanted.map((id) => places.get(id) ?? -1))
  return wanted.flatMap((id, at) => (staying.has(at) ? [] : [{ id, after: wanted[at - 1] ?? null }]))
}

/** Indexes of the longest rising run of values, not necessarily side by side (patience sorting). */
function longestRising(values: readonly number[]): ReadonlySet<number> {
  const tails: number[] = []
  const before: number[] = []
  for (const [at, value] of values.entries()) {
    let [low, high] = [0, tails.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1
      else high = middle
    }
    before[at] = tails[low - 1] ?? -1
    tails[low] = at
  }
  const found = new Set<number>()
  for (let at = tails.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) found.add(at)
  return found
}

/** Names in the order that moves of a draft make, one after the other. A name that is gone moves nothing. */
export function moved(
  from: readonly string[],
  moves: readonly { readonly id: string; readonly position: Position }[],
): readonly string[] {
  const list = [...from]
  for (const { id, position } of moves) {
    const at = list.indexOf(id)
    if (at === -1) continue
    list.splice(at, 1)
    const beside = position.before ?? position.after
    const other = beside === undefined ? -1 : list.indexOf(beside)
    const to = position.index ?? (other === -1 ? at : position.before === undefined ? other + 1 : other)
    list.splice(Math.min(to, list.length), 0, id)
  }
  return list
}

/** `list` with one of its names behind another (null: as the first). */
export function placed(list: readonly string[], id: string, after: string | null): readonly string[] {
  const rest = list.filter((one) => one !== id)
  return rest.toSpliced(after === null ? 0 : rest.indexOf(after) + 1, 0, id)
}

export const ruleResource = (name: string): string => `rules/${encodeURIComponent(name)}`

/** The name in `rules/NAME`; null: it is no rule. */
export const ruleOf = (resource: string): string | null =>
  resource.startsWith('rules/') ? decodeURIComponent(resource.slice('rules/'.length)) : null

/** Moves of rules as changes of a draft. */
export const movesAsChanges = (
  moves: readonly Move[],
  etagOf: (id: string) => string,
): readonly Extract<Change, { op: 'move' }>[] =>
  moves.map(({ id, after }) => ({
    op: 'move',
    resource: ruleResource(id),
    etag: etagOf(id),
    position: after === null ? { index: 0 } : { after },
  }))
