// A second reader of STUN, written for plainness: what RFC 8489 says, with copies of everything.

export interface Attribute {
  readonly type: number
  readonly value: Buffer
  /** Where its header stands. */
  readonly at: number
}

export interface ReadMessage {
  readonly type: number
  readonly id: Buffer
  /** Those that are believed. */
  readonly attributes: readonly Attribute[]
  readonly sha1: Attribute | null
  readonly sha256: Attribute | null
  readonly fingerprint: Attribute | null
}

const [SHA1, SHA256, FINGERPRINT] = [0x0008, 0x001c, 0x8028]

/** Reads a whole message; null when it is none. */
export function readStun(bytes: Buffer): ReadMessage | null {
  if (bytes.length < 20 || bytes.length % 4 !== 0 || bytes.readUInt16BE(2) !== bytes.length - 20) return null
  if (bytes.readUInt16BE(0) >= 0x4000 || bytes.readUInt32BE(4) !== 0x2112a442) return null
  const all: Attribute[] = []
  let rest = bytes.subarray(20)
  while (rest.length > 0) {
    const length = rest.readUInt16BE(2)
    const padded = Math.ceil(length / 4) * 4
    if (4 + padded > rest.length) return null
    all.push({
      type: rest.readUInt16BE(0),
      value: rest.subarray(4, 4 + length),
      at: bytes.length - rest.length,
    })
    rest = rest.subarray(4 + padded)
  }
  const found = sorted(all)
  if (found.fingerprint !== null && !isRight(bytes, found.fingerprint)) return null
  return { type: bytes.readUInt16BE(0), id: bytes.subarray(8, 20), ...found }
}

// §14.5: behind MESSAGE-INTEGRITY only the other two count; §14.6: behind MESSAGE-INTEGRITY-SHA256 only
// FINGERPRINT.
function sorted(
  all: readonly Attribute[],
): Pick<ReadMessage, 'attributes' | 'sha1' | 'sha256' | 'fingerprint'> {
  const attributes: Attribute[] = []
  let [sha1, sha256, fingerprint]: (Attribute | null)[] = [null, null, null]
  for (const attribute of all) {
    const isFirst = sha1 === null && sha256 === null && fingerprint === null
    if (fingerprint) continue
    else if (attribute.type === FINGERPRINT) fingerprint = attribute
    else if (sha256) continue
    else if (attribute.type === SHA256) sha256 = attribute
    else if (attribute.type === SHA1) sha1 ??= attribute
    else if (isFirst) attributes.push(attribute)
  }
  return { attributes, sha1: sha1 ?? null, sha256: sha256 ?? null, fingerprint: fingerprint ?? null }
}

function isRight(bytes: Buffer, { value, at }: Attribute): boolean {
  const before = Buffer.from(bytes.subarray(0, at))
  before.writeUInt16BE(at + 8 - 20, 2)
  return value.length === 4 && value.readUInt32BE(0) === (crc32(before) ^ 0x5354554e) >>> 0
}

// Bit by bit, as the polynomial is defined.
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}
