// Texts that an edit may be made by, the likeliest first. None is good before it was read again.
import type { Plain } from '../spell.ts'
import type { Path } from '../tree.ts'
import { BlockRows } from './block-rows.ts'
import { FlowRows } from './flow-rows.ts'
import { Hand, type Models } from './hand.ts'
import { columnOf, lineEnd, lineStart, type Member, type Piece } from './piece.ts'
import { Sheet, type Traced } from './sheet.ts'
import { asGiven, asRead, type Edit, isList, isSame, type Value, valueAt } from './values.ts'

/** `goal`: what the whole is to say. */
export function* splices(sheet: Sheet, edit: Edit, goal: Value): Generator<string> {
  const splicer = new Splicer(sheet, goal)
  const { path } = edit
  const traced = sheet.trace(path)
  const missing = path.length - traced.depth
  const isIntoEmpty = traced.holder.is === 'nothing' || traced.holder.is === 'scalar'
  // 1. An alias on the way: what it stands for gets a text of its own here, and the anchor stays as it is.
  if (traced.holder.is === 'alias' && missing > 0) yield* splicer.instead(path.slice(0, traced.depth))
  // 2. More than the last step is not there: what holds it comes with it, or from "<<".
  else if (missing > 1 || (missing === 1 && isIntoEmpty))
    yield* splicer.instead(path.slice(0, traced.depth + (isIntoEmpty ? 0 : 1)))
  else if (edit.do === 'set') yield* missing === 0 ? splicer.set(path, edit.to) : splicer.added(path, edit.to)
  else if (edit.do === 'insert') yield* splicer.inserted(path, edit.to)
  else if (edit.do === 'remove') {
    if (missing === 0) yield* splicer.removed(traced)
    // 3. It comes by "<<": that gives way to what it brings in.
    const open = splicer.unmerged(path.slice(0, -1))
    if (open !== null) yield* splices(open, edit, goal)
  } else if (missing === 0 && edit.do === 'move') yield* splicer.moved(traced, edit.to)
  else if (missing === 0 && edit.do === 'rename') yield* splicer.renamed(traced, edit.to)
}

/** Stand for a merge key and its alias until they are written. */
const MERGE = 'merge-key-of-sluice'
const MERGED = 'merged-of-sluice'

class Splicer {
  readonly #sheet: Sheet
  readonly #goal: Value
  readonly #text: string
  readonly #hand: Hand

  constructor(sheet: Sheet, goal: Value) {
    this.#sheet = sheet
    this.#goal = goal
    this.#text = sheet.text
    this.#hand = new Hand(sheet.text, sheet.habits)
  }

  /** With the keys that "<<" brings into a map in its place; null: there is none. */
  unmerged(path: Path): Sheet | null {
    const { holder, depth } = this.#sheet.trace(path)
    const merge = holder.members.find(({ key, value }) => key === '<<' && value.is !== 'scalar')
    const value = asGiven(valueAt(this.#sheet.value, path))
    if (depth < path.length || holder.is !== 'map' || merge === undefined) return null
    if (typeof value !== 'object' || value === null || isList(value)) return null
    const own = new Set(holder.members.map(({ key }) => key))
    const column = this.#columnOf(merge, holder)
    const entries = Object.entries(value)
      .filter(([key]) => !own.has(key))
      .map(([key, item]) => {
        const models = this.#models([...path, key])
        return holder.isFlow
          ? `${this.#hand.key(key)}${this.#colonGap()}${this.#hand.inBrackets(item, column, models)}`
          : this.#hand.key(key) + this.#hand.behindKey(item, column, models)
      })
    if (entries.length === 0) return null
    const between = holder.isFlow ? ', ' : this.#sheet.habits.newline + ' '.repeat(column)
    return Sheet.read(this.#sheet.file, this.#splice(merge.at, merge.value.end, entries.join(between)))
  }

  /** A whole value as it is to be, in the place of what leads on no further. */
  *instead(path: Path): Generator<string> {
    const value = asGiven(valueAt(this.#goal, path))
    if (path.length === 0 || value === null) return
    const traced = this.#sheet.trace(path)
    if (traced.depth < path.length) yield* this.added(path, value)
    else {
      yield* this.#besideAlias(path, value)
      yield* this.set(path, value)
    }
  }

  /** What an alias stands for with some of it changed: the alias, and beside it what is not as it says. */
  *#besideAlias(path: Path, value: Plain): Generator<string> {
    const { holder } = this.#sheet.trace(path)
    if (holder.is !== 'alias' || typeof value !== 'object' || isList(value)) return
    const old = valueAt(this.#sheet.value, path)
    const changed = Object.entries(value).filter(([key, item]) => !isSame(valueAt(old, [key]), asRead(item)))
    const alias = this.#text.slice(holder.at, holder.end)
    for (const made of this.set(path, { [MERGE]: MERGED, ...Object.fromEntries(changed) }))
      yield made.replace(new RegExp(`["']?${MERGE}["']?: ["']?${MERGED}["']?`), () => `<<: ${alias}`)
  }

  /** Another value in the place of one. */
  *set(path: Path, value: Plain): Generator<string> {
    const { member, holder: piece, above } = this.#sheet.trace(path)
    if (member === null) return
    const models = [piece, ...this.#models(path)]
    const isBlock = !above.isFlow
    const column = this.#columnOf(member, above)
    const written = isBlock
      ? this.#behind(member, value, column, models)
      : ` ${this.#hand.inBrackets(value, column, models)}`
    if (piece.is === 'nothing') {
      const [comment = ''] = /^[ \t]*#[^\r\n]*/.exec(this.#text.slice(piece.at)) ?? []
      const at = written.includes('\n') ? piece.at + comment.length : piece.at
      yield this.#splice(at, at, written)
      return
    }
    if (!written.startsWith('\n') && !written.startsWith('\r')) yield* this.#beside(member, written)
    if (!written.includes('\n')) {
      yield* this.#inColumn(piece, written.trimStart())
      yield this.#splice(piece.from, piece.end, written.trimStart())
    }
    // A block comes or goes: it begins behind the colon, before a comment that stands there.
    yield* this.#asBlock(member, written)
  }

  /** A comment behind it that stands below or above another one stays in that column. */
  *#inColumn({ from, end }: Piece, written: string): Generator<string> {
    const text = this.#text
    const [blank = ''] = /^ {2,}(?=#)/.exec(text.slice(end, lineEnd(text, end))) ?? []
    const column = columnOf(text, end + blank.length)
    const line = lineStart(text, from)
    const others = [
      text.slice(lineStart(text, Math.max(line - 1, 0)), line),
      text.slice(lineEnd(text, end), lineEnd(text, lineEnd(text, end))),
    ]
    const gap = blank.length - (written.length - (end - from))
    if (blank !== '' && gap > 0 && others.some((other) => / #/.test(other) && other.indexOf('#') === column))
      yield this.#splice(from, end + blank.length, written + ' '.repeat(gap))
  }

  /** A key that is not there yet, or an item behind the last. */
  *added(path: Path, value: Plain): Generator<string> {
    const { holder } = this.#sheet.trace(path.slice(0, -1))
    yield* this.#new(holder, path, holder.members.length, value)
  }

  *inserted(path: Path, value: Plain): Generator<string> {
    const { holder } = this.#sheet.trace(path.slice(0, -1))
    const step = path.at(-1)
    yield* this.#new(holder, path, typeof step === 'number' ? step : holder.members.length, value)
  }

  *removed({ member, above, index }: Traced): Generator<string> {
    if (member === null) return
    if (above.isFlow) {
      yield* new FlowRows(this.#text, above).without(index)
      return
    }
    if (above.members.length === 1) yield* this.#emptied(above)
    const made = this.#rows(above).without(index)
    if (made !== null) yield made
  }

  *moved({ above, index }: Traced, to: number): Generator<string> {
    const made = above.isFlow
      ? new FlowRows(this.#text, above).moved(index, to)
      : this.#rows(above).moved(index, to)
    if (made !== null) yield made
  }

  *renamed({ member }: Traced, to: string): Generator<string> {
    if (member === null) return
    const old = this.#text.slice(member.at, member.end)
    const plain = this.#hand.key(to).slice(0, -1)
    const quote = /^["']/.exec(old)?.[0]
    if (quote !== undefined && !/['"\\]/.test(to))
      yield this.#splice(member.at, member.end, quote + to + quote)
    yield this.#splice(member.at, member.end, plain)
  }

  *#new(holder: Piece, path: Path, index: number, value: Plain): Generator<string> {
    const key = path.at(-1) ?? ''
    const { newline } = this.#sheet.habits
    if (holder.is !== 'map' && holder.is !== 'list') return
    // Empty brackets are no habit: what comes first is written as it would be without them.
    if (holder.isFlow && holder.members.length === 0 && path.length > 1)
      yield* this.set(path.slice(0, -1), holder.is === 'list' ? [value] : { [key]: value })
    const siblings = holder.members
      .map((one) => one.value)
      .slice(-8)
      .toReversed()
    const cousins = this.#models(path)
    // Items, and things by their names, are like those beside them; settings like the same ones elsewhere.
    const isNamed = holder.is === 'list' || siblings.every(({ is }) => is === 'map')
    const models = isNamed ? [...siblings, ...cousins] : [...cousins, ...siblings]
    const name = holder.is === 'list' ? '' : this.#hand.key(String(key))
    if (holder.isFlow) {
      const rows = new FlowRows(this.#text, holder)
      const written = this.#hand.inBrackets(value, rows.column, models)
      yield rows.with(index, name === '' ? written : name + this.#colonGap() + written, this.#sheet.habits)
      return
    }
    const rows = this.#rows(holder)
    const lines =
      name === ''
        ? `-${this.#hand.behindDash(value, rows.column, models, this.#dashWidth(holder))}`
        : name + this.#hand.behindKey(value, rows.column, models)
    const made = rows.with(index, lines, newline)
    if (made !== null) yield made
  }

  /** The last of a block went: empty brackets stay, beside the key that held it. */
  *#emptied(piece: Piece): Generator<string> {
    const empty = piece.is === 'map' ? '{}' : '[]'
    const holder = this.#holderOf(piece)
    if (holder !== null) yield* this.#beside(holder, ` ${empty}`)
    yield this.#splice(piece.from, piece.end, empty)
  }

  /** The member whose value this is. */
  #holderOf(piece: Piece): Member | null {
    const find = (above: Piece): Member | null => {
      for (const member of above.members) {
        if (member.value === piece) return member
        if (member.value.at > piece.at || member.value.end < piece.end) continue
        const found = find(member.value)
        if (found !== null) return found
      }
      return null
    }
    return find(this.#sheet.root)
  }

  /** Where lines of its own hold a value: beside its key, whose comment stays. */
  *#beside(member: Member, written: string): Generator<string> {
    const { value } = member
    const line = lineStart(this.#text, value.at)
    const colon = this.#text.indexOf(
      member.key === null ? '-' : ':',
      member.key === null ? member.at : member.end,
    )
    if (colon < 0 || colon >= line || value.from < line) return
    const between = this.#text.slice(colon + 1, line)
    const rest = this.#text.slice(lineEnd(this.#text, value.end))
    yield `${this.#text.slice(0, colon + 1)}${written}${between}${rest}`
  }

  /** With lines of its own, where the value has those, or comes to have them. */
  *#asBlock(member: Member, written: string): Generator<string> {
    const { value } = member
    const text = this.#text
    const colon = text.indexOf(member.key === null ? '-' : ':', member.key === null ? member.at : member.end)
    if (colon < 0) return
    const head = text.slice(0, colon + 1)
    const isBelow = lineStart(text, value.from) > colon
    const from = isBelow ? colon + 1 : value.end
    const [comment = ''] = /^[ \t]*#[^\r\n]*/.exec(text.slice(from, lineEnd(text, from))) ?? []
    // What stands behind the last line of a block is about that line.
    const [ending = ''] = isBelow ? (/^[ \t]*#[^\r\n]*/.exec(text.slice(value.end)) ?? []) : [comment]
    const rest = text.slice(value.end + ending.length)
    const [first = ''] = /^[^\r\n]*/.exec(written) ?? []
    // The comment stays on the line of the key.
    if (comment !== '') yield `${head}${first}${comment}${written.slice(first.length)}${rest}`
    yield `${head}${written}${isBelow ? rest : text.slice(value.end)}`
  }

  #behind(member: Member, value: Plain, column: number, models: Models): string {
    return member.key === null
      ? this.#hand.behindDash(value, column, models)
      : this.#hand.behindKey(value, column, models)
  }

  #columnOf(member: Member, above: Piece): number {
    return above.isFlow ? new FlowRows(this.#text, above).column : columnOf(this.#text, member.at)
  }

  #models(path: Path): Models {
    return this.#sheet.cousins(path)
  }

  #rows(piece: Piece): BlockRows {
    return new BlockRows(this.#text, piece, piece === this.#sheet.root)
  }

  /** From a dash of this list to what stands behind it; undefined: the dashes stand alone. */
  #dashWidth({ members }: Piece): number | undefined {
    const last = members.at(-1)
    const width = last === undefined ? '' : this.#text.slice(last.at, last.value.from)
    return width.length < 2 || width.includes('\n') ? undefined : width.length
  }

  #colonGap(): string {
    return this.#sheet.habits.colon.slice(1)
  }

  #splice(from: number, to: number, by: string): string {
    return this.#text.slice(0, from) + by + this.#text.slice(to)
  }
}
