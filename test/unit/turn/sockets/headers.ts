// PROXY v2 headers as workers write them, and others.
import { Address } from '../../../../server/lib/address.ts'

export interface HeaderWords {
  readonly client?: string
  readonly local?: string
  /** Null: no TLV with a name. */
  readonly listener?: string | null
  readonly isTls?: boolean
  readonly more?: readonly Uint8Array[]
}

/** A whole header. */
export function makeHeader({
  client = '192.0.2.7:40000',
  local = '198.51.100.1:3478',
  listener = 'turn',
  isTls = false,
  more = [],
}: HeaderWords = {}): Uint8Array {
  const [remote, ours] = [client, local].map((bind) => {
    const colon = bind.lastIndexOf(':')
    return { ip: ipOf(bind.slice(0, colon)), port: Number(bind.slice(colon + 1)) }
  }) as [Ends, Ends]
  const tlvs = [...more]
  if (listener !== null) tlvs.push(tlv(0xe0, new TextEncoder().encode(listener)))
  if (isTls) tlvs.push(tlv(0x20, Uint8Array.of(1, 0, 0, 0, 0)))
  const ports = new DataView(new ArrayBuffer(4))
  ports.setUint16(0, remote.port)
  ports.setUint16(2, ours.port)
  const body = Buffer.concat([remote.ip, ours.ip, new Uint8Array(ports.buffer), ...tlvs])
  const prefix = Buffer.from('0d0a0d0a000d0a515549540a21000000', 'hex')
  prefix[13] = remote.ip.length === 4 ? 0x11 : 0x21
  prefix.writeUInt16BE(body.length, 14)
  return new Uint8Array(Buffer.concat([prefix, body]))
}

interface Ends {
  readonly ip: Uint8Array
  readonly port: number
}

/** IPv4 in IPv6 stays in it here. */
function ipOf(host: string): Uint8Array {
  if (!host.startsWith('::ffff:')) return Address.parse(host, 0)!.ip
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...Address.parse(host, 0)!.ip)
}

export function tlv(type: number, value: Uint8Array): Uint8Array {
  return Uint8Array.of(type, value.length >> 8, value.length & 255, ...value)
}
