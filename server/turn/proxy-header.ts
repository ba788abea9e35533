// What a worker says to the relay before a client's bytes: whose they are. The binary header of the PROXY
// protocol, version 2:
//
//   12 bytes signature · 0x21 version 2, PROXY · 0x11 TCP over IPv4, 0x21 over IPv6 · u16 length of what follows
//   source address · destination address · u16 source port · u16 destination port · TLVs (type · u16 length · value)
import { parseAddress } from '../lib/ranges.ts'

export const PROXY_SIGNATURE: Uint8Array = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const VERSION_2_PROXY = 0x21
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21
/** PP2_TYPE_SSL: the client spoke TLS (bit 0) and showed no certificate (verify is not 0). */
export const TLV_TLS = 0x20
const CLIENT_TLS = [1, 0, 0, 0, 1]
/** Of those for private use: name of the listener. */
export const TLV_LISTENER = 0xe0

export interface ProxyHeader {
  /** Addresses as the socket names them; undefined once it is broken. */
  readonly clientHost: string | undefined
  readonly clientPort: number
  readonly localHost: string | undefined
  readonly localPort: number
  readonly isTls: boolean
  readonly listener: string
}

/** The header's bytes; null when an address is none, or not known. */
export function writeProxyHeader(header: ProxyHeader): Buffer | null {
  const { clientHost, clientPort, localHost, localPort, isTls, listener } = header
  const [client, local] = sameFamily(addressOf(clientHost), addressOf(localHost))
  if (!client || !local) return null
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(clientPort, 0)
  ports.writeUInt16BE(localPort, 2)
  const tls = isTls ? tlv(TLV_TLS, Uint8Array.from(CLIENT_TLS)) : Buffer.alloc(0)
  const rest = Buffer.concat([client, local, ports, tls, tlv(TLV_LISTENER, Buffer.from(listener))])
  const head = Buffer.alloc(4)
  head[0] = VERSION_2_PROXY
  head[1] = client.length === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6
  head.writeUInt16BE(rest.length, 2)
  return Buffer.concat([PROXY_SIGNATURE, head, rest])
}

function tlv(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(3)
  head[0] = type
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}

/** A link-local address may name its interface behind `%`: that is of this machine only. */
const addressOf = (host: string | undefined): Uint8Array | null =>
  host === undefined ? null : parseAddress(host.replace(/%.*$/, ''))

type Address = Uint8Array | null

/** Both addresses are of one family in the header: beside an IPv6 one, an IPv4 one is mapped. */
function sameFamily(a: Address, b: Address): readonly [Address, Address] {
  if (!a || !b || a.length === b.length) return [a, b]
  return a.length === 4 ? [mapped(a), b] : [a, mapped(b)]
}

function mapped(v4: Uint8Array): Uint8Array {
  const made = new Uint8Array(16)
  made.set([0xff, 0xff], 10)
  made.set(v4, 12)
  return made
}
