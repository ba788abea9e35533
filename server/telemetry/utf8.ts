// Texts of requests are bytes, held as latin1. What of them is UTF-8 is logged as it is.

/**
 * Length of the UTF-8 sequence that begins here, whose first byte is not ASCII; 0: it is none, or a control
 * character that must not reach a terminal.
 */
export function utf8Length(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first < 0xc2 || first > 0xf4) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  const second = text.charCodeAt(at + 1)
  if (!(second >= lowestSecond(first) && second <= highestSecond(first))) return 0
  for (let i = 2; i < length; i++) if ((text.charCodeAt(at + i) & 0xc0) !== 0x80) return 0
  return isControl(first, second, text.charCodeAt(at + 2)) ? 0 : length
}

/** No overlong forms (RFC 3629 §4). */
const lowestSecond = (first: number): number => (first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80)

/** No surrogates, nothing beyond U+10FFFF. */
const highestSecond = (first: number): number => (first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf)

/** U+0080 to U+009F, and the line separators U+2028 and U+2029. */
const isControl = (first: number, second: number, third: number): boolean =>
  (first === 0xc2 && second < 0xa0) ||
  (first === 0xe2 && second === 0x80 && (third === 0xa8 || third === 0xa9))
