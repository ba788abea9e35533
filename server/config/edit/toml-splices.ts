// Texts of TOML that an edit may be made by. None is good before it was read again.
import type { Plain } from '../spell.ts'
import type { Offset, Path } from '../tree.ts'
import { FlowRows } from './flow-rows.ts'
import { lineEnd, lineStart } from './piece.ts'
import { permuted } from './permuted.ts'
import {
  cut,
  isEqual,
  isWithin,
  type Lines,
  linesOfPair,
  linesOfSection,
  type Pair,
  type Section,
  sectionsOf,
} from './toml-sheet.ts'
import { type Inside, insideOf, renamedToml } from './toml-inside.ts'
import { habitOf, sectionText, tomlKey, tomlValue } from './toml-text.ts'
import { asGiven, type Edit, isList, isMap, type Value, valueAt } from './values.ts'

export class TomlSplices {
  readonly #text: string
  readonly #goal: Value
  readonly #sections: readonly Section[]
  readonly #newline: string

  constructor(text: string, goal: Value) {
    this.#text = text
    this.#goal = goal
    this.#sections = sectionsOf(text)
    this.#newline = text.includes('\r\n') ? '\r\n' : '\n'
  }

  get #flowHabits(): { newline: string; comma: string } {
    return { newline: this.#newline, comma: ', ' }
  }

  *of(edit: Edit): Generator<string> {
    const { path } = edit
    const pair = this.#pairs().find((one) => isWithin(path, one.path))
    const inside = pair === undefined ? null : insideOf(pair, path)
    if (edit.do === 'rename') yield renamedToml(this.#text, this.#sections, path, edit.to)
    else if (inside !== null) yield* this.#editInside(inside, edit)
    else if (edit.do === 'remove') yield* this.#removed(path)
    else if (edit.do === 'move') yield* this.#moved(path, edit.to)
    else if (edit.do === 'insert' || !this.#isThere(path)) yield* this.#added(edit)
    else yield* this.#replaced(path, edit.to)
    if (pair !== undefined && edit.do === 'remove' && pair.path.length === path.length)
      yield* this.#removed(path)
  }

  #pairs(): Pair[] {
    return this.#sections.flatMap(({ pairs }) => pairs)
  }

  *#editInside({ piece, above, index, depth }: Inside, edit: Edit): Generator<string> {
    const { path } = edit
    const missing = path.length - depth
    if (edit.do === 'set' && missing === 0) {
      yield this.#splice(piece.at, piece.end, tomlValue(edit.to, this.#text.slice(piece.at, piece.end)))
    } else if (edit.do === 'insert' && missing === 0 && above !== null) {
      yield new FlowRows(this.#text, above).with(index, tomlValue(edit.to), this.#flowHabits)
    } else if (edit.do === 'remove' && above !== null && missing === 0) {
      yield* new FlowRows(this.#text, above).without(index)
    } else if (edit.do === 'move' && above !== null && missing === 0) {
      yield new FlowRows(this.#text, above).moved(index, edit.to)
    } else if (missing > 0) {
      // What leads on no further is given whole, as it is to be.
      const key = path[depth] ?? ''
      const value = asGiven(valueAt(this.#goal, path.slice(0, depth + 1)))
      if (value === null) return
      const written = piece.is === 'map' ? `${tomlKey(String(key))} = ${tomlValue(value)}` : tomlValue(value)
      if (piece.is !== 'scalar')
        yield new FlowRows(this.#text, piece).with(piece.members.length, written, this.#flowHabits)
    }
  }

  /** Everything at a path and below it goes, with its comments. */
  *#removed(path: Path): Generator<string> {
    const lines = this.#linesUnder(path)
    yield cut(this.#text, lines)
    // Nothing else stands in what held it: that stays, empty.
    const [first] = lines
    const holder = path.slice(0, -1)
    if (first === undefined || holder.length === 0 || typeof holder.at(-1) === 'number') return
    if (typeof path.at(-1) === 'number')
      yield* new TomlSplices(cut(this.#text, lines), this.#goal).of({ do: 'set', path: holder, to: [] })
    const name = holder.map((step) => tomlKey(String(step))).join('.')
    const rest = lines.slice(1).map(({ from, to }) => ({ from: from - first.to, to: to - first.to }))
    // As a pair where it was one, else as a section: the other says something else there.
    for (const empty of [`${name} = {}`, `[${name}]`]) {
      const behind = cut(this.#text.slice(first.to), rest)
      yield this.#text.slice(0, first.from) + empty + this.#newline + behind
    }
  }

  *#replaced(path: Path, to: Plain): Generator<string> {
    const lines = this.#linesUnder(path)
    const [first] = lines
    if (first === undefined) return
    const isItem = typeof path.at(-1) === 'number'
    const written = this.#sectionText(path, to, isItem)
    if (written === null) {
      // No table any more: it stands elsewhere.
      yield* new TomlSplices(cut(this.#text, lines), this.#goal).of({ do: 'set', path, to })
      return
    }
    const behind = this.#text.slice(first.to)
    const rest = lines.slice(1).map(({ from, to: end }) => ({ from: from - first.to, to: end - first.to }))
    yield this.#text.slice(0, first.from) + written + this.#newline + cut(behind, rest)
  }

  *#added({ path, ...edit }: Edit): Generator<string> {
    if (edit.do !== 'set' && edit.do !== 'insert') return
    const last = path.at(-1)
    if (typeof last === 'number') {
      yield* this.#withItem(path, last, edit.to)
      return
    }
    const holder = path.slice(0, -1)
    const section = this.#sections.find(
      (one) => isEqual(one.path, holder) && (one.keys !== null || holder.length === 0),
    )
    const hasHeaders = habitOf(this.#sections)
    const isMapped = typeof edit.to === 'object' && !isList(edit.to)
    const isTables =
      isList(edit.to) && edit.to.length > 0 && edit.to.every((one) => typeof one === 'object' && !isList(one))
    const isApart =
      (isMapped || isTables) &&
      (hasHeaders(path, isTables) ??
        (holder.length === 0 || section === undefined || isTables || this.#hasSectionsIn(holder)))
    if (isApart) yield* this.#withSection(path, edit.to, holder)
    if (section !== undefined)
      yield this.#withPair(section, `${tomlKey(String(last))} = ${tomlValue(edit.to)}`)
    else {
      // The table is only there as the beginning of others, or not at all: it gets a header.
      const value = asGiven(valueAt(this.#goal, holder))
      const own = isMap(valueAt(this.#goal, holder)) && value !== null ? { [String(last)]: edit.to } : null
      if (own !== null) yield* this.#withHeaderBefore(holder, own)
    }
  }

  #hasSectionsIn(holder: Path): boolean {
    return (
      holder.length > 0 &&
      this.#sections.some(
        ({ keys, path }) => keys !== null && path.length === holder.length + 1 && isWithin(path, holder),
      )
    )
  }

  #withPair(section: Section, written: string): string {
    const text = this.#text
    const last = section.pairs.at(-1)
    if (last !== undefined) {
      const at = lineEnd(text, last.value.end)
      const start = last.keys[0]?.at ?? at
      const indent = text.slice(lineStart(text, start), start)
      return this.#splice(at, at, `${indent}${written}${this.#newline}`)
    }
    const at = section.keys === null ? this.#headEnd() : lineEnd(text, section.headerEnd)
    const first = this.#sections.find(({ keys }) => keys !== null)
    const gap = section.keys === null && first !== undefined ? this.#newline : ''
    return this.#splice(at, at, `${written}${this.#newline}${gap}`)
  }

  /** Before the first header, behind comments that are about the whole. */
  #headEnd(): Offset {
    const first = this.#sections.findIndex(({ keys }) => keys !== null)
    return first < 0 ? this.#text.length : this.#linesOf(first).from
  }

  /** Behind the last section of what holds it. */
  *#withSection(path: Path, value: Plain, holder: Path): Generator<string> {
    const items = isList(value)
      ? value.map((item, index) => this.#sectionText([...path, index], item, true))
      : null
    const written =
      items === null ? this.#sectionText(path, value, false) : items.join(this.#newline + this.#newline)
    if (written === null) return
    const above = this.#lastUnder(holder)
    yield this.#behind(above < 0 ? this.#sections.length - 1 : above, written)
  }

  *#withHeaderBefore(holder: Path, value: Plain): Generator<string> {
    const written = this.#sectionText(holder, value, false)
    if (written === null) return
    const first = this.#sections.findIndex(
      (section) => section.keys !== null && isWithin(section.path, holder),
    )
    if (first < 0) yield this.#behind(this.#sections.length - 1, written)
    else {
      const at = this.#linesOf(first).from
      yield this.#splice(at, at, written + this.#newline + this.#newline)
    }
  }

  /** An item of a list of tables. */
  *#withItem(path: Path, index: number, value: Plain): Generator<string> {
    const written = this.#sectionText(path, value, true)
    if (written === null) return
    const list = path.slice(0, -1)
    const next = this.#sections.findIndex(({ isItem, path: own }) => isItem && isEqual(own, path))
    if (next >= 0) {
      const at = this.#linesOf(next).from
      yield this.#splice(at, at, written + this.#newline + this.#newline)
    } else {
      const last = this.#lastUnder([...list, index - 1])
      const above = last >= 0 ? last : this.#lastUnder(list.slice(0, -1))
      yield this.#behind(above < 0 ? this.#sections.length - 1 : above, written)
    }
  }

  *#moved(path: Path, to: number): Generator<string> {
    const list = path.slice(0, -1)
    const from = Number(path.at(-1))
    const [first, last] = [Math.min(from, to), Math.max(from, to)]
    const blocks: Lines[] = []
    for (let index = first; index <= last; index++) {
      const lines = this.#linesUnder([...list, index])
      const [head, tail] = [lines[0], lines.at(-1)]
      if (head === undefined || tail === undefined) return
      blocks.push({ from: head.from, to: tail.to })
    }
    yield permuted(this.#text, blocks, from - first, to - first)
  }

  #sectionText(path: Path, value: Plain, isItem: boolean): string | null {
    if (typeof value !== 'object' || isList(value)) return null
    const hasHeaders = habitOf(this.#sections)
    return sectionText(path, value, { isItem, hasHeaders, newline: this.#newline }).replace(/^$/, '')
  }

  #behind(index: number, written: string): string {
    const { to } = this.#linesOf(index)
    const isEmpty = this.#text.slice(0, to).trim() === ''
    const gap = isEmpty ? '' : this.#newline
    return this.#splice(to, to, `${gap}${written}${this.#newline}`)
  }

  #isThere(path: Path): boolean {
    return this.#linesUnder(path).length > 0
  }

  #lastUnder(path: Path): number {
    return this.#sections.findLastIndex(
      ({ keys, path: own }) => (keys !== null || path.length === 0) && isWithin(own, path),
    )
  }

  /** Of all sections and pairs at a path or below, in the order of the text. */
  #linesUnder(path: Path): Lines[] {
    const found: Lines[] = []
    for (const [index, section] of this.#sections.entries()) {
      if (section.keys !== null && isWithin(section.path, path)) found.push(this.#linesOf(index))
      else
        for (const [at, pair] of section.pairs.entries())
          if (isWithin(pair.path, path)) {
            const before = section.pairs[at - 1]
            const limit = lineEnd(this.#text, before?.value.end ?? section.headerEnd)
            // What stands above the very first is about the whole file.
            const isFirst = before === undefined && section.keys === null
            found.push(linesOfPair(this.#text, pair, isFirst ? null : limit))
          }
    }
    return found
  }

  #linesOf(index: number): Lines {
    const [before, section] = [this.#sections[index - 1], this.#sections[index]]
    if (section === undefined) return { from: this.#text.length, to: this.#text.length }
    const limit = before === undefined ? 0 : (before.pairs.at(-1)?.value.end ?? before.headerEnd)
    return linesOfSection(this.#text, section, limit === 0 ? 0 : lineEnd(this.#text, limit))
  }

  #splice(from: Offset, to: Offset, by: string): string {
    return this.#text.slice(0, from) + by + this.#text.slice(to)
  }
}
