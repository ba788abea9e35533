// Where a quote or bracket begins that is never closed. Readers notice it only where something else cannot go
// on, or at the end.
import type { Slip } from './json-slip.ts'

/** The first quote or bracket of a YAML text that is not closed, or closed by what was meant as another's. */
export function unclosed(text: string): Slip | null {
  return new Scan(text).run()
}

interface Open {
  readonly at: number
  readonly bracket: string
}

const CLOSERS: Readonly<Record<string, string>> = { '{': '}', '[': ']' }
/**
 * What begins a line of a block: a key or an item. In a text over several lines it is a sign that the text
 * was to end before.
 */
const BLOCK_LINE = /(?:- +)?(?:[A-Za-z_][\w.-]*:(?:[ \t]|\r?$)|- )/my

class Scan {
  readonly #text: string
  readonly #open: Open[] = []
  #at = 0
  /** Whether a value may begin here: within a plain text quotes and brackets are letters. */
  #isStart = true
  #indent = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): Slip | null {
    for (; this.#at < this.#text.length; this.#at++) {
      const slip = this.#step(this.#text[this.#at] ?? '')
      if (slip !== null) return slip
    }
    const open = this.#open.at(-1)
    return open === undefined ? null : bracketSlip(open)
  }

  #step(char: string): Slip | null {
    if (char === '\n') return this.#line()
    if (char === ' ' || char === '\t' || char === '\r') return null
    const before = this.#text[this.#at - 1] ?? '\n'
    if (char === '#' && /\s/.test(before)) return this.#comment()
    if ((char === '"' || char === "'") && this.#isStart) return this.#quoted(char)
    if ((char === '|' || char === '>') && this.#isStart && this.#open.length === 0) return this.#block()
    if (CLOSERS[char] !== undefined && (this.#isStart || this.#open.length > 0)) return this.#begin(char)
    if ((char === '}' || char === ']') && this.#open.length > 0) return this.#close(char)
    const next = this.#text[this.#at + 1] ?? '\n'
    const isMark = (char === ':' || char === '-' || char === '?') && /\s/.test(next)
    this.#isStart = (isMark && (char === ':' || this.#isStart)) || (char === ',' && this.#open.length > 0)
    return null
  }

  /** A line begins: brackets that were opened further out are not closed any more where a block goes on. */
  #line(): Slip | null {
    this.#isStart = true
    const from = this.#at + 1
    const indent = /[^ ]|$/.exec(this.#text.slice(from, from + 200))?.index ?? 0
    const [open] = this.#open
    if (open === undefined) this.#indent = indent
    BLOCK_LINE.lastIndex = from + indent
    const isBlock = open !== undefined && indent <= this.#indent && BLOCK_LINE.test(this.#text)
    const last = this.#open.at(-1)
    return isBlock && last !== undefined ? bracketSlip(last) : null
  }

  #comment(): null {
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = (end < 0 ? this.#text.length : end) - 1
    return null
  }

  #begin(bracket: string): null {
    this.#open.push({ at: this.#at, bracket })
    this.#isStart = true
    return null
  }

  #close(char: string): Slip | null {
    const open = this.#open.pop()
    this.#isStart = false
    return open === undefined || CLOSERS[open.bracket] === char ? null : bracketSlip(open, char)
  }

  #quoted(quote: string): Slip | null {
    const from = this.#at
    const body = quote === '"' ? /(?:[^"\\]|\\[\s\S])*/y : /(?:[^']|'')*/y
    body.lastIndex = from + 1
    const inside = body.exec(this.#text)?.[0] ?? ''
    const end = from + 1 + inside.length
    const isBroken = inside
      .split('\n')
      .slice(1)
      .some((line) => {
        BLOCK_LINE.lastIndex = 0
        return BLOCK_LINE.test(line.trimStart())
      })
    this.#at = end
    this.#isStart = false
    if (end < this.#text.length && !isBroken) return null
    return {
      at: from,
      found: 'a text without its closing quote',
      allowed: 'one that is closed',
      hint: `close it with ${quote}`,
    }
  }

  /** A text below "|" or ">": all lines that are indented further, or empty. */
  #block(): null {
    const rest = this.#text.slice(this.#at)
    const indent = ' '.repeat(this.#indent)
    const lines = new RegExp(`^[^\\n]*(?:\\n(?:[ \\t]*(?=\\r?\\n|$)|${indent} [^\\n]*))*`)
    this.#at += (lines.exec(rest)?.[0].length ?? 1) - 1
    return null
  }
}

const bracketSlip = ({ at, bracket }: Open, closer?: string): Slip => ({
  at,
  found:
    closer === undefined
      ? `"${bracket}" that is not closed`
      : `"${bracket}" that is not closed before "${closer}"`,
  allowed: `"${CLOSERS[bracket]}" behind what it holds`,
  hint: `close it with "${CLOSERS[bracket]}"`,
})
