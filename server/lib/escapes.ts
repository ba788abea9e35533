// Bytes as people write them: text, and escapes for what text cannot say.

const ESCAPES: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '0': 0, '\\': 92 }

/** Reads `\r \n \t \0 \\ \xHH`; other characters are UTF-8. Null: an escape is none of these. */
export function bytesOf(text: string): Buffer | null {
  const parts: Buffer[] = []
  let at = 0
  for (const { index, 0: whole, 1: letter = '', 2: hex } of text.matchAll(/\\(x([0-9A-Fa-f]{2})|.?)/gs)) {
    const byte = hex === undefined ? ESCAPES[letter] : Number.parseInt(hex, 16)
    if (byte === undefined) return null
    parts.push(Buffer.from(text.slice(at, index)), Buffer.from([byte]))
    at = index + whole.length
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(at))])
}
