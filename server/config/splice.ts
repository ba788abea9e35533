// Texts that a change may be made by, the likeliest first. None is good before it was read again.
import { stringify } from 'yaml'
import { type Plain, spell, syntaxOf } from './spell.ts'
import { type Entry, type List, type MapTree, type Offset, type Path, type Tree, treeAt } from './tree.ts'

/** What stands at `path` becomes `to`, or goes; a key or item that is not there yet comes last. */
export interface Edit {
  readonly path: Path
  /** Null: remove it. */
  readonly to: Plain | null
}

/** The text with the change, made in several ways. */
export function* spliced(file: string, text: string, tree: MapTree, { path, to }: Edit): Generator<string> {
  const place = new Place(text, tree, path)
  if (to === null) {
    yield* place.removed()
    return
  }
  for (const written of writings(to, file, place.written)) yield* place.withText(written)
}

/** How a value may be written: with the quotes that stand there, plain, or quoted. */
function* writings(value: Plain, file: string, old: string): Generator<string> {
  const syntax = syntaxOf(file)
  if (typeof value === 'string' && syntax === 'json') yield JSON.stringify(value)
  else if (typeof value === 'string') {
    if (old.startsWith("'") && !/['\n]/.test(value)) yield `'${value}'`
    if (!old.startsWith('"')) yield stringify(value, { lineWidth: 0 }).trimEnd()
    yield JSON.stringify(value)
  } else if (typeof value === 'object') yield spellWhole(value, syntax === 'json')
  else yield String(value)
}

/** In brackets, with every text in quotes: nothing in it can be read as something else. */
function spellWhole(value: Plain, isJson: boolean): string {
  if (typeof value !== 'object') return typeof value === 'string' ? JSON.stringify(value) : String(value)
  if (Array.isArray(value)) return `[${value.map((item: Plain) => spellWhole(item, isJson)).join(', ')}]`
  const entries = Object.entries(value).map(([key, item]: [string, Plain]) => {
    return `${keyText(key, isJson)}: ${spellWhole(item, isJson)}`
  })
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** As a key of a map; `spell` knows which need quotes. */
const keyText = (key: string, isJson: boolean): string =>
  spell({ [key]: 0 }, isJson ? 'json' : 'yaml').slice(2, -': 0 }'.length)

/** A place in the text where a value stands, or may be put. */
class Place {
  readonly #text: string
  readonly #holder: Tree | null
  /** The key of the holder with it; null: it has none. */
  readonly #holderEntry: Entry | null
  readonly #value: Tree | null
  readonly #key: string
  readonly #index: number
  readonly #isJson: boolean

  constructor(text: string, root: MapTree, path: Path) {
    this.#text = text
    this.#holder = treeAt(root, path.slice(0, -1))
    this.#value = treeAt(root, path)
    this.#holderEntry = entryAt(root, path.slice(0, -1))
    const last = path.at(-1) ?? ''
    this.#key = String(last)
    this.#index = typeof last === 'number' ? last : -1
    this.#isJson = text.trimStart().startsWith('{')
  }

  /** What stands there as yet. */
  get written(): string {
    return this.#value === null ? '' : this.#text.slice(this.#value.at, this.#value.end)
  }

  /** A value in this place. */
  *withText(written: string): Generator<string> {
    const value = this.#value
    if (value?.isShared === true) yield* this.#inPlaceOfShared(written)
    else if (value !== null && value.end > value.at) {
      yield this.#splice(value.at, value.end, written)
      const entry = this.#holder?.is === 'map' ? this.#holder.entries.get(this.#key) : undefined
      if (entry !== undefined) yield* this.#besideKey(entry, value, written)
    } else if (value !== null) yield* this.#intoEmpty(written)
    else if (this.#holder?.is === 'map') yield* this.#withKey(this.#holder, written)
    else if (this.#holder?.is === 'list') {
      const last = this.#holder.items.at(-1)
      const dash = last === undefined ? null : this.#text.lastIndexOf('-', last.at - 1)
      yield* this.#added(this.#holder, this.#isFlow(this.#holder) ? (last?.at ?? null) : dash, written)
    }
  }

  /** The text without this key or item. */
  *removed(): Generator<string> {
    const holder = this.#holder
    if (holder?.is === 'map')
      yield* this.#without(holder, [...holder.entries.values()], this.#entryOf(holder))
    else if (holder?.is === 'list') yield* this.#without(holder, this.#itemsOf(holder), this.#index)
  }

  /** A key that is new, or that comes from elsewhere by "<<" and gets a value of its own. */
  *#withKey(map: MapTree, written: string): Generator<string> {
    const own = [...map.entries.values()].find(({ at }) => at >= map.at && at <= map.end)
    yield* this.#added(map, own?.at ?? null, `${keyText(this.#key, this.#isJson)}: ${written}`)
  }

  /** An alias gives way to a value; what "<<" brings in stays, and a key of its own goes before it. */
  *#inPlaceOfShared(written: string): Generator<string> {
    if (this.#holder?.is !== 'map') return
    const entry = this.#holder.entries.get(this.#key)
    const isOwn = entry !== undefined && entry.at >= this.#holder.at && entry.at <= this.#holder.end
    const end = isOwn ? this.#aliasEnd(entry.end) : -1
    if (isOwn && end > entry.end)
      yield this.#splice(this.#text.indexOf(':', entry.end) + 1, end, ` ${written}`)
    else if (!isOwn) yield* this.#withKey(this.#holder, written)
  }

  /** Behind a key that has nothing yet. */
  *#intoEmpty(written: string): Generator<string> {
    if (this.#holder?.is !== 'map') return
    const entry = this.#holder.entries.get(this.#key)
    const colon = entry === undefined ? -1 : this.#text.indexOf(':', entry.end)
    if (colon >= 0) yield this.#splice(colon + 1, colon + 1, ` ${written}`)
  }

  /** Behind the last of a map or list; `start` is where that begins, or its dash. */
  *#added(holder: MapTree | List, start: Offset | null, written: string): Generator<string> {
    if (this.#isFlow(holder)) {
      const close = holder.end - 1
      const before = this.#text.slice(holder.at + 1, close).trimEnd()
      const at = holder.at + 1 + before.length
      if (start === null)
        yield this.#splice(holder.at + 1, close, holder.is === 'map' ? ` ${written} ` : written)
      else {
        yield this.#splice(at, at, before.endsWith(',') ? ` ${written}` : `, ${written}`)
        yield* this.#besideLast(holder, written)
      }
      return
    }
    if (start === null) return
    const indent = ' '.repeat(start - this.#lineStart(start))
    const at = this.#lineEnd(holder.end)
    const mark = holder.is === 'list' ? '- ' : ''
    const isLast = at === this.#text.length && !this.#text.endsWith('\n')
    const line = `${indent}${mark}${written}`
    yield this.#splice(at, at, isLast ? `${this.#newline}${line}` : `${line}${this.#newline}`)
  }

  /** Behind the last in brackets, before its comment. */
  *#besideLast(holder: MapTree | List, written: string): Generator<string> {
    const last = (holder.is === 'list' ? this.#itemsOf(holder) : [...holder.entries.values()]).at(-1)
    if (last === undefined) return
    const end = this.#endOf(last)
    const [comma = ''] = /^\s*,/.exec(this.#text.slice(end, holder.end)) ?? []
    yield this.#splice(end + comma.length, end + comma.length, comma === '' ? `, ${written}` : ` ${written}`)
  }

  *#without(holder: MapTree | List, all: readonly Ends[], index: number): Generator<string> {
    const [own, before, after] = [all[index], all[index - 1], all[index + 1]]
    if (own === undefined) return
    if (all.length === 1) {
      const empty = holder.is === 'map' ? '{}' : '[]'
      yield this.#splice(holder.at, holder.end, empty)
      if (this.#holderEntry !== null) yield* this.#besideKey(this.#holderEntry, holder, empty)
    } else if (this.#isFlow(holder)) {
      if (this.#hasOwnLines(own)) yield* this.#withoutLines(own, after === undefined ? before : undefined)
      if (before !== undefined) yield this.#splice(this.#endOf(before), this.#endOf(own), '')
      else if (after !== undefined) yield this.#splice(own.at, after.at, '')
    } else {
      const start = holder.is === 'list' ? this.#text.lastIndexOf('-', own.at - 1) : own.at
      const line = this.#lineStart(start)
      const isAlone = this.#text.slice(line, start).trim() === ''
      if (isAlone) yield this.#splice(line, this.#lineEnd(this.#endOf(own)), '')
      // The first key of an item stands behind its dash; comments of the next one follow there.
      else if (after !== undefined) yield this.#splice(own.at, this.#nextWord(this.#endOf(own), after.at), '')
    }
  }

  /** Where lines of its own hold a value: beside its key, as nothing else may stand below that as deep. */
  *#besideKey(entry: Entry, { at, end }: Tree, written: string): Generator<string> {
    const colon = this.#text.indexOf(':', entry.end)
    const line = this.#lineStart(at)
    if (colon < 0 || colon >= line) return
    const between = this.#text.slice(colon + 1, line)
    yield `${this.#text.slice(0, colon + 1)} ${written}${between}${this.#text.slice(this.#lineEnd(end))}`
  }

  /** Whether nothing but a comma and a comment of its own stands on the lines of an item in brackets. */
  #hasOwnLines(own: Ends): boolean {
    const end = this.#endOf(own)
    const [before, behind] = [
      this.#text.slice(this.#lineStart(own.at), own.at),
      this.#text.slice(end, this.#lineEnd(end)),
    ]
    return before.trim() === '' && /^[ \t]*,?[ \t]*(#.*)?\r?\n$/.test(behind)
  }

  /** Its lines go, and the comma of the one before it where it was the last. */
  *#withoutLines(own: Ends, last: Ends | undefined): Generator<string> {
    const [line, end] = [this.#lineStart(own.at), this.#lineEnd(this.#endOf(own))]
    const comma = last === undefined ? -1 : this.#text.indexOf(',', this.#endOf(last))
    const kept =
      comma < 0 ? this.#text.slice(0, line) : this.#text.slice(0, comma) + this.#text.slice(comma + 1, line)
    yield kept + this.#text.slice(end)
  }

  #entryOf({ entries }: MapTree): number {
    return [...entries.keys()].indexOf(this.#key)
  }

  #itemsOf({ items }: List): readonly Ends[] {
    return items.map((value) => ({ at: value.at, end: value.at, value }))
  }

  /** Where the text of a key with its value ends, or of an item. */
  #endOf({ end, value }: Ends): Offset {
    if (value.isShared && value.at < end) return this.#aliasEnd(end)
    if (value.end > value.at && value.at >= end) return value.end
    return this.#text.startsWith(':', end) ? end + 1 : this.#aliasEnd(end)
  }

  /** Of `: *NAME`. */
  #aliasEnd(from: Offset): Offset {
    const [whole = ''] = /^[ \t]*:[ \t]*\*[^\s,\]}]+/.exec(this.#text.slice(from, from + 300)) ?? []
    return from + whole.length
  }

  #isFlow(tree: Tree): boolean {
    return this.#text[tree.at] === '{' || this.#text[tree.at] === '['
  }

  #splice(from: Offset, to: Offset, by: string): string {
    return this.#text.slice(0, from) + by + this.#text.slice(to)
  }

  get #newline(): string {
    return this.#text.includes('\r\n') ? '\r\n' : '\n'
  }

  #lineStart(at: Offset): Offset {
    return this.#text.lastIndexOf('\n', at - 1) + 1
  }

  /** What stands first in the lines behind this one, comments as well; at the latest here. */
  #nextWord(at: Offset, latest: Offset): Offset {
    const line = this.#lineEnd(at)
    return Math.min(latest, line + this.#text.slice(line, latest).search(/\S|$/))
  }

  /** Behind the line end that follows. */
  #lineEnd(at: Offset): Offset {
    const end = this.#text.indexOf('\n', at)
    return end < 0 ? this.#text.length : end + 1
  }
}

/** The key with what stands at a path; null: it is an item, or the whole. */
function entryAt(root: MapTree, path: Path): Entry | null {
  const holder = path.length === 0 ? null : treeAt(root, path.slice(0, -1))
  return holder?.is === 'map' ? (holder.entries.get(String(path.at(-1))) ?? null) : null
}

/** A key with its value, or an item. */
type Ends = Pick<Entry, 'at' | 'end' | 'value'>
