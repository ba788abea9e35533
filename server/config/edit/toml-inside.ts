// Places within the values of pairs, and the names that keys have wherever they stand.
import type { Path, Span } from '../tree.ts'
import type { Member, Piece } from './piece.ts'
import { isWithin, type Pair, type Section } from './toml-sheet.ts'
import { tomlKey } from './toml-text.ts'

/** A place within the value of a pair. */
export interface Inside {
  readonly piece: Piece
  /** Null: it is the value of the pair itself. */
  readonly member: Member | null
  readonly above: Piece | null
  readonly index: number
  /** How many steps of the path were found. */
  readonly depth: number
}

/** How far the value of a pair leads along a path. */
export function insideOf(pair: Pair, path: Path): Inside {
  let at: Inside = { piece: pair.value, member: null, above: null, index: -1, depth: pair.path.length }
  for (const step of path.slice(pair.path.length)) {
    const { piece } = at
    const index = piece.is === 'list' ? Number(step) : piece.members.findIndex(({ key }) => key === step)
    const member = piece.members[index]
    if (member === undefined) return at
    at = { piece: member.value, member, above: piece, index, depth: at.depth + 1 }
  }
  return at
}

/** A table stands under its name in many headers: all of them get the new one. */
export function renamedToml(text: string, sections: readonly Section[], path: Path, to: string): string {
  const depth = path.filter((step) => typeof step === 'string').length - 1
  const spans: Span[] = []
  for (const { keys, path: own, pairs } of sections) {
    const key = keys !== null && isWithin(own, path) ? keys[depth] : undefined
    if (key !== undefined) spans.push(key)
    for (const pair of pairs) {
      const inPair = isWithin(pair.path, path) ? pair.keys[depth - (keys ?? []).length] : undefined
      if (inPair !== undefined) spans.push(inPair)
      const isBelow = isWithin(path, pair.path) && pair.path.length < path.length
      const inside = isBelow ? insideOf(pair, path) : null
      if (inside?.depth === path.length && inside.member !== null) spans.push(inside.member)
    }
  }
  let made = text
  for (const { at, end } of spans.toReversed()) made = made.slice(0, at) + tomlKey(to) + made.slice(end)
  return made
}
