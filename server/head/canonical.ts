// The head of an answer in canonical form, where a server's own is not but means one thing only. What was
// accepted leniently goes on like this, never as it came. Tried only for heads that a strict scan refused, so
// that an ordinary one costs nothing.
import { COLON, CR, FIELD_VALUE, HT, LF, SP, TOKEN, equalsFolded } from './bytes.ts'

/**
 * exact: as RFC 9112 wants it sent · strict: as it wants it read, so that a blank before a colon is taken off
 *   (§5.1) · lenient: lines
 * may end in LF (§2.2), and equal lengths may be repeated (§6.3), as well.
 */
export type Tolerance = 'exact' | 'strict' | 'lenient'

export interface Canonical {
  readonly bytes: Buffer
  /** Where the head ended in what came. */
  readonly end: number
}

const LENGTH_NAME = Buffer.from('content-length')

/**
 * The canonical form of the head at `from`; 'incomplete': its end has not come; null: it cannot be mended.
 */
export function canonicalHead(
  bytes: Buffer,
  from: number,
  to: number,
  tolerance: Tolerance,
): Canonical | 'incomplete' | null {
  if (tolerance === 'exact') return null
  const isLenient = tolerance === 'lenient'
  const lines: string[] = []
  let length: string | null = null
  let at = from
  for (;;) {
    // 1. A line is field values and ends in CRLF; or in LF, where that is allowed.
    let stop = at
    while (stop < to && FIELD_VALUE[bytes[stop]!] === 1) stop++
    if (stop >= to || (bytes[stop] === CR && stop + 1 >= to)) return 'incomplete'
    const isCrLf = bytes[stop] === CR && bytes[stop + 1] === LF
    if (!isCrLf && !(isLenient && bytes[stop] === LF)) return null
    const next = stop + (isCrLf ? 2 : 1)
    // 2. An empty one ends the head.
    if (stop === at) return { bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), end: next }
    if (lines.length === 0) lines.push(bytes.latin1Slice(at, stop))
    else {
      // 3. field-name, blanks that are taken off, ":" (§5.1).
      const nameEnd = endOfName(bytes, at, stop)
      const colon = afterBlanks(bytes, nameEnd, stop)
      if (nameEnd === at || colon >= stop || bytes[colon] !== COLON) return null
      const value = bytes.latin1Slice(colon + 1, stop)
      // 4. One of several equal lengths (§6.3); those that differ stay, and are refused as what they are.
      const one: string | null =
        isLenient && equalsFolded(bytes, at, nameEnd, LENGTH_NAME) ? theLength(value) : null
      if (one === null || one !== length) lines.push(`${bytes.latin1Slice(at, nameEnd)}:${one ?? value}`)
      length = one ?? length
    }
    at = next
  }
}

function endOfName(bytes: Buffer, start: number, stop: number): number {
  let at = start
  while (at < stop && TOKEN[bytes[at]!] !== 0) at++
  return at
}

function afterBlanks(bytes: Buffer, start: number, stop: number): number {
  let at = start
  while (at < stop && (bytes[at] === SP || bytes[at] === HT)) at++
  return at
}

/** The one length that a value names, however often, as a value; null: it names none, or several. */
function theLength(value: string): string | null {
  const all = value.split(',').map((one) => one.replaceAll(/^[ \t]+|[ \t]+$/g, ''))
  const [first = ''] = all
  return /^[0-9]+$/.test(first) && all.every((one) => one === first) ? ` ${first}` : null
}
