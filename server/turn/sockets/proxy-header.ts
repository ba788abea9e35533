// The PROXY protocol, version 2, as workers write it before the bytes of a client: strictly one way, for
// nobody else speaks here.
//
//   0   12  signature
//   12   1  0x21: version 2, PROXY
//   13   1  0x11: TCP over IPv4, 0x21: TCP over IPv6
//   14   2  how many bytes follow
//   16      client's address, ours, client's port, ours; then TLVs: u8 type · u16 length · value
import { Address } from '../../lib/address.ts'
import { PROXY_SIGNATURE, TLV_LISTENER, TLV_TLS } from '../proxy-header.ts'
import type { StreamEnds } from './stream-host.ts'

/** In the first byte of TLV_TLS: the client came over TLS. */
const CLIENT_TLS = 0x01
const PREFIX_BYTES = 16
/** What follows the prefix: addresses, a name, a few TLVs more. */
const BODY_BYTES_MOST = 512
const NAME = /^[\x21-\x7e]{1,64}$/

/** How long the header is and what it says; 0: more bytes are needed. */
export interface ProxyHeader {
  readonly length: number
  readonly ends: StreamEnds
}

/**
 * Reads the header that begins at `start`: 'more' when it is not all there, null when it is none that we
 * take.
 */
export function readProxyHeader(
  bytes: Uint8Array,
  start: number,
  length: number,
): ProxyHeader | 'more' | null {
  for (let i = 0; i < Math.min(PROXY_SIGNATURE.length, length); i++)
    if (bytes[start + i] !== PROXY_SIGNATURE[i]) return null
  if (length < PREFIX_BYTES) return 'more'
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length)
  const ipBytes = view.getUint8(13) === 0x11 ? 4 : 16
  const addressBytes = 2 * ipBytes + 4
  const bodyBytes = view.getUint16(14)
  const isKnown = view.getUint8(12) === 0x21 && (ipBytes === 4 || view.getUint8(13) === 0x21)
  if (!isKnown || bodyBytes < addressBytes || bodyBytes > BODY_BYTES_MOST) return null
  const end = PREFIX_BYTES + bodyBytes
  if (length < end) return 'more'
  const facts = readTlvs(view, PREFIX_BYTES + addressBytes, end)
  if (facts === null) return null
  const portsAt = PREFIX_BYTES + 2 * ipBytes
  const remote = addressAt(view, PREFIX_BYTES, ipBytes, view.getUint16(portsAt))
  const local = addressAt(view, PREFIX_BYTES + ipBytes, ipBytes, view.getUint16(portsAt + 2))
  return { length: end, ends: { ...facts, remote, local } }
}

/** A listener on every address sees IPv4 clients within IPv6: they are what they are. */
function addressAt(view: DataView, at: number, ipBytes: number, port: number): Address {
  const isMapped = ipBytes === 16 && view.getBigUint64(at) === 0n && view.getUint32(at + 8) === 0xffff
  const [from, count] = isMapped ? [at + 12, 4] : [at, ipBytes]
  return new Address(new Uint8Array(view.buffer, view.byteOffset + from, count).slice(), port)
}

function readTlvs(
  view: DataView,
  from: number,
  end: number,
): Pick<StreamEnds, 'transport' | 'listener'> | null {
  let transport: StreamEnds['transport'] = 'tcp'
  let listener: string | null = null
  let at = from
  while (at < end) {
    if (end - at < 3) return null
    const type = view.getUint8(at)
    const length = view.getUint16(at + 1)
    const value = at + 3
    at = value + length
    if (at > end) return null
    if (type === TLV_TLS && length > 0 && view.getUint8(value) & CLIENT_TLS) transport = 'tls'
    if (type !== TLV_LISTENER) continue
    // Two names would be a choice for whoever reads on.
    if (listener !== null) return null
    listener = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + value, length))
  }
  return listener !== null && NAME.test(listener) ? { transport, listener } : null
}
