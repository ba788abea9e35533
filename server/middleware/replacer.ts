// Replacing in a text that comes in pieces, whatever these are: what may be the beginning of something that
// is looked for is held back until that is known. What is not replaced goes out byte by byte as it came.
import { isUtf8 } from 'node:buffer'
import { judgeRegex } from '../lib/regex-safety.ts'

/** Takes what comes of a piece: `bytes[from..to)`, which may be used again once it returns. */
export type Out = (bytes: Buffer, from: number, to: number) => void

/** What looks for one thing. */
export interface Replacer {
  push(bytes: Buffer, out: Out): void
  /** Nothing more comes. */
  end(out: Out): void
  /** How much has been replaced. */
  readonly found: number
}

const NOTHING = Buffer.alloc(0)

/** These very bytes. */
export class TextReplacer implements Replacer {
  found = 0
  readonly #wanted: Buffer
  readonly #instead: Buffer
  readonly #most: number
  /** The end of what came, which may be its beginning: shorter than it. */
  #held = NOTHING

  constructor(wanted: string, instead: string, most: number) {
    this.#wanted = Buffer.from(wanted)
    this.#instead = Buffer.from(instead)
    this.#most = most
  }

  push(bytes: Buffer, out: Out): void {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    this.#held = NOTHING
    let at = 0
    while (this.found < this.#most) {
      const place = all.indexOf(this.#wanted, at)
      if (place < 0) break
      if (place > at) out(all, at, place)
      if (this.#instead.length > 0) out(this.#instead, 0, this.#instead.length)
      at = place + this.#wanted.length
      this.found++
    }
    const held = this.found < this.#most ? this.#beginningAt(all, at) : all.length
    if (held > at) out(all, at, held)
    if (held < all.length) this.#held = Buffer.from(all.subarray(held))
  }

  /** Where what stands at the end may begin it. */
  #beginningAt(all: Buffer, from: number): number {
    const first = this.#wanted[0] as number
    let at = Math.max(from, all.length - this.#wanted.length + 1)
    for (; at < all.length; at++) {
      at = all.indexOf(first, at)
      if (at < 0) return all.length
      if (all.compare(this.#wanted, 0, all.length - at, at) === 0) return at
    }
    return all.length
  }

  end(out: Out): void {
    if (this.#held.length > 0) out(this.#held, 0, this.#held.length)
    this.#held = NOTHING
  }
}

interface Window {
  /** So many bytes are looked at together, */
  readonly bytes: number
  /** and a match is at most so many characters long: what begins later waits for more. */
  readonly longest: number
}

const WINDOW: Window = { bytes: 8192, longest: 1024 }
/** Of a pattern whose time grows with the square of the length. */
const SLOW_WINDOW: Window = { bytes: 1024, longest: 256 }
/** What stands before is seen by \b and (?<=…). */
const BEFORE = 64

/** How many bytes are best given at once, as to how long that takes. */
export const lookedAtOnce = (regex: string): number => windowOf(regex).bytes

function windowOf(regex: string): Window {
  const judged = judgeRegex(regex)
  return 'power' in judged && !judged.isSlow ? WINDOW : SLOW_WINDOW
}

/** Expands what stands instead of a match. */
export type Expand = (match: RegExpExecArray) => string

/**
 * A pattern. Text is looked at as UTF-8, and as single bytes where it is none. Where windows begin goes by
 * the bytes alone, so that the same is found whatever the pieces.
 */
export class RegexReplacer implements Replacer {
  found = 0
  readonly #regex: RegExp
  readonly #window: Window
  readonly #expand: Expand
  readonly #most: number
  #held = NOTHING
  #before = ''

  constructor(regex: string, expand: Expand, most: number) {
    this.#regex = new RegExp(regex, 'g')
    this.#window = windowOf(regex)
    this.#expand = expand
    this.#most = most
  }

  push(bytes: Buffer, out: Out): void {
    let all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    while (all.length > this.#window.bytes) {
      if (this.found >= this.#most) {
        out(all, 0, all.length)
        all = NOTHING
        break
      }
      all = all.subarray(this.#look(all.subarray(0, wholeLetters(all, this.#window.bytes)), false, out))
    }
    this.#held = all.length === 0 ? NOTHING : Buffer.from(all)
  }

  end(out: Out): void {
    const all = this.#held
    this.#held = NOTHING
    if (all.length > 0) this.#look(all, true, out)
  }

  /** Looks through a window; how many of its bytes are done. */
  #look(bytes: Buffer, isLast: boolean, out: Out): number {
    const how = isUtf8(bytes) ? 'utf8' : 'latin1'
    const from = this.#before.length
    const text = this.#before + bytes.toString(how)
    const until = isLast ? text.length : wholeLetter(text, text.length - this.#window.longest)
    const give = (bytes: Buffer): void => out(bytes, 0, bytes.length)
    const say = (from: number, to: number): void => {
      if (to > from) give(Buffer.from(text.slice(from, to), how))
    }
    let said = from
    let at = from
    while (this.found < this.#most && at < until) {
      this.#regex.lastIndex = at
      const match = this.#regex.exec(text)
      if (match === null || match.index >= until) break
      at = match.index + Math.max(1, match[0].length)
      if (match[0] === '' || match[0].length > this.#window.longest) continue
      if (isWithinLetter(text, match.index) || isWithinLetter(text, at)) continue
      say(said, match.index)
      give(Buffer.from(this.#expand(match)))
      this.found++
      said = at
    }
    const end = Math.min(text.length, Math.max(until, at, said))
    say(said, end)
    this.#before = text.slice(Math.max(0, end - BEFORE), end)
    return Buffer.byteLength(text.slice(from, end), how)
  }
}

/** Between the halves of a letter that takes two (RFC 2781 §2). */
const isWithinLetter = (text: string, at: number): boolean =>
  (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800

const wholeLetter = (text: string, at: number): number => (isWithinLetter(text, at) ? at - 1 : at)

/** At most so many bytes, without a letter of UTF-8 that is cut. */
function wholeLetters(bytes: Buffer, most: number): number {
  let at = most
  while (at > most - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--
  return at > most - 4 ? at : most
}
