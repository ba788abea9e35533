// The first slip in a JSON text, in the words of JSON: the YAML library, which reads it, would speak of flow
// maps and plain scalars.
import { DEPTH_MAX, type Offset } from './tree.ts'

export interface Slip {
  readonly at: Offset
  readonly found: string
  readonly allowed: string
  readonly hint: string | null
}

/** Where a text stops being JSON; null: it is JSON, or its depth is beyond what is read. */
export function jsonSlip(text: string): Slip | null {
  const scan = new Scan(text)
  const slip = scan.value(0)
  if (slip !== null || scan.isTooDeep) return scan.isTooDeep ? null : slip
  return scan.isAtEnd() ? null : scan.slip('nothing more: the value is complete')
}

/** Its end is where nobody looks for it. */
const unclosed = (at: Offset, kind: string, close: string): Slip => ({
  at,
  found: `${kind === 'list' ? 'a list' : 'an object'} that is not closed`,
  allowed: `"${close}" behind its last item`,
  hint: `close it with "${close}"`,
})

const SCALAR = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)(?![A-Za-z0-9_.$-])/y
const TEXT = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y
const BLANK = /[\ufeff \t\r\n]*/y
const WORD = /[^\s,:{}[\]"]{1,40}/y

class Scan {
  isTooDeep = false
  readonly #text: string
  #at: Offset = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): Slip | null {
    this.#skip(BLANK)
    if (depth > DEPTH_MAX) this.isTooDeep = true
    if (this.isTooDeep) return null
    const open = this.#text[this.#at]
    if (open === '{') return this.#items('}', depth)
    if (open === '[') return this.#items(']', depth)
    if (open === '"') return this.#string()
    return this.#skip(SCALAR) ? null : this.slip('a value: "text", a number, true, false, null, { } or [ ]')
  }

  isAtEnd(): boolean {
    this.#skip(BLANK)
    return this.#at === this.#text.length
  }

  slip(allowed: string, hint: string | null = null, { isKey } = { isKey: false }): Slip {
    this.#skip(BLANK)
    const at = this.#at
    const next = this.#text[at] ?? ''
    const isComment = next === '#' || this.#text.startsWith('//', at) || this.#text.startsWith('/*', at)
    const isWord = this.#skip(WORD)
    // Where a value may stand it may be a password that was not put in quotes.
    const word = isWord && !isKey ? null : isWord ? this.#text.slice(at, this.#at) : next
    const found =
      next === ''
        ? 'the end of the file'
        : isComment
          ? 'a comment'
          : next === '"'
            ? 'a text'
            : word === null
              ? 'a word without quotes'
              : JSON.stringify(word)
    return { at, found, allowed, hint: isComment ? 'JSON has no comments: remove it' : hint }
  }

  #items(close: '}' | ']', depth: number): Slip | null {
    const kind = close === '}' ? 'object' : 'list'
    const begin = this.#at
    this.#at++
    if (this.#take(close)) return null
    for (;;) {
      const slip = (close === '}' ? this.#key() : null) ?? this.value(depth + 1)
      if (slip !== null || this.isTooDeep) return slip
      if (this.#take(close)) return null
      if (this.#at === this.#text.length) return unclosed(begin, kind, close)
      const isNext = /["{[0-9tfn-]/.test(this.#text[this.#at] ?? '')
      if (!this.#take(','))
        return this.slip(`"," or "${close}" in this ${kind}`, isNext ? 'put a "," before it' : null)
      this.#skip(BLANK)
      if (this.#text[this.#at] === close)
        return this.slip('another item after ","', 'remove the "," before it')
    }
  }

  #key(): Slip | null {
    this.#skip(BLANK)
    if (this.#text[this.#at] !== '"')
      return this.slip('a key in double quotes', 'put it in double quotes', { isKey: true })
    return this.#string() ?? (this.#take(':') ? null : this.slip('":" after the key'))
  }

  #string(): Slip | null {
    if (this.#skip(TEXT)) return null
    const at = this.#at
    const end = /[\r\n]|$/.exec(this.#text.slice(at))?.index ?? 0
    const isClosed = /^"(?:[^"\\\r\n]|\\.)*"/.test(this.#text.slice(at, at + end))
    if (!isClosed)
      return {
        at,
        found: 'a text without its closing quote',
        allowed: 'one that ends on its line',
        hint: 'close it with "',
      }
    return {
      at,
      found: 'a text with a "\\" or control character that JSON does not know',
      allowed: '\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX',
      hint: null,
    }
  }

  #take(mark: string): boolean {
    this.#skip(BLANK)
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  /** Goes past a pattern that stands here; false when it does not. */
  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at = pattern.lastIndex
    return match !== null
  }
}
