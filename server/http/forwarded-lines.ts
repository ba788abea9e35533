// What servers are told of those before us, in lines of our own: X-Forwarded-* and/or Forwarded (RFC 7239),
// always of the same people in both; Via (RFC 9110 §7.6.3). Addresses go on in one form, and who cannot be
// read as "unknown": no stranger's text gets into a field of ours.
import { type Authority } from '../head/authority.ts'
import type { Hop } from '../head/hops.ts'
import { filled } from '../lib/filled.ts'
import { BY_UNIX } from '../lib/ranges.ts'
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

/** Lines made lately for clients with nobody before them. */
interface Recent {
  readonly told: Told
  readonly how: HttpListenerConfig['forwarded']
  readonly gateway: string
  readonly lines: Buffer
}

const SLOTS = 256
const recent = filled<Recent | null>(SLOTS, null)

/**
 * Those of a client with nobody before it. Many open several connections, or come again with a new one for
 * each request: these share one piece of memory.
 */
export function linesForDirect(told: Told, how: HttpListenerConfig['forwarded'], gateway: string): Buffer {
  const place = placeOf(told.peer ?? UNKNOWN)
  const kept = recent[place]
  if (kept && kept.how === how && kept.gateway === gateway && isSame(kept.told, told)) return kept.lines
  const lines = linesFor(told, how, gateway)
  recent[place] = { told, how, gateway, lines }
  return lines
}

/** Addresses of one net differ at their end. */
function placeOf(address: string): number {
  let hash = address.length
  for (let i = Math.max(0, address.length - 5); i < address.length; i++)
    hash = Math.imul(hash, 31) + address.charCodeAt(i)
  return hash & (SLOTS - 1)
}

const isSame = (a: Told, b: Told): boolean =>
  a.peer === b.peer && a.host === b.host && a.port === b.port && a.scheme === b.scheme && a.proto === b.proto

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

/** RFC 7239 §6: an IPv6 address in brackets and quotes. It has no word for who comes by a Unix socket. */
const nodeOf = (address: string | null): string =>
  address === null || address === BY_UNIX ? UNKNOWN : address.includes(':') ? `"[${address}]"` : address

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
