// The rows of a map or list without brackets: each member with its comments, and what stands between them.
// Rows come, go and change places; what stands between stays where it is.
import type { Offset } from '../tree.ts'
import { columnOf, endOfMember, lineEnd, lineStart, memberAt, type Piece } from './piece.ts'
import { permuted } from './permuted.ts'

/** Whole lines of a member: comments that belong to it, its text, and what is written further in below. */
interface Row {
  readonly from: Offset
  readonly to: Offset
  /** Its text begins within a line, as the first key behind a dash. */
  readonly isWithinLine: boolean
}

export class BlockRows {
  readonly #text: string
  readonly #piece: Piece
  /** Where all members begin. */
  readonly column: number
  readonly #isRoot: boolean

  constructor(text: string, piece: Piece, isRoot: boolean) {
    this.#text = text
    this.#piece = piece
    this.column = columnOf(text, piece.members[0]?.at ?? piece.at)
    this.#isRoot = isRoot
  }

  /** The text without this row; null: it cannot be cut out. */
  without(index: number): string | null {
    const { members } = this.#piece
    const row = this.#row(index)
    if (row.isWithinLine) {
      const after = members[index + 1]
      if (after === undefined) return null
      // Comments of the next one follow behind the dash.
      const line = lineEnd(this.#text, endOfMember(memberAt(this.#piece, index)))
      const next = line + this.#text.slice(line, after.at).search(/\S|$/)
      return this.#text.slice(0, row.from) + this.#text.slice(Math.min(next, after.at))
    }
    let [before, behind] = [this.#text.slice(0, row.from), this.#text.slice(row.to)]
    const isBlankBehind = /^[ \t]*\r?\n/.test(behind)
    if (/\n[ \t]*\r?\n$/.test(before) && (isBlankBehind || behind.trim() === ''))
      before = before.replace(/(?:[ \t]*\r?\n)+$/, (blank) => /^[ \t]*\r?\n/.exec(blank)?.[0] ?? '')
    else if (isBlankBehind && index === 0 && members.length > 1 && /[^\s#][^\n]*\n$/.test(lastLine(before)))
      behind = behind.replace(/^(?:[ \t]*\r?\n)+/, '')
    return before + behind
  }

  /** The text with lines of a new row at this place; null: it cannot be put there. */
  with(index: number, lines: string, newline: string): string | null {
    const { members } = this.#piece
    const text = this.#text
    const row = this.#row(Math.min(index, members.length - 1))
    const blank = this.#hasBlanks() ? newline : ''
    const written = `${' '.repeat(this.column)}${lines}${newline}`
    if (index < members.length)
      return row.isWithinLine ? null : text.slice(0, row.from) + written + blank + text.slice(row.from)
    return text.slice(0, row.to) + blank + written + text.slice(row.to)
  }

  /** Whole lines of a member, with the comments that are its own. */
  linesOf(index: number): { readonly from: Offset; readonly to: Offset } {
    return this.#row(index)
  }

  /** The text with a row in another place; null: it cannot be moved. */
  moved(from: number, to: number): string | null {
    const [first, last] = [Math.min(from, to), Math.max(from, to)]
    const rows = Array.from({ length: last - first + 1 }, (_, index) => this.#row(first + index))
    if (rows.some(({ isWithinLine }) => isWithinLine)) return null
    return permuted(this.#text, rows, from - first, to - first)
  }

  /** Whether rows are mostly set apart by blank lines. */
  #hasBlanks(): boolean {
    const { length } = this.#piece.members
    let blanks = 0
    const looked = Math.min(length - 1, 8)
    for (let index = length - looked; index < length; index++) {
      const between = this.#text.slice(this.#row(index - 1).to, this.#row(index).from)
      if (/(?:^|\n)[ \t]*\r?\n/.test(between)) blanks++
    }
    return looked > 0 && blanks * 2 > looked
  }

  #row(index: number): Row {
    const member = memberAt(this.#piece, index)
    const line = lineStart(this.#text, member.at)
    const isWithinLine = this.#text.slice(line, member.at).trim() !== ''
    const to = this.#endOf(index)
    if (isWithinLine) return { from: member.at, to, isWithinLine }
    const from = this.#isOwnComment(index) ? this.#leadOf(index) : line
    return { from, to, isWithinLine }
  }

  /** Behind its last line, with comments below it that are written further in than it is. */
  #endOf(index: number): Offset {
    const text = this.#text
    const next = this.#piece.members[index + 1]
    const limit = next === undefined ? text.length : lineStart(text, next.at)
    let end = lineEnd(text, endOfMember(memberAt(this.#piece, index)))
    for (let at = end; at < limit; at = lineEnd(text, at)) {
      const line = text.slice(at, lineEnd(text, at))
      const [indent = ''] = /^ */.exec(line) ?? []
      if (line.trim() === '') continue
      if (line[indent.length] !== '#' || indent.length <= this.column) break
      end = lineEnd(text, at)
    }
    return end
  }

  /**
   * Comments right above a row are its own. Those above the first may be about all: where others
   * have comments too are they its own.
   */
  #isOwnComment(index: number): boolean {
    if (index > 0) return true
    const { members } = this.#piece
    if (this.#isRoot) return false
    return members.slice(1, 20).some((member, at) => this.#leadOf(at + 1) < lineStart(this.#text, member.at))
  }

  /** Where the comments right above begin, as far in as the row itself; not what is commented out. */
  #leadOf(index: number): Offset {
    const text = this.#text
    const before = this.#piece.members[index - 1]
    const limit = before === undefined ? 0 : this.#endOf(index - 1)
    let from = lineStart(text, memberAt(this.#piece, index).at)
    const indent = ' '.repeat(this.column)
    for (let at = from; at > limit;) {
      at = lineStart(text, at - 1)
      const line = text.slice(at, from)
      if (at < limit || !line.startsWith(`${indent}#`) || this.#isCommentedOut(line.slice(this.column))) break
      from = at
    }
    return from
  }

  /** A row that somebody has put out of use: nobody else's. */
  #isCommentedOut(comment: string): boolean {
    return this.#piece.is === 'list' ? /^# *-\s/.test(comment) : /^# *[a-z][a-z0-9_]*:(?:\s|$)/.test(comment)
  }
}

/** The last line of a text, unless that is a comment. */
function lastLine(text: string): string {
  const line = text.slice(lineStart(text, text.length - 1))
  return line.trimStart().startsWith('#') ? '' : line
}
