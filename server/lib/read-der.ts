// Finding one's way in DER (X.690) that others wrote.

export interface Read {
  readonly tag: number
  /** Without tag and length. */
  readonly content: Buffer
  /** With them. */
  readonly whole: Buffer
}

/** The values that follow one another in these bytes; throws where they are cut off. */
export function readAll(bytes: Buffer): Read[] {
  const found: Read[] = []
  for (let at = 0; at < bytes.length;) {
    const from = at
    const tag = byteAt(bytes, at)
    let length = byteAt(bytes, at + 1)
    at += 2
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0 || count > 4) throw new Error('DER has no such length')
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, at++)
    }
    if (at + length > bytes.length) throw new Error('DER that is cut off')
    found.push({ tag, content: bytes.subarray(at, at + length), whole: bytes.subarray(from, at + length) })
    at += length
  }
  return found
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Error('DER that is cut off')
  return byte
}

/** An object identifier in dots (X.690 §8.19). */
export function objectIdText(content: Buffer): string {
  const numbers: number[] = []
  let value = 0
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      numbers.push(value)
      value = 0
    }
  }
  const [first = 0, ...others] = numbers
  const top = Math.min(2, Math.floor(first / 40))
  return [top, first - top * 40, ...others].join('.')
}

/** RFC 5280 §4.1.2.5: UTCTime is of 1950 to 2049. NaN: it is no time. */
export function timeOf({ tag, content }: Pick<Read, 'tag' | 'content'>): number {
  const text = content.latin1Slice()
  const digits = tag === UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(digits) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}
const UTC_TIME = 0x17
