// Where each key and value of a TOML file stands. The file is known to be valid: smol-toml has read it.
import { parse } from 'smol-toml'
import type { Offset, Span } from './tree.ts'

export interface TomlPlace {
  /** Of the key; of an item in a list: of the item. */
  keyAt: Offset
  keyEnd: Offset
  valueAt: Offset
  valueEnd: Offset
  /** A list of tables: what follows "[[a]]" belongs to its last. */
  isList: boolean
  /** By key, or by place in the list. */
  readonly below: Map<string, TomlPlace>
}

/** The places of a valid TOML file, by key. */
export function scanToml(text: string): TomlPlace {
  const scan = new Scan(text)
  const root = placeAt(0)
  let table = root
  for (scan.skipVoid(); scan.at < text.length; scan.skipVoid()) {
    if (text[scan.at] === '[') table = scan.header(root)
    else scan.pair(table)
  }
  return root
}

/** A key of a header or pair, as it is written. */
export interface TomlKey extends Span {
  readonly name: string
}

export interface TomlHeader extends Span {
  readonly keys: readonly TomlKey[]
  readonly isList: boolean
}

interface TomlSection {
  /** Null: what stands before the first one. */
  readonly header: TomlHeader | null
  readonly pairs: { readonly keys: readonly TomlKey[]; readonly place: TomlPlace }[]
}

/** The headers and pairs of a valid TOML file, as they stand there. */
export function scanTomlPairs(text: string): TomlSection[] {
  const scan = new Scan(text)
  const sections: TomlSection[] = [{ header: null, pairs: [] }]
  for (scan.skipVoid(); scan.at < text.length; scan.skipVoid()) {
    if (text[scan.at] === '[') sections.push({ header: scan.readHeader(), pairs: [] })
    else sections.at(-1)?.pairs.push(scan.readPair())
  }
  return sections
}

export const placeAt = (at: Offset, end = at): TomlPlace => ({
  keyAt: at,
  keyEnd: end,
  valueAt: at,
  valueEnd: end,
  isList: false,
  below: new Map(),
})

/** Patterns that match at one place; a valid file has nothing else there. */
const VOID = /(?:[ \t\r\n]+|#[^\n]*)+/y
const BLANK = /[ \t]*/y
const BARE_KEY = /[A-Za-z0-9_-]+/y
const STRING =
  /"""(?:[^"\\]|\\[\s\S]|""?(?!"))*"{3,5}|'''(?:[^']|''?(?!'))*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y
const OTHER_SCALAR = /[^,\]}#\r\n]*/y

class Scan {
  readonly #text: string
  at: Offset = 0

  constructor(text: string) {
    this.#text = text
  }

  skipVoid(): void {
    this.#take(VOID)
  }

  readHeader(): TomlHeader {
    const at = this.at
    const isList = this.#text[at + 1] === '['
    this.at += isList ? 2 : 1
    const keys = this.#keys()
    this.at += isList ? 2 : 1
    return { at, end: this.at, keys, isList }
  }

  readPair(): { readonly keys: readonly TomlKey[]; readonly place: TomlPlace } {
    const keys = this.#keys()
    this.at++ // "="
    this.#take(BLANK)
    const place = placeAt(keys[0]?.at ?? this.at, keys.at(-1)?.end)
    this.#value(place)
    return { keys, place }
  }

  /** `[a.b]` or `[[a.b]]`: the table that the lines below it fill. */
  header(root: TomlPlace): TomlPlace {
    const { keys, isList, at, end } = this.readHeader()
    const own = { at, end }
    let place = root
    for (const { name } of keys) place = child(lastItem(place), name, own)
    if (!isList) return place
    place.isList = true
    return child(place, String(place.below.size), own)
  }

  /** `a.b = value`. */
  pair(table: TomlPlace): void {
    const keys = this.#keys()
    this.at++ // "="
    this.#take(BLANK)
    let place = table
    for (const key of keys) place = child(place, key.name, key)
    this.#value(place)
  }

  #keys(): TomlKey[] {
    const keys: TomlKey[] = []
    for (;;) {
      this.#take(BLANK)
      const at = this.at
      const written = this.#take(BARE_KEY) || this.#take(STRING)
      keys.push({ name: nameOf(written), at, end: this.at })
      this.#take(BLANK)
      if (this.#text[this.at] !== '.' || written === '') return keys
      this.at++
    }
  }

  #value(place: TomlPlace): void {
    place.valueAt = this.at
    const first = this.#text[this.at]
    if (first === '[') this.#list(place)
    else if (first === '{') this.#inlineTable(place)
    else if (first === '"' || first === "'") this.#take(STRING)
    else {
      const taken = this.#take(OTHER_SCALAR)
      this.at -= taken.length - taken.trimEnd().length
    }
    place.valueEnd = this.at
  }

  #list(place: TomlPlace): void {
    this.at++
    for (let index = 0; ; index++) {
      this.#separators()
      if (this.#isOver(']')) return
      const before = this.at
      const item = child(place, String(index), { at: this.at, end: this.at })
      this.#value(item)
      item.keyEnd = this.at
      if (this.at === before) return // not valid after all: never turn in a circle
    }
  }

  #inlineTable(place: TomlPlace): void {
    this.at++
    for (;;) {
      this.#separators()
      if (this.#isOver('}')) return
      const before = this.at
      this.pair(place)
      if (this.at === before) return
    }
  }

  #separators(): void {
    this.skipVoid()
    while (this.#text[this.at] === ',') {
      this.at++
      this.skipVoid()
    }
  }

  #isOver(closing: string): boolean {
    if (this.at < this.#text.length && this.#text[this.at] !== closing) return false
    this.at++
    return true
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.#text)
    if (match === null) return ''
    this.at += match[0].length
    return match[0]
  }
}

function child(place: TomlPlace, name: string, { at, end }: Span): TomlPlace {
  const known = place.below.get(name)
  if (known !== undefined) return known
  const made = placeAt(at, end)
  place.below.set(name, made)
  return made
}

/** Of a list of tables, the last one; any other place is itself. */
function lastItem(place: TomlPlace): TomlPlace {
  return (place.isList && place.below.get(String(place.below.size - 1))) || place
}

/** What a key means: as it is, or without its quotes and escapes. */
function nameOf(written: string): string {
  if (!written.startsWith('"') || !written.includes('\\')) return written.replace(/^(["'])(.*)\1$/s, '$2')
  return Object.keys(parse(`${written} = 0`))[0] ?? written
}
