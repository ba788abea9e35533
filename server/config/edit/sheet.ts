// A text of YAML or JSON with all that an edit of it asks: what it means, where things stand, and what is
// like them.
import { atOnce, type Steps } from '../../lib/slices.ts'
import { readTree } from '../read.ts'
import { isJsonText } from '../read-yaml.ts'
import { Problems } from '../problem.ts'
import { Lines, type MapTree, type Path } from '../tree.ts'
import { type Habits, habitsOf } from './habits.ts'
import { type Layout, layoutSteps } from './layout.ts'
import type { Member, Piece } from './piece.ts'
import { type Value, valueOf, valueSteps } from './values.ts'

/** How far the own text of a file leads along a path. */
export interface Traced {
  /** The map or list that the walk ended in; an alias where it could not be gone into. */
  readonly holder: Piece
  /** The last member that was found; null: the walk ended at once. */
  readonly member: Member | null
  /** Its place in what holds it. */
  readonly index: number
  /** What holds `member`. */
  readonly above: Piece
  /** How many steps were found. */
  readonly depth: number
}

/** Relatives that are looked at for how they are written. */
const COUSINS_MAX = 8

export class Sheet {
  readonly file: string
  readonly text: string
  readonly root: Piece
  readonly tree: MapTree
  /** It was read in one pass: nothing in it refers to anything else. */
  readonly isPlain: boolean
  #habits: Habits | null = null
  #value: Value = undefined

  constructor(file: string, text: string, { root, tree, isPlain }: Pick<Sheet, 'root' | 'tree' | 'isPlain'>) {
    this.file = file
    this.text = text
    this.root = root
    this.tree = tree
    this.isPlain = isPlain
  }

  /** Null: it cannot be read. */
  static read(file: string, text: string): Sheet | null {
    return atOnce(Sheet.steps(file, text))
  }

  /** The same in short turns, as far as it is plain YAML. */
  static *steps(file: string, text: string): Steps<Sheet | null> {
    const isJson = file.toLowerCase().endsWith('.json')
    const layout = isJson && !isJsonText(text) ? null : yield* layoutSteps(text)
    const tree = layout === null ? null : treeFor(file, text, layout)
    return layout === null || tree === null
      ? null
      : new Sheet(file, text, { root: layout.root, tree, isPlain: layout.tree !== null })
  }

  get habits(): Habits {
    return (this.#habits ??= habitsOf(this.text, this.root, this.root.isFlow && isJsonText(this.text)))
  }

  get value(): Value {
    return (this.#value ??= valueOf(this.tree))
  }

  /** Makes the value in short turns: of a large text it takes long. */
  *valueSteps(): Steps<Value> {
    return (this.#value ??= yield* valueSteps(this.tree))
  }

  trace(path: Path): Traced {
    let traced: Traced = { holder: this.root, member: null, index: -1, above: this.root, depth: 0 }
    for (const step of path) {
      const { holder, depth } = traced
      const index = indexOf(holder, step)
      const member = holder.members[index]
      if (member === undefined) return traced
      traced = { holder: member.value, member, index, above: holder, depth: depth + 1 }
    }
    return traced
  }

  /** Values in the same place of relatives: of other backends, other servers, other rules. */
  cousins(path: Path): Piece[] {
    const found: Piece[] = []
    for (let up = 1; up <= Math.min(3, path.length - 1) && found.length < COUSINS_MAX; up++) {
      const depth = path.length - 1 - up
      const { holder, depth: reached } = this.trace(path.slice(0, depth))
      if (reached < depth) continue
      const own = indexOf(holder, path[depth] ?? '')
      for (const member of around(holder.members, own)) {
        const piece = descend(member.value, path.slice(depth + 1))
        if (piece !== null) found.push(piece)
        if (found.length >= COUSINS_MAX) break
      }
    }
    return found
  }
}

function treeFor(file: string, text: string, { tree }: Layout): MapTree | null {
  if (tree?.is === 'map' && tree.entries.size > 0 && !tree.entries.has('$schema')) return tree
  const lines = new Lines(file, text)
  const problems = new Problems(lines)
  const read = readTree(text, lines, problems)
  return problems.hasErrors ? null : read
}

const indexOf = ({ is, members }: Piece, step: string | number): number => {
  if (is === 'map') return members.findIndex(({ key }) => key === String(step))
  return is === 'list' && typeof step === 'number' ? step : -1
}

/** The members nearest to a place, those before it first. */
function around(members: readonly Member[], own: number): Member[] {
  const at = own < 0 ? members.length : own
  return [
    ...members.slice(Math.max(at - COUSINS_MAX, 0), at).toReversed(),
    ...members.slice(at + 1, at + 1 + COUSINS_MAX),
  ]
}

/** What stands at a path below a piece; of lists any item will do. */
function descend(piece: Piece, path: Path): Piece | null {
  let found: Piece | undefined = piece
  for (const step of path) {
    if (typeof step === 'number') found = found?.is === 'list' ? found.members.at(-1)?.value : undefined
    else found = found?.members.find(({ key }) => key === String(step))?.value
  }
  return found ?? null
}
