// Messages made by hand, byte for byte, so that the reader is not tested with our writer alone.

export const ID = Buffer.from('0102030405060708090a0b0c', 'hex')

/** An attribute: a type, a value (hex or bytes), and a length where it is to be a lie. */
export type RawAttribute = readonly [type: number, value?: string | Uint8Array, length?: number]

/** A whole message of this type (0x0003: an Allocate request). */
export function raw(type: number, ...attributes: readonly RawAttribute[]): Buffer {
  const parts = attributes.map(([attribute, value = '', length]) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'hex') : Buffer.from(value)
    const header = Buffer.alloc(4)
    header.writeUInt16BE(attribute, 0)
    header.writeUInt16BE(length ?? bytes.length, 2)
    return Buffer.concat([header, bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
  })
  const body = Buffer.concat(parts)
  const header = Buffer.alloc(20)
  header.writeUInt16BE(type, 0)
  header.writeUInt16BE(body.length, 2)
  header.writeUInt32BE(0x2112a442, 4)
  ID.copy(header, 8)
  return Buffer.concat([header, body])
}
