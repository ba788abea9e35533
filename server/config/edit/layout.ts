// Where everything stands in a text of YAML or JSON.
import type { Steps } from '../../lib/slices.ts'
import { plainYamlSteps } from '../plain-yaml.ts'
import type { Offset, Tree } from '../tree.ts'
import { LazyPiece, lineStart, type Piece } from './piece.ts'
import { wholeLayout } from './whole-layout.ts'

/** A text that was read. */
export interface Layout {
  readonly root: Piece
  /** What it means, where it was read in one pass; null: it has more in it than is read so. */
  readonly tree: Tree | null
}

/** Null: the text is no YAML, or no map or list. */
export function* layoutSteps(text: string): Steps<Layout | null> {
  const tree = yield* plainYamlSteps(text)
  if (tree !== null) return { root: pieceOf(tree, text), tree }
  const root = wholeLayout(text)
  return root === null ? null : { root, tree: null }
}

/** Of a tree that was read in one pass: it has no anchors, and nothing in it is left out. */
function pieceOf(tree: Tree, text: string): Piece {
  const { is, at, end } = tree
  const isFlow = is !== 'scalar' && (text[at] === '{' || text[at] === '[')
  return new LazyPiece({ is, at, end, from: at, isFlow }, () => {
    if (tree.is === 'scalar') return []
    if (tree.is === 'map')
      return Array.from(tree.entries, ([key, { at: keyAt, end: keyEnd, value }]) => {
        return { key, at: keyAt, end: keyEnd, value: pieceOf(value, text) }
      })
    const column = at - lineStart(text, at)
    return tree.items.map((item, index) => {
      const dash = isFlow ? item.at : index === 0 ? at : dashBefore(text, item.at, column)
      return { key: null, at: dash, end: isFlow ? dash : dash + 1, value: pieceOf(item, text) }
    })
  })
}

/** All dashes of a list stand one below the other. */
function dashBefore(text: string, at: Offset, column: number): Offset {
  let line = lineStart(text, at)
  while (line > 0 && text[line + column] !== '-') line = lineStart(text, line - 1)
  return line + column
}
