// Why an answer is malformed, in words: which rule of RFC 9112 it breaks, at which byte, and what else it
// looks like. Only for answers that the scanners have refused: it walks them once more, slowly.
import { type Tolerance, canonicalHead } from './canonical.ts'
import type { Fields } from './fields.ts'
import { CR, LF, SP } from './bytes.ts'
import { brokenField, placesIn, startText } from './why-malformed.ts'

/** What answers where HTTP/1.1 is spoken to it, by its first bytes. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^[\x15\x16]\x03[\x00-\x04]/, 'TLS: this server is not to be spoken to in plain text'],
  [
    /^\x00\x00[\x00-\xff]\x04[\x00\x01]\x00\x00\x00\x00/,
    'HTTP/2, which this server speaks without being asked',
  ],
  [/^HTTP\/2/, 'HTTP/2 written as text'],
  [/^HTTP\/0\.9|^\s*<(?:!doctype|html)/i, 'HTTP/0.9, a body without a head'],
  [/^SSH-/, 'SSH'],
  [/^(?:220|250|421|500|502|554)[ -][^\r\n]*(?:SMTP|FTP|command)/i, 'SMTP or FTP'],
  [/^-(?:ERR|WRONGTYPE|NOAUTH|DENIED)/, 'the Redis protocol'],
  [/^..\x00\x00[\x00\x0a]/s, 'the MySQL protocol'],
  [/^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS) \S+ HTTP\//, 'a request, as of something that echoes'],
]
/** The most of a field's value that is repeated. */
const SHOWN_MAX = 64

/** Says why the answer's head at `bytes[from..to)` was refused as malformed. */
export function whyAnswer(bytes: Buffer, from: number, to: number, tolerance?: Tolerance): string {
  const start = startText(bytes, from, to)
  const other = OTHERS.find(([pattern]) => pattern.test(start))
  const broken = brokenAnswer(bytes, from, to, tolerance)
  if (other !== undefined) return `it looks like ${other[1]} (${broken})`
  return isTakenLeniently(bytes, from, to, tolerance) ? `${broken}; ${LENIENT}` : broken
}

/** Says why nobody knows where the body of an answer ends. */
export function whyUnframed(fields: Fields, tolerance?: Tolerance): string {
  const lengths = framers(fields).flatMap(({ name, value }) => (name === LENGTH ? value.split(',') : [name]))
  const isOne = lengths.every((one) => one.trim() === lengths[0]?.trim() && /^\s*[0-9]+\s*$/.test(one))
  const more = isOne && tolerance !== 'lenient' ? `; ${LENIENT}` : ''
  return `the end of its body is not said in one way: ${framingText(fields)}${more}`
}

/** The fields of a head that frame its body, as they came. */
export const framingText = (fields: Fields): string =>
  framers(fields)
    .map(({ name, value }) => `${name}: ${JSON.stringify(value.slice(0, SHOWN_MAX))}`)
    .join(', ')

const LENGTH = 'content-length'

function framers(fields: Fields): { readonly name: string; readonly value: string }[] {
  const all = Array.from({ length: fields.count }, (_, f) => ({
    name: fields.name(f).toLowerCase(),
    value: fields.value(f),
  }))
  return [LENGTH, 'transfer-encoding'].flatMap((wanted) => all.filter(({ name }) => name === wanted))
}

const LENIENT = '"answers: lenient" of its backend would take it'

function isTakenLeniently(bytes: Buffer, from: number, to: number, tolerance?: Tolerance): boolean {
  const mended = tolerance === 'lenient' ? null : canonicalHead(bytes, from, to, 'lenient')
  return mended !== null && mended !== 'incomplete' && STATUS_LINE.test(mended.bytes.latin1Slice())
}

const STATUS_LINE = /^HTTP\/1\.[01] [1-9][0-9]{2}[ \r]/

function brokenAnswer(bytes: Buffer, from: number, to: number, tolerance?: Tolerance): string {
  const at = placesIn(bytes, from, to)
  // 1. status-line = HTTP-version SP status-code SP [reason-phrase] CRLF (§4)
  let i = from
  for (const letter of 'HTTP/1.') {
    if (bytes[i] !== letter.charCodeAt(0)) return at(i, 'a status line, "HTTP/1.1 200 OK", is wanted')
    i++
  }
  if (bytes[i] !== 48 && bytes[i] !== 49) return at(i, '"HTTP/1.1" or "HTTP/1.0" is wanted')
  if (bytes[i + 1] !== SP) return at(i + 1, 'one space is wanted before the status')
  i += 2
  for (const least of [49, 48, 48]) {
    const digit = bytes[i] ?? 0
    if (digit < least || digit > 57) return at(i, 'a status of three digits is wanted')
    i++
  }
  if (bytes[i] !== SP && bytes[i] !== CR) return at(i, 'a space or CR LF is wanted behind the status')
  while (i < to && bytes[i] !== CR && bytes[i] !== LF && bytes[i] !== 0) i++
  if (bytes[i] !== CR || bytes[i + 1] !== LF) return at(i, 'CR LF is wanted at the end of the status line')
  // 2. field lines (§5); a blank before a colon is taken off, except where nothing is
  const takesBlanks = (tolerance ?? 'exact') !== 'exact'
  return brokenField(bytes, at, { from: i + 2, to, takesBlanks }) ?? 'its lines are in order'
}
