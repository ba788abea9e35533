// Cookies of a request (RFC 6265 §4.2): `name=value` pairs with semicolons between them.

const SEMICOLON = 59
const EQUALS = 61
const SPACE = 32
const TAB = 9

/** The values of the cookies of this name in a Cookie field. */
export function cookiesIn(field: string, name: string): string[] {
  const values: string[] = []
  let at = 0
  while (at < field.length) {
    while (field.charCodeAt(at) === SPACE || field.charCodeAt(at) === TAB) at++
    let end = at
    while (end < field.length && field.charCodeAt(end) !== SEMICOLON) end++
    const value = at + name.length + 1
    if (value <= end && field.charCodeAt(value - 1) === EQUALS && field.startsWith(name, at))
      values.push(field.slice(value, end).trimEnd())
    at = end + 1
  }
  return values
}

/** Finds the cookies of one name in the bytes of Cookie fields, without making text of those. */
export class CookieSearch {
  /** The name, and "=". */
  readonly #word: Buffer
  /** How far on the word may end at the earliest, by the byte where it would have ended (Horspool, 1980). */
  readonly #shifts: Uint8Array

  /** A name has at most 254 bytes. */
  constructor(name: string) {
    this.#word = Buffer.from(`${name}=`, 'latin1')
    this.#shifts = new Uint8Array(256).fill(this.#word.length)
    const last = this.#word.length - 1
    for (let i = 0; i < last; i++) this.#shifts[this.#word[i]!] = last - i
  }

  /** Where the value of the next one from `at` on begins, in a field `bytes[from..to)`; -1: there is none. */
  next(bytes: Uint8Array, from: number, to: number, at = from): number {
    const word = this.#word
    const last = word.length - 1
    for (let end = at + last; end < to; end += this.#shifts[bytes[end]!]!)
      if (bytes[end] === EQUALS && this.#isHere(bytes, from, end - last)) return end + 1
    return -1
  }

  #isHere(bytes: Uint8Array, from: number, at: number): boolean {
    const word = this.#word
    for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false
    // A pair begins here.
    let before = at - 1
    while (before >= from && (bytes[before] === SPACE || bytes[before] === TAB)) before--
    return before < from || bytes[before] === SEMICOLON
  }
}

/** Whether the value of a cookie ends at `at`, in a field that ends at `to`. */
export function endsCookie(bytes: Uint8Array, at: number, to: number): boolean {
  let end = at
  while (end < to && (bytes[end] === SPACE || bytes[end] === TAB)) end++
  return end >= to || bytes[end] === SEMICOLON
}

/** A Cookie field without the cookies of this name; '' where nothing is left. */
export function withoutCookie(field: string, name: string): string {
  const isOther = (pair: string): boolean => !pair.trimStart().startsWith(`${name}=`)
  return field.split(';').filter(isOther).join(';').trim()
}
