// Regular expressions as trees, of those that RegExp takes without flags. What is asked of them is which
// characters may follow each other: names and captures are of no account.

/** Code units from and to, both included, ascending. */
export type CharRanges = readonly (readonly [from: number, to: number])[]

/** Where it stands in the pattern. */
interface Placed {
  readonly from: number
  readonly to: number
}

export interface RegexRepeat extends Placed {
  readonly is: 'repeat'
  readonly body: RegexNode
  readonly min: number
  /** Infinity: without end. */
  readonly max: number
}

export type RegexNode =
  /** One character of these. */
  | { readonly is: 'set'; readonly ranges: CharRanges }
  /** "^", which binds what follows to the beginning. */
  | { readonly is: 'start' }
  /** "$", "\b", "\B": it takes no character, and may fail. */
  | { readonly is: 'assertion' }
  | (Placed & { readonly is: 'look'; readonly body: RegexNode; readonly isBehind: boolean })
  | (Placed & { readonly is: 'reference' })
  | { readonly is: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly is: 'choice'; readonly items: readonly RegexNode[] }
  | RegexRepeat

const LAST = 0xffff
const NOT_LINE: CharRanges = inverted([
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
])
const DIGITS: CharRanges = [[48, 57]]
const WORD: CharRanges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
const SPACE: CharRanges = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const CLASSES: Readonly<Record<string, CharRanges>> = {
  d: DIGITS,
  D: inverted(DIGITS),
  w: WORD,
  W: inverted(WORD),
  s: SPACE,
  S: inverted(SPACE),
}
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 }

/** Reads a pattern that RegExp takes. */
export const parseRegex = (pattern: string): RegexNode => new Reader(pattern).choice()

class Reader {
  readonly #text: string
  #at = 0
  #ignoresCase = false
  #dotTakesAll = false

  constructor(text: string) {
    this.#text = text
  }

  choice(): RegexNode {
    const items: RegexNode[] = [this.#sequence()]
    while (this.#takes('|')) items.push(this.#sequence())
    return alone(items) ?? { is: 'choice', items }
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = []
    while (!'|)'.includes(this.#text[this.#at] ?? '|')) items.push(this.#term())
    return alone(items) ?? { is: 'sequence', items }
  }

  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #matched(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found !== null) this.#at += found[0].length
    return found
  }

  #term(): RegexNode {
    const from = this.#at
    let node = this.#atom()
    for (;;) {
      const times = this.#matched(/(?:([*+?])|\{(\d+)(,(\d*))?\})\??/y)
      if (times === null) return node
      const [, sign, least = '0', more, most = ''] = times
      const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0
      const isEndless = sign === undefined ? more !== undefined && most === '' : sign !== '?'
      const max = isEndless ? Number.POSITIVE_INFINITY : sign === '?' ? 1 : Number(most || least)
      node = { is: 'repeat', body: node, min, max, from, to: this.#at }
    }
  }

  #atom(): RegexNode {
    const character = this.#text[this.#at++] ?? ''
    if (character === '(') return this.#group(this.#at - 1)
    if (character === '[') return this.#class()
    if (character === '^') return { is: 'start' }
    if (character === '$') return { is: 'assertion' }
    if (character === '.') return { is: 'set', ranges: this.#dotTakesAll ? [[0, LAST]] : NOT_LINE }
    if (character !== '\\') return this.#one(character.charCodeAt(0))
    if (this.#matched(/[bB]/y)) return { is: 'assertion' }
    const from = this.#at - 1
    if (this.#matched(/[1-9]\d*|k(?:<[^>]*>)?/y)) return { is: 'reference', from, to: this.#at }
    return this.#set(this.#escaped())
  }

  #group(from: number): RegexNode {
    const look = this.#matched(/\?(<?)[=!]/y)
    if (look !== null) {
      const body = this.#body()
      return { is: 'look', body, isBehind: look[1] === '<', from, to: this.#at }
    }
    const was = [this.#ignoresCase, this.#dotTakesAll] as const
    const flags = this.#matched(/\?([a-z]*)(?:-([a-z]*))?:/y)
    if (flags !== null) {
      const [, on = '', off = ''] = flags
      this.#ignoresCase = on.includes('i') || (was[0] && !off.includes('i'))
      this.#dotTakesAll = on.includes('s') || (was[1] && !off.includes('s'))
    } else this.#matched(/\?<[^>]*>/y)
    const body = this.#body()
    ;[this.#ignoresCase, this.#dotTakesAll] = was
    return body
  }

  #body(): RegexNode {
    const body = this.choice()
    this.#takes(')')
    return body
  }

  /** What follows a backslash. */
  #escaped(): CharRanges {
    const known = this.#matched(/[dDwWsS]/y)
    if (known !== null) return CLASSES[known[0]] ?? []
    const code = this.#matched(/x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|c([A-Za-z])|([0-3]?[0-7]{1,2})/y)
    if (code !== null) {
      const [, byte, unit, letter, octal] = code
      const value =
        letter !== undefined
          ? letter.charCodeAt(0) % 32
          : octal !== undefined
            ? Number.parseInt(octal, 8)
            : Number.parseInt(byte ?? unit ?? '0', 16)
      return [[value, value]]
    }
    const character = this.#text[this.#at++] ?? '\\'
    const value = CONTROLS[character] ?? character.charCodeAt(0)
    return [[value, value]]
  }

  #class(): RegexNode {
    const isNot = this.#takes('^')
    const ranges: (readonly [number, number])[] = []
    while (this.#at < this.#text.length && !this.#takes(']')) {
      const first = this.#member()
      if (this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']') {
        ranges.push(...first)
        continue
      }
      this.#at++
      const last = this.#member()
      // A class such as \w is the end of no range: the "-" stands for itself.
      const [from, to] = [oneOf(first), oneOf(last)]
      const isRange = from !== null && to !== null
      ranges.push(...(isRange ? [[from, to] as const] : [...first, ...last, HYPHEN]))
    }
    const { ranges: taken } = this.#set(ranges)
    return { is: 'set', ranges: isNot ? inverted(taken) : taken }
  }

  #member(): CharRanges {
    const character = this.#text[this.#at++] ?? ''
    if (character !== '\\') return [[character.charCodeAt(0), character.charCodeAt(0)]]
    return this.#takes('b') ? [[8, 8]] : this.#escaped()
  }

  #one(code: number): RegexNode {
    return this.#set([[code, code]])
  }

  #set(ranges: CharRanges): { readonly is: 'set'; readonly ranges: CharRanges } {
    const all = this.#ignoresCase ? [...ranges, ...otherCase(ranges)] : ranges
    return { is: 'set', ranges: sorted(all) }
  }
}

const HYPHEN = [45, 45] as const

/** The character that it is; null: it is a class. */
function oneOf([range, ...more]: CharRanges): number | null {
  return range === undefined || more.length > 0 || range[0] !== range[1] ? null : range[0]
}

const alone = ([first, ...more]: readonly RegexNode[]): RegexNode | null =>
  more.length === 0 ? (first ?? null) : null

/** Of letters beyond ASCII: any such, which is more than there are. */
function otherCase(ranges: CharRanges): (readonly [number, number])[] {
  const [upper, lower] = [65, 97]
  const added: (readonly [number, number])[] = []
  for (const [from, to] of ranges) {
    if (to > 127) added.push([128, LAST])
    for (const [here, there] of [
      [upper, lower],
      [lower, upper],
    ] as const) {
      const [first, last] = [Math.max(from, here), Math.min(to, here + 25)]
      if (first <= last) added.push([first - here + there, last - here + there])
    }
  }
  return added
}

/** In order, those that touch made one. */
function sorted(ranges: CharRanges): CharRanges {
  const made: [number, number][] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = made.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else made.push([from, to])
  }
  return made
}

function inverted(ranges: CharRanges): CharRanges {
  const made: (readonly [number, number])[] = []
  let from = 0
  for (const [first, last] of ranges) {
    if (first > from) made.push([from, first - 1])
    from = last + 1
  }
  if (from <= LAST) made.push([from, LAST])
  return made
}
