// The members of a map or list in brackets, in one line or each on its own, with their commas and comments.
import type { Offset } from '../tree.ts'
import { endOfMember, lineEnd, lineStart, memberAt, type Piece } from './piece.ts'
import { withMoved } from './permuted.ts'

/** Behind a member on a line of its own: a comma, a comment. */
const BEHIND = /^[ \t]*?(,?)([ \t]*(?:#[^\r\n]*)?)\r?\n/

export class FlowRows {
  readonly #text: string
  readonly #piece: Piece

  constructor(text: string, piece: Piece) {
    this.#text = text
    this.#piece = piece
  }

  /** Whether each member has lines of its own. */
  get isSpread(): boolean {
    const { members, at } = this.#piece
    return (
      members.length > 0 && members.every((member) => this.#blankBefore(member.at)) && !this.#isOnLineOf(at)
    )
  }

  /** The column of members with lines of their own, else that of the line with the bracket. */
  get column(): number {
    const [first] = this.#piece.members
    const at = this.isSpread && first !== undefined ? first.at : this.#piece.at
    const line = lineStart(this.#text, at)
    return /^[ \t]*/.exec(this.#text.slice(line, at))?.[0].length ?? 0
  }

  /** `comma`: with what stands behind it. */
  with(index: number, written: string, { newline, comma }: { newline: string; comma: string }): string {
    const { at, end, is, members } = this.#piece
    const text = this.#text
    const [next, last] = [members[index], members.at(-1)]
    if (last === undefined) {
      const pad = is === 'map' ? ' ' : ''
      return `${text.slice(0, at + 1)}${pad}${written}${pad}${text.slice(end - 1)}`
    }
    if (this.isSpread) return this.#withLine(index, written, newline)
    if (next !== undefined) return `${text.slice(0, next.at)}${written}${comma}${text.slice(next.at)}`
    const behind = endOfMember(last)
    const [there = ''] = /^[ \t]*,/.exec(text.slice(behind, end)) ?? []
    const to = behind + there.length
    return `${text.slice(0, to)}${there === '' ? comma : comma.slice(1)}${written}${text.slice(to)}`
  }

  #withLine(index: number, written: string, newline: string): string {
    const { members } = this.#piece
    const text = this.#text
    const indent = text.slice(lineStart(text, memberAt(this.#piece, 0).at), memberAt(this.#piece, 0).at)
    const next = members[index]
    if (next !== undefined) {
      const from = this.#leadOf(index)
      return `${text.slice(0, from)}${indent}${written},${newline}${text.slice(from)}`
    }
    const end = endOfMember(memberAt(this.#piece, members.length - 1))
    const [whole, comma = '', comment = ''] = BEHIND.exec(text.slice(end, lineEnd(text, end))) ?? []
    // The closing bracket stands on the line of the last one.
    if (whole === undefined) return `${text.slice(0, end)},${newline}${indent}${written}${text.slice(end)}`
    const line = `${indent}${written}${comma}${newline}`
    return `${text.slice(0, end)},${comment}${newline}${line}${text.slice(lineEnd(text, end))}`
  }

  /** Several ways to write it: without the lines of the member, or without its text. */
  *without(index: number): Generator<string> {
    const { members, at, end } = this.#piece
    const [own, before, after] = [members[index], members[index - 1], members[index + 1]]
    const text = this.#text
    if (own === undefined) return
    if (members.length === 1) {
      yield `${text.slice(0, at + 1)}${text.slice(end - 1)}`
      return
    }
    if (this.#hasOwnLines(index)) {
      const line = this.#leadOf(index)
      const behind = text.slice(lineEnd(text, endOfMember(own)))
      // The comma behind the one before goes with the last, unless that has one as well.
      const isBare = after === undefined && !/^[ \t]*,/.test(text.slice(endOfMember(own), end))
      const comma = isBare && before !== undefined ? text.indexOf(',', endOfMember(before)) : -1
      yield (comma < 0 ? text.slice(0, line) : text.slice(0, comma) + text.slice(comma + 1, line)) + behind
    }
    if (before !== undefined) yield text.slice(0, endOfMember(before)) + text.slice(endOfMember(own))
    else if (after !== undefined) yield text.slice(0, own.at) + text.slice(after.at)
  }

  /** The texts of members change places, with the comments of lines that are theirs alone. */
  moved(from: number, to: number): string {
    const { members } = this.#piece
    const isSpread = members.every((_, index) => this.#hasOwnLines(index))
    const bodies = members.map((_, index) => this.#body(index, isSpread))
    const places = bodies.values()
    let made = this.#text.slice(0, bodies[0]?.from)
    for (const [index, { lead, core, comment }] of withMoved(bodies, from, to).entries()) {
      const { comma = '', to: end = 0 } = places.next().value ?? {}
      const rest = this.#text.slice(end, bodies[index + 1]?.from ?? this.#text.length)
      made += `${lead}${core}${comma}${comment}${rest}`
    }
    return made
  }

  #body(index: number, isSpread: boolean): Body {
    const text = this.#text
    const member = memberAt(this.#piece, index)
    const end = endOfMember(member)
    const core = text.slice(member.at, end)
    if (!isSpread) return { from: member.at, to: end, lead: '', core, comma: '', comment: '' }
    const from = this.#leadOf(index)
    const [, comma = '', comment = ''] = BEHIND.exec(text.slice(end, lineEnd(text, end))) ?? []
    const to = end + text.slice(end, lineEnd(text, end)).replace(/\r?\n$/, '').length
    return { from, to, lead: text.slice(from, member.at), core, comma, comment }
  }

  /** Whether nothing but a comma and a comment of its own stands on its lines. */
  #hasOwnLines(index: number): boolean {
    const member = memberAt(this.#piece, index)
    const end = endOfMember(member)
    return this.#blankBefore(member.at) && BEHIND.test(this.#text.slice(end, lineEnd(this.#text, end)))
  }

  /** Where comments on lines right above begin. */
  #leadOf(index: number): Offset {
    const text = this.#text
    let from = lineStart(text, memberAt(this.#piece, index).at)
    for (let at = from; at > this.#piece.at && index > 0;) {
      at = lineStart(text, at - 1)
      if (!/^[ \t]*#/.test(text.slice(at, from))) break
      from = at
    }
    return from
  }

  #blankBefore(at: Offset): boolean {
    return this.#text.slice(lineStart(this.#text, at), at).trim() === ''
  }

  #isOnLineOf(at: Offset): boolean {
    const [first] = this.#piece.members
    return first !== undefined && lineStart(this.#text, first.at) === lineStart(this.#text, at)
  }
}

interface Body {
  readonly from: Offset
  readonly to: Offset
  readonly lead: string
  readonly core: string
  /** It stays with the place. */
  readonly comma: string
  readonly comment: string
}
