// The YAML that nearly every config is written in, read in one pass: block maps and lists, flow maps and
// lists, texts of one line. Whatever else there is (anchors, tags, texts over several lines, anything odd or
// wrong) makes it give up, and the whole reader is asked, which is ten times slower and needs ten times the
// memory, but knows all of YAML and what to say of slips.
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
export function readPlainYaml(text: string): Tree | null {
  // Line ends of other systems, tabs and byte order marks have rules of their own.
  if (/[\r\t\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/.test(text)) return null
  try {
    return new Reader(text).document()
  } catch (error) {
    if (error === GIVE_UP) return null
    throw error
  }
}

const GIVE_UP = new Error('more than plain YAML')
const giveUp = (): never => {
  throw GIVE_UP
}

/** A key with its colon; a blank or the end of the line follows. */
const KEY = /([A-Za-z_][A-Za-z0-9_.$/-]{0,99}|"[^"\\\n]{1,99}"|'[^'\n]{1,99}'):(?=[ \n]|$)/y
/** In JSON a colon needs no blank behind a quote. */
const FLOW_KEY = /([A-Za-z_][A-Za-z0-9_.$/-]{0,99}):(?= )|("[^"\\\n]{1,99}"|'[^'\n]{1,99}') ?:/y
const NO_KEY = /^(?:null|true|false|~)$/i
const ITEM = /-(?: +|(?=\n))/y
const DOUBLE = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"/y
const SINGLE = /'(?:[^'\n]|'')*'/y
/** ":" goes on unless a blank follows, "#" unless a blank stands before. */
const PLAIN = /[A-Za-z0-9_./$(](?:[!-"$-9;-~]|:(?![ \n]|$)|(?<! )#| +(?![ #\n]|$))*/y
const FLOW_PLAIN =
  /[A-Za-z0-9_./$(](?:[!-"$-+\--9;-Z\\^-z|~]|:(?![ \n,[\]{}]|$)|(?<! )#| +(?![ #\n,[\]{}]|$))*/y
const NUMBER =
  /^(?:[0-9]+|[0-9]+\.[0-9]*|\.[0-9]+|[0-9.]+[eE][-+]?[0-9]+|0x[0-9A-Fa-f]+|0o[0-7]+|\.(?:inf|nan))$/i
const SIMPLE_NUMBER = /^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?$/
const BLANKS = / */y
const REST = /(?: +(?:#[^\n]*)?)?(?:\n|$)/y
/** Lines without content. */
const VOID = /(?: *(?:#[^\n]*)?\n| *#[^\n]*$| +$)*/y
const FLOW_BLANK = /(?: |\n|(?<=[ \n])#[^\n]*)*/y

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

  document(): Tree | null {
    this.#line()
    if (this.#indent !== 0) return null
    const tree = this.#isFlow() ? this.#value(0, -1) : this.#block(0)
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

  #list(depth: number): List {
    const at = this.#at
    const indent = this.#indent
    const items: Tree[] = []
    for (let from = this.#at; this.#indent === indent && this.#skip(ITEM); from = this.#at) {
      // What stands behind "- " begins a block of its own, as far to the right.
      const column = indent + this.#at - from
      if (this.#text[this.#at] === '\n') {
        this.#below(indent)
        items.push(this.#block(depth + 1))
      } else if (this.#isKey()) items.push(this.#map(depth + 1, column))
      else items.push(this.#value(depth + 1, indent))
    }
    if (items.length === 0 || this.#indent > indent) giveUp()
    return listAt(at, items, items.at(-1)?.end)
  }

  #map(depth: number, indent: number): MapTree {
    if (depth > DEPTH_MAX) giveUp()
    const at = this.#at
    const entries = new Map<string, Entry>()
    let last: Entry
    do {
      const keyAt = this.#at
      const key = this.#key(KEY)
      if (entries.has(key)) giveUp()
      const end = this.#keyEnd
      last = { at: keyAt, end, value: this.#valueOf(depth + 1, indent) }
      entries.set(key, last)
    } while (this.#indent === indent && this.#text[this.#at] !== '-')
    // A list may stand as far to the left as its key, which has taken it already.
    if (this.#indent > indent) giveUp()
    return mapAt(at, entries, last.value.end)
  }

  /** What belongs to a key: on its line, or below it. */
  #valueOf(depth: number, indent: number): Tree {
    if (this.#text[this.#at] !== '\n' && !this.#isRest()) {
      this.#skip(BLANKS)
      return this.#value(depth, indent)
    }
    this.#end()
    this.#line()
    const isList = this.#text[this.#at] === '-' && this.#indent === indent
    if (this.#indent <= indent && !isList) giveUp()
    return this.#block(depth)
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
    const value = valueOf(this.#take(plain))
    return scalarAt(at, value, this.#at)
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

/** What a text without quotes means (YAML 1.2, core schema). */
function valueOf(text: string): Scalar['value'] {
  if (text === 'true') return true
  if (text === 'false') return false
  if (/^(?:null|true|false)$/i.test(text)) return text === 'null' ? null : giveUp()
  if (!NUMBER.test(text)) return text
  return SIMPLE_NUMBER.test(text) ? Number(text) : giveUp()
}
