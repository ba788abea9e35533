// Why a request head is malformed, in words: which rule of RFC 9112 it breaks, at which byte, and what else
// it looks like. Only for heads that the scanners have refused: it walks them once more, slowly.
import { COLON, CR, FIELD_VALUE, LF, SP, TARGET, TOKEN } from './bytes.ts'

const TAKEN_WHERE = 'which is taken once, and only from addresses in proxy_protocol.trusted'

/** What comes to the wrong port most often, by its first bytes. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\x16\x03[\x00-\x04]/, 'a TLS ClientHello, sent to a port without TLS'],
  [/^PRI \* HTTP\/2/, 'the HTTP/2 preface, sent without asking whether HTTP/2 is spoken here'],
  [/^PROXY (?:TCP|UNKNOWN)/, `a PROXY protocol header (version 1), ${TAKEN_WHERE}`],
  // Empty lines before a request are passed over, and a header of version 2 begins with two.
  [/^(?:\r\n){0,2}\x00\r\nQUIT\n/, `a PROXY protocol header (version 2), ${TAKEN_WHERE}`],
  [/^SSH-/, 'SSH'],
  [/^(?:EHLO|HELO) /i, 'SMTP'],
  [/^\*[0-9]+\r\n\$/, 'the Redis protocol'],
  [/^\x00\x00\x00[\x08-\xff]\x00\x03\x00\x00/, 'the PostgreSQL protocol'],
  [/^\x10.\x00\x04MQTT/s, 'MQTT'],
  [/^[\x00\x01][\x00-\x03]..\x21\x12\xa4\x42/s, 'STUN'],
  [/^HTTP\/1\./, 'an answer, not a request'],
]
const LOOK_BYTES = 64
/** RFC 9112 §3.2. */
const WRONG_TARGET =
  'the request target is none of: a path, an http URL, "*" for OPTIONS, host:port for CONNECT'

/** Says why the head at `bytes[from..to)` was refused as malformed. */
export function whyMalformed(bytes: Buffer, from: number, to: number): string {
  const start = startText(bytes, from, to)
  const other = OTHERS.find(([pattern]) => pattern.test(start))
  const broken = brokenRule(bytes, from, to)
  return other === undefined ? broken : `it looks like ${other[1]} (${broken})`
}

/** Its first bytes, one letter each. */
export const startText = (bytes: Buffer, from: number, to: number): string =>
  bytes.latin1Slice(from, Math.min(to, from + LOOK_BYTES))

/** Says what is wanted at a place, and what is there. */
type Places = (place: number, wanted: string) => string

export const placesIn =
  (bytes: Buffer, from: number, to: number): Places =>
  (place, wanted) =>
    `${wanted}, ${found(bytes, place, to)} at byte ${place - from}`

function brokenRule(bytes: Buffer, from: number, to: number): string {
  const at = placesIn(bytes, from, to)
  // 1. request-line = method SP request-target SP HTTP-version CRLF (§3)
  let i = skip(bytes, from, to, (code) => TOKEN[code] !== 0)
  if (i === from || bytes[i] !== SP) return at(i, 'a method and one space are wanted')
  if (i - from > 32) return 'the method is longer than 32 bytes'
  const target = i + 1
  i = skip(bytes, target, to, (code) => TARGET[code] !== 0)
  if (i === target || bytes[i] !== SP) return at(i, 'a request target and one space are wanted')
  const version = i + 1
  const said = bytes.latin1Slice(version, Math.min(version + 8, to))
  if (!/^HTTP\/[0-9]\.[0-9]$/.test(said)) return at(version, '"HTTP/1.1" is wanted')
  i = version + 8
  if (bytes[i] !== CR || bytes[i + 1] !== LF) return at(i, 'CR LF is wanted at the end of the request line')
  // All lines in order: it is what the target says that was refused.
  return brokenField(bytes, at, { from: i + 2, to }) ?? WRONG_TARGET
}

/** Where they stand, and whether blanks before a colon are let pass. */
interface FieldLines {
  readonly from: number
  readonly to: number
  readonly takesBlanks?: boolean
}

/** 2. field-name ":" field-value CRLF, up to an empty line (§5); null: all lines are in order. */
export function brokenField(
  bytes: Buffer,
  at: Places,
  { from, to, takesBlanks = false }: FieldLines,
): string | null {
  for (let line = from; line < to;) {
    if (bytes[line] === CR && bytes[line + 1] === LF) return null
    if (bytes[line] === CR) return at(line + 1, 'LF is wanted after CR')
    if (bytes[line] === SP || bytes[line] === 9)
      return at(line, 'a field name is wanted (lines are not folded, §5.2)')
    const name = skip(bytes, line, to, (code) => TOKEN[code] !== 0)
    const colon = takesBlanks ? skip(bytes, name, to, isBlank) : name
    if (name === line || bytes[colon] !== COLON)
      return at(colon, 'a field name and ":" with nothing between are wanted')
    const end = skip(bytes, colon + 1, to, (code) => FIELD_VALUE[code] === 1)
    if (bytes[end] !== CR || bytes[end + 1] !== LF)
      return at(bytes[end] === CR ? end + 1 : end, 'CR LF is wanted at the end of a field')
    line = end + 2
  }
  return 'it ends in the middle'
}

const isBlank = (code: number): boolean => code === SP || code === 9

function skip(bytes: Buffer, from: number, to: number, isIn: (code: number) => boolean): number {
  let i = from
  while (i < to && isIn(bytes[i]!)) i++
  return i
}

function found(bytes: Buffer, place: number, to: number): string {
  if (place >= to) return 'found its end'
  const code = bytes[place]!
  const hex = `0x${code.toString(16).padStart(2, '0')}`
  return code > 32 && code < 127 ? `found "${String.fromCharCode(code)}" (${hex})` : `found ${hex}`
}
