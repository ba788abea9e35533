// What a text is made of, piece by piece, each with its place: as it is written, with aliases as aliases, and
// "<<" as a key among others. What it means is told by ../tree.ts.
import type { Offset, Span } from '../tree.ts'

export interface Piece extends Span {
  /** nothing: a key or dash with no value, which would begin at `at`. */
  readonly is: 'scalar' | 'alias' | 'map' | 'list' | 'nothing'
  /** Where it begins with its anchor or tag. */
  readonly from: Offset
  /** In brackets. */
  readonly isFlow: boolean
  readonly members: readonly Member[]
}

/** A key with its value, or an item. The span is that of the key or dash; in brackets of the value. */
export interface Member extends Span {
  /** Null: an item. */
  readonly key: string | null
  readonly value: Piece
}

/** A piece whose members are looked for when they are asked for: most of a large file is never looked at. */
export class LazyPiece implements Piece {
  readonly is: Piece['is']
  readonly at: Offset
  readonly end: Offset
  readonly from: Offset
  readonly isFlow: boolean
  readonly #make: () => readonly Member[]
  #members: readonly Member[] | null = null

  constructor(
    { is, at, end, from, isFlow }: Omit<Piece, 'members'>,
    make: () => readonly Member[] = () => [],
  ) {
    this.is = is
    this.at = at
    this.end = end
    this.from = from
    this.isFlow = isFlow
    this.#make = make
  }

  get members(): readonly Member[] {
    return (this.#members ??= this.#make())
  }
}

export const lineStart = (text: string, at: Offset): Offset =>
  at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1

/** Behind the line end that follows. */
export function lineEnd(text: string, at: Offset): Offset {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}

/** A member that is there. */
export function memberAt({ members }: Piece, index: number): Member {
  const member = members[index]
  if (member === undefined) throw new RangeError(`no member ${index} of ${members.length}`)
  return member
}

export const columnOf = (text: string, at: Offset): number => at - lineStart(text, at)

/** Where a key with its value ends, or an item. */
export const endOfMember = ({ end, value }: Member): Offset => Math.max(end, value.end)
