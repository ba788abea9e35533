// A field line of our own, from text. What it must not become is two lines.
import { FIELD_VALUE, TOKEN } from './bytes.ts'

/**
 * The whole line, CRLF included. Control characters in the value become spaces (RFC 9110 §5.5). Text beyond
 * one byte a character is written as UTF-8: cut to one byte, "Ċ" (U+010A) would be a line feed.
 */
export function fieldLine(name: string, value: string): Buffer {
  if (!isToken(name)) throw new Error(`not the name of a field: ${JSON.stringify(name)}`)
  let text = value
  let isNarrow = true
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code > 255) isNarrow = false
    else if (FIELD_VALUE[code] !== 1) text = `${text.slice(0, i)} ${text.slice(i + 1)}`
  }
  return Buffer.from(`${name}: ${text}\r\n`, isNarrow ? 'latin1' : 'utf8')
}

function isToken(name: string): boolean {
  for (let i = 0; i < name.length; i++) if (!TOKEN[name.charCodeAt(i)]) return false
  return name !== ''
}
