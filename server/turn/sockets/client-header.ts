// The PROXY header that workers write before the bytes of a client, with the name of its listener: strictly
// one way, for nobody else speaks here.
import { readProxyHeader, readTlvs, TLV_DESCRIPTOR, TLV_LISTENER, TLV_TLS } from '../../lib/proxy-header.ts'
import type { StreamEnds } from './stream-host.ts'

/** In the first byte of TLV_TLS: the client came over TLS. */
const CLIENT_TLS = 0x01
/** The first bytes, addresses, a name, a few TLVs more. */
const HEADER_BYTES_MAX = 16 + 512
const NAME = /^[\x21-\x7e]{1,64}$/
/** Of version 2. */
const FIRST_BYTE = 0x0d

/** How long the header is and what it says. */
export interface ClientHeader {
  readonly length: number
  readonly ends: StreamEnds
  /** The client's descriptor came with it. */
  readonly hasDescriptor: boolean
}

/**
 * Reads the header that begins at `start`: 'more' when it is not all there, null when it is none that we
 * take.
 */
export function readClientHeader(
  bytes: Uint8Array,
  start: number,
  length: number,
): ClientHeader | 'more' | null {
  if (length > 0 && bytes[start] !== FIRST_BYTE) return null
  const header = readProxyHeader(bytes, start, length, HEADER_BYTES_MAX)
  if (header === 'more') return header
  if (typeof header === 'string' || header.client === null || header.local === null) return null
  let transport: StreamEnds['transport'] = 'tcp'
  let hasDescriptor = false
  const names: string[] = []
  readTlvs(bytes, start + header.tlvsAt, start + header.length, (type, value) => {
    if (type === TLV_TLS && ((value[0] ?? 0) & CLIENT_TLS) !== 0) transport = 'tls'
    if (type === TLV_DESCRIPTOR) hasDescriptor = true
    if (type === TLV_LISTENER) names.push(String.fromCharCode(...value))
    return true
  })
  const [listener = ''] = names
  // Two names would be a choice for whoever reads on.
  if (names.length !== 1 || !NAME.test(listener)) return null
  const ends: StreamEnds = { transport, listener, remote: header.client, local: header.local }
  return { length: header.length, ends, hasDescriptor }
}
