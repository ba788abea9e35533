// Where a walk through a tree is.
import type { Path } from './tree.ts'

/**
 * Where we are, from the end: most places are passed without a word, so that a path is made only for a
 * problem.
 */
export type Trail = { readonly up: Trail; readonly step: string | number } | null

/** The same from the root. */
export function pathOf(trail: Trail): Path {
  const path: (string | number)[] = []
  for (let at = trail; at !== null; at = at.up) path.push(at.step)
  return path.reverse()
}
