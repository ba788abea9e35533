// Bytes of HTTP: character classes as tables, and the few readers that the head scanners share. Nothing here
// allocates unless it says so.

// Bun has these as Node does; the types leave them out.
declare global {
  interface Buffer {
    latin1Slice(start?: number, end?: number): string
    latin1Write(text: string, offset?: number, length?: number): number
  }
}

export const HT = 9
export const LF = 10
export const CR = 13
export const SP = 32
export const COMMA = 44
export const COLON = 58

const table = (fill: (code: number) => number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => fill(code))
const inSet = (characters: string) => (code: number) => characters.includes(String.fromCharCode(code))
const isAlphaNumeric = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)

const isTokenMark = inSet("!#$%&'*+-.^`|~")
/** RFC 9110 §5.6.2 tchar: 1, an underscore 3 (bit 1 marks names that have one), anything else 0. */
export const TOKEN = table((code) => (code === 95 ? 3 : isAlphaNumeric(code) || isTokenMark(code) ? 1 : 0))

/**
 * RFC 9110 §5.5: what a field value may hold: visible, space, tab and obs-text; no other control character.
 */
export const FIELD_VALUE = table((code) => ((code >= 32 && code !== 127) || code === HT ? 1 : 0))

/**
 * Bits of a request target: 1 allowed, 2 "%", 4 ".", 8 "/", 16 "?". 0: not allowed anywhere (controls, space,
 * "#", "\", obs-text).
 */
export const TARGET = table((code) => {
  if (code <= 32 || code >= 127 || code === 35 || code === 92) return 0
  return 1 | (code === 37 ? 2 : 0) | (code === 46 ? 4 : 0) | (code === 47 ? 8 : 0) | (code === 63 ? 16 : 0)
})

/**
 * RFC 3986 §3.2.2 reg-name, without the comma and escapes: a list of two hosts must not pass for one, nor
 * "%61dmin" for a host other than "admin".
 */
const isHostMark = inSet("-._~!$&'()*+;=")
export const HOST = table((code) => (isAlphaNumeric(code) || isHostMark(code) ? 1 : 0))

/** Compares `bytes[start..end)` with `lower` (which must be lower-case), ASCII case folded. */
export function equalsFolded(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false
  for (let i = 0; i < lower.length; i++) {
    const code = bytes[start + i]!
    if ((code >= 65 && code <= 90 ? code | 32 : code) !== lower[i]) return false
  }
  return true
}

/**
 * A decimal number of 1 to 15 digits and nothing else; -1 otherwise. So no sign, no list, and no rounding of
 * large ones.
 */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || end - start > 15) return -1
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** Text of `bytes[start..end)`, one character a byte. Allocates. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return bytes.latin1Slice(start, end)
}

/**
 * Copies within short runs by hand, as a native call costs more than twenty bytes do. Returns the end in
 * `to`.
 */
export function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  const length = end - start
  if (length > 32) from.copy(to, at, start, end)
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!
  return at + length
}

/** Writes text of one-byte characters; the end in `to`. */
export function writeLatin1(text: string, to: Buffer, at: number): number {
  const { length } = text
  if (length > 24) to.latin1Write(text, at)
  else for (let i = 0; i < length; i++) to[at + i] = text.charCodeAt(i)
  return at + length
}

/** Whether a comma-separated field value has `token` (lower-case) among its members (RFC 9110 §5.6.1). */
export function hasToken(bytes: Uint8Array, start: number, end: number, token: Uint8Array): boolean {
  let at = start
  while (at < end) {
    let stop = at
    while (stop < end && bytes[stop] !== COMMA) stop++
    if (equalsFolded(bytes, skipSpace(bytes, at, stop), trimSpace(bytes, at, stop), token)) return true
    at = stop + 1
  }
  return false
}

/** First place in `[start, end)` that is not optional white space. */
export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] === SP || bytes[at] === HT)) at++
  return at
}

/** The end of `[start, end)` without optional white space before it. */
/** How often a byte is in `bytes[from..to)`. */
export function countOf(bytes: Buffer, byte: number, from: number, to: number): number {
  let count = 0
  for (let i = bytes.indexOf(byte, from); i !== -1 && i < to; i = bytes.indexOf(byte, i + 1)) count++
  return count
}

export function trimSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = end
  while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === HT)) at--
  return at
}

/** What a hexadecimal digit says; -1: it is none. */
export function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
