// Finding one's way in DER (X.690) that others wrote.

export interface Read {
  readonly tag: number
  /** Without tag and length. */
  readonly content: Buffer
}

/** The values that follow one another in these bytes; throws where they are cut off. */
export function readAll(bytes: Buffer): Read[] {
  const found: Read[] = []
  for (let at = 0; at < bytes.length;) {
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
    found.push({ tag, content: bytes.subarray(at, at + length) })
    at += length
  }
  return found
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Error('DER that is cut off')
  return byte
}
