import type { Edit } from '../../config/edit/values.ts'
import type { Path } from '../../config/tree.ts'

/** One that goes down is one move, not one of each that it passes. */
export function fewestMoves(
  edits: readonly Edit[],
  from: readonly string[],
  to: readonly string[],
  path: Path,
): readonly Edit[] {
  if (edits.length < 2) return edits
  for (const [index, id] of from.entries()) {
    const place = to.indexOf(id)
    const rest = from.toSpliced(index, 1).toSpliced(place, 0, id)
    if (rest.every((one, at) => one === to[at])) return [{ do: 'move', path: [...path, index], to: place }]
    if (index > 1000) break
  }
  return edits
}
