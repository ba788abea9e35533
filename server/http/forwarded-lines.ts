// What servers are told of those before us, in lines of our own: X-Forwarded-* and/or Forwarded (RFC 7239),
// always of the same people in both; Via (RFC 9110 §7.6.3). Addresses go on in one form, and who cannot be
// read as "unknown": no stranger's text gets into a field of ours.
import { type Authority } from '../head/authority.ts'
import type { Hop } from '../head/hops.ts'
import type { Protocol } from './ends.ts'
import type { HttpListenerConfig } from './listener.options.ts'

export interface Told {
  /** Those whom the other end had before it, the nearest last. */
  readonly hops: readonly Hop[]
  /** The other end, as the way in knows it; null when it was gone before its address was read. */
  readonly peer: string | null
  /** How it came to us. */
  readonly scheme: 'http' | 'https'
  /** What the client asked for. */
  readonly proto: string
  readonly host: Authority
  readonly port: number
}

export function linesFor(told: Told, how: HttpListenerConfig['forwarded'], gateway: string): Buffer {
  const { hops, peer, scheme, proto, host, port } = told
  let text = ''
  if (how !== 'forwarded') {
    text = 'X-Forwarded-For: '
    for (const { address } of hops) text += `${address ?? UNKNOWN}, `
    text += `${peer ?? UNKNOWN}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${port}\r\n`
    if (host.raw.length > 0) text += `X-Forwarded-Host: ${host.raw.latin1Slice()}\r\n`
  }
  if (how !== 'x-forwarded') {
    text += 'Forwarded: '
    for (const hop of hops) text += `${elementOf(hop)}, `
    text += `for=${nodeOf(peer)};proto=${scheme}\r\n`
  }
  return Buffer.from(`${text}Via: 1.1 ${gateway}\r\n`, 'latin1')
}

const UNKNOWN = 'unknown'

/** RFC 7239 §6: an IPv6 address in brackets and quotes. */
const nodeOf = (address: string | null): string =>
  address === null ? UNKNOWN : address.includes(':') ? `"[${address}]"` : address

function elementOf({ address, proto, host }: Hop): string {
  const scheme = proto === null ? '' : `;proto=${proto}`
  return `for=${nodeOf(address)}${scheme}${host === null ? '' : `;host="${host.raw.latin1Slice()}"`}`
}

/** Via names the protocol that the request came by (RFC 9110 §7.6.3). */
export const viaOf = (ours: Buffer, protocol: Protocol): Buffer =>
  Buffer.from(ours.latin1Slice().replace(/Via: 1\.1/, `Via: ${VERSIONS[protocol]}`), 'latin1')

const VERSIONS: Readonly<Record<Protocol, string>> = {
  'HTTP/1.0': '1.0',
  'HTTP/1.1': '1.1',
  'HTTP/2': '2.0',
  'HTTP/3': '3.0',
}
