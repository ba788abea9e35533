// The YAML that nearly every config is written in, read in one pass: block maps and lists, flow maps and
// lists, texts of one line. For whatever else there is, or anything odd or wrong, it gives up, and the whole
// reader is asked, which needs ten times the time and memory, but knows all of YAML and what to say of slips.
import { atOnce, type Steps } from '../lib/slices.ts'
import {
  BLANKS,
  DOUBLE,
  FLOW_BLANK,
  FLOW_KEY,
  FLOW_PLAIN,
  ITEM,
  KEY,
  NO_KEY,
  PLAIN,
  REST,
  SINGLE,
  VOID,
} from './plain-patterns.ts'
import { plainScalar } from './plain-scalar.ts'
import {
  DEPTH_MAX,
  type Entry,
  type List,
  listAt,
  mapAt,
  type MapTree,
  type Offset,
  scalarAt,
  type Scalar,
  type Tree,
} from './tree.ts'

/** The tree of a text; null when it has more in it than is read here. */
export const readPlainYaml = (text: string): Tree | null => atOnce(plainYamlSteps(text))

/** The same in short turns, between the items of what stands outermost. */
export function* plainYamlSteps(text: string): Steps<Tree | null> {
  // Line ends of other systems, tabs and byte order marks have rules of their own.
  if (/[\r\t\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/.test(text)) return null
  try {
    return yield* new Reader(text).document()
  } catch (error) {
    if (error === GIVE_UP) return null
    throw error
  }
}

const GIVE_UP = new Error('more than plain YAML')
const giveUp = (): never => {
  throw GIVE_UP
}

class Reader {
  readonly #text: string
  #at: Offset = 0
  /** Of the line that #at is on, where its content begins; -1: there is no further line. */
  #indent = -1
  /** Of the key that was read last. */
  #keyEnd: Offset = 0

  constructor(text: string) {
    this.#text = text
  }

  *document(): Steps<Tree | null> {
    this.#line()
    if (this.#indent !== 0) return null
    const tree = this.#isFlow() ? this.#value(0, -1) : yield* this.#blockSteps(0)
    return this.#indent < 0 ? tree : null
  }

  /** Goes to the next line with content. */
  #line(): void {
    this.#skip(VOID)
    const start = this.#at
    this.#skip(BLANKS)
    this.#indent = this.#at < this.#text.length ? this.#at - start : -1
    const mark = this.#indent === 0 ? this.#text.slice(start, start + 3) : ''
    if (mark === '---' || mark === '...') giveUp()
  }

  #block(depth: number): MapTree | List {
    if (depth > DEPTH_MAX) giveUp()
    return this.#text[this.#at] === '-' ? this.#list(depth) : this.#map(depth, this.#indent)
  }

  *#blockSteps(depth: number): Steps<MapTree | List> {
    return yield* this.#text[this.#at] === '-' ? this.#listSteps(depth) : this.#mapSteps(depth, this.#indent)
  }

  #list(depth: number): List {
    const [at, indent, items] = [this.#at, this.#indent, [] as Tree[]]
    for (let hasMore = true; hasMore;) hasMore = this.#item(depth, indent, items)
    return this.#listed(at, indent, items)
  }

  *#listSteps(depth: number): Steps<List> {
    const [at, indent, items] = [this.#at, this.#indent, [] as Tree[]]
    while (this.#item(depth, indent, items)) yield
    return this.#listed(at, indent, items)
  }

  /** One more of a list; false: there is none. */
  #item(depth: number, indent: number, items: Tree[]): boolean {
    const from = this.#at
    if (this.#indent !== indent || !this.#skip(ITEM)) return false
    // What stands behind "- " begins a block of its own, as far to the right.
    const column = indent + this.#at - from
    if (this.#text[this.#at] === '\n') {
      this.#below(indent)
      items.push(this.#block(depth + 1))
    } else if (this.#isKey()) items.push(this.#map(depth + 1, column))
    else items.push(this.#value(depth + 1, indent))
    return true
  }

  #listed(at: Offset, indent: number, items: readonly Tree[]): List {
    if (items.length === 0 || this.#indent > indent) giveUp()
    return listAt(at, items, items.at(-1)?.end)
  }

  #map(depth: number, indent: number): MapTree {
    if (depth > DEPTH_MAX) giveUp()
    const [at, entries] = [this.#at, new Map<string, Entry>()]
    let end: Offset
    do {
      const key = this.#newKey(entries)
      const span = { at: key.at, end: this.#keyEnd }
      const value = this.#valueOf(depth + 1, indent)
      entries.set(key.name, { ...span, value })
      end = value.end
    } while (this.#indent === indent && this.#text[this.#at] !== '-')
    return this.#mapped(indent, mapAt(at, entries, end))
  }

  /** Of the outermost map each value is read so as well. */
  *#mapSteps(depth: number, indent: number): Steps<MapTree> {
    const [at, entries] = [this.#at, new Map<string, Entry>()]
    let end: Offset
    do {
      const key = this.#newKey(entries)
      const span = { at: key.at, end: this.#keyEnd }
      const value =
        depth === 0 ? yield* this.#valueSteps(depth + 1, indent) : this.#valueOf(depth + 1, indent)
      entries.set(key.name, { ...span, value })
      end = value.end
      yield
    } while (this.#indent === indent && this.#text[this.#at] !== '-')
    return this.#mapped(indent, mapAt(at, entries, end))
  }

  #newKey(entries: ReadonlyMap<string, Entry>): { readonly at: Offset; readonly name: string } {
    const at = this.#at
    const name = this.#key(KEY)
    if (entries.has(name)) giveUp()
    return { at, name }
  }

  #mapped(indent: number, map: MapTree): MapTree {
    // A list may stand as far to the left as its key, which has taken it already.
    if (this.#indent > indent) giveUp()
    return map
  }

  #valueOf(depth: number, indent: number): Tree {
    return this.#onLine(depth, indent) ?? this.#block(depth)
  }

  *#valueSteps(depth: number, indent: number): Steps<Tree> {
    return this.#onLine(depth, indent) ?? (yield* this.#blockSteps(depth))
  }

  /** What belongs to a key and stands on its line; null: a block below it does, where we are now. */
  #onLine(depth: number, indent: number): Tree | null {
    if (this.#text[this.#at] !== '\n' && !this.#isRest()) {
      this.#skip(BLANKS)
      return this.#value(depth, indent)
    }
    this.#end()
    this.#line()
    const isList = this.#text[this.#at] === '-' && this.#indent === indent
    if (this.#indent <= indent && !isList) giveUp()
    return null
  }

  #below(indent: number): void {
    this.#end()
    this.#line()
    if (this.#indent <= indent) giveUp()
  }

  /** A value on this line, and the end of the line. */
  #value(depth: number, indent: number): Tree {
    const tree = this.#isFlow() ? this.#flow(depth, indent) : this.#scalar(PLAIN)
    this.#end()
    this.#line()
    return tree
  }

  #flow(depth: number, indent: number): MapTree | List {
    if (depth > DEPTH_MAX) giveUp()
    const at = this.#at
    const isMap = this.#text[at] === '{'
    const close = isMap ? '}' : ']'
    const entries = new Map<string, Entry>()
    const items: Tree[] = []
    this.#at++
    this.#flowBlank(indent)
    while (this.#text[this.#at] !== close) {
      if (isMap) {
        const keyAt = this.#at
        const key = this.#key(FLOW_KEY)
        const end = this.#keyEnd
        this.#flowBlank(indent)
        if (entries.has(key)) giveUp()
        entries.set(key, { at: keyAt, end, value: this.#flowValue(depth + 1, indent) })
      } else items.push(this.#flowValue(depth + 1, indent))
      this.#flowBlank(indent)
      if (this.#text[this.#at] === close) break
      if (this.#text[this.#at] !== ',') giveUp()
      this.#at++
      this.#flowBlank(indent)
      if (this.#text[this.#at] === close) giveUp()
    }
    this.#at++
    return isMap ? mapAt(at, entries, this.#at) : listAt(at, items, this.#at)
  }

  #flowValue(depth: number, indent: number): Tree {
    return this.#isFlow() ? this.#flow(depth, indent) : this.#scalar(FLOW_PLAIN)
  }

  /** Blanks, line ends and comments within brackets; each line is indented further than what holds it. */
  #flowBlank(indent: number): void {
    const from = this.#at
    this.#skip(FLOW_BLANK)
    const line = this.#text.lastIndexOf('\n', this.#at - 1)
    if (line >= from && this.#at - line - 1 <= indent) giveUp()
  }

  #key(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return giveUp()
    this.#keyEnd = this.#at + (match[1] ?? match[2] ?? '').length
    this.#at = pattern.lastIndex
    const written = match[1] ?? match[2] ?? ''
    if (NO_KEY.test(written)) giveUp()
    return /^["']/.test(written) ? written.slice(1, -1) : written
  }

  #scalar(plain: RegExp): Scalar {
    const at = this.#at
    const first = this.#text[at]
    if (first === '"' || first === "'") {
      const quoted = this.#take(first === '"' ? DOUBLE : SINGLE)
      const value =
        first === '"'
          ? quoted.includes('\\')
            ? String(JSON.parse(quoted))
            : quoted.slice(1, -1)
          : quoted.slice(1, -1).replaceAll("''", "'")
      return scalarAt(at, value, this.#at)
    }
    const value = plainScalar(this.#take(plain))
    return value === undefined ? giveUp() : scalarAt(at, value, this.#at)
  }

  #isFlow(): boolean {
    const first = this.#text[this.#at]
    return first === '{' || first === '['
  }

  #isKey(): boolean {
    KEY.lastIndex = this.#at
    return KEY.test(this.#text)
  }

  #isRest(): boolean {
    REST.lastIndex = this.#at
    return REST.test(this.#text)
  }

  /** The line has nothing more but a comment. */
  #end(): void {
    if (!this.#skip(REST)) giveUp()
  }

  #take(pattern: RegExp): string {
    const from = this.#at
    return this.#skip(pattern) ? this.#text.slice(from, this.#at) : giveUp()
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }
}
