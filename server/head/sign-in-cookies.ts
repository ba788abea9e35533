// Cookies by which browsers are signed in to a dashboard. Browsers send them to all ports of its host: they
// are taken out on the way to servers, whoever has one of these is that user. What else a Cookie field has
// (RFC 6265 §4.2.1: `name=value` pairs with "; " between them) stays as it came, byte for byte.
import { copyBytes } from './bytes.ts'

/** What their names begin with (admin/auth/cookies.ts); eight hexadecimal digits follow, and "=". */
export const SIGN_IN_NAMES = { plain: 'sluice-', secure: '__Host-sluice-' } as const

const PREFIXES = Object.values(SIGN_IN_NAMES).map((name) => Buffer.from(name))
const MARK_CHARS = 8
const SEMICOLON = 59
const EQUALS = 61
const SPACE = 32
const TAB = 9

const isSpace = (byte: number | undefined): boolean => byte === SPACE || byte === TAB

const WORD = PREFIXES[0]!
const LAST = WORD.length - 1
/** How far on the word may end at the earliest, by the byte where it would have ended (Horspool, 1980). */
const SHIFTS = new Uint8Array(256).fill(WORD.length)
for (let i = 0; i < LAST; i++) SHIFTS[WORD[i]!] = LAST - i

/** Whether one of the pairs in `bytes[from..to)` is of a sign-in. */
export function holdsSignIn(bytes: Uint8Array, from: number, to: number): boolean {
  // One look at every seventh byte or so: this runs for each Cookie field that has not come before.
  for (let end = from + LAST; end < to; end += SHIFTS[bytes[end]!]!)
    if (bytes[end] === WORD[LAST] && isWord(bytes, end - LAST)) return hasSignIn(bytes, from, to)
  return false
}

function isWord(bytes: Uint8Array, at: number): boolean {
  let i = 0
  while (i < LAST && bytes[at + i] === WORD[i]) i++
  return i === LAST
}

function hasSignIn(bytes: Uint8Array, from: number, to: number): boolean {
  let isStart = true
  for (let i = from; i < to; i++) {
    if (bytes[i] === SEMICOLON) isStart = true
    else if (isStart && !isSpace(bytes[i])) {
      if (isSignIn(bytes, i, to)) return true
      isStart = false
    }
  }
  return false
}

/** Whether a pair that begins at `at` is one. */
function isSignIn(bytes: Uint8Array, at: number, to: number): boolean {
  for (const prefix of PREFIXES) {
    if (bytes[at] !== prefix[0]) continue
    const mark = at + prefix.length
    if (mark + MARK_CHARS >= to) continue
    let i = 0
    while (i < prefix.length && bytes[at + i] === prefix[i]) i++
    if (i < prefix.length) continue
    let end = mark
    while (end < mark + MARK_CHARS && isHex(bytes[end]!)) end++
    if (end < mark + MARK_CHARS) continue
    while (end < to && isSpace(bytes[end])) end++ // some readers trim names
    if (end < to && bytes[end] === EQUALS) return true
  }
  return false
}

const isHex = (byte: number): boolean => (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102)

/** A value without pairs of sign-ins; '': nothing is left. */
export function otherCookies(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  const out = Buffer.allocUnsafe(bytes.length)
  return out.latin1Slice(0, copyOtherCookies(bytes, { from: 0, to: bytes.length }, out, 0))
}

/**
 * Copies the value of a Cookie field, `bytes[from..to)`, without pairs of sign-ins, into a place where all of
 * it has room. Gives where the copy ends: at `start` where nothing else is in it.
 */
export function copyOtherCookies(
  bytes: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
  out: Buffer,
  start: number,
): number {
  let at = start
  for (let pair = from; pair <= to;) {
    const semicolon = bytes.indexOf(SEMICOLON, pair)
    const end = semicolon === -1 || semicolon > to ? to : semicolon
    let name = pair
    while (name < end && isSpace(bytes[name])) name++
    if (!isSignIn(bytes, name, end)) {
      // Between two that stay is what stood before the second.
      if (at > start) out[at++] = SEMICOLON
      at = copyBytes(bytes, at > start ? pair : name, end, out, at)
    }
    pair = end + 1
  }
  return at
}
