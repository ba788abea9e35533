// Who the client is, and what servers are told about it: X-Forwarded-*, Forwarded (RFC 7239), Via (RFC 9110 §7.6.3),
// X-Request-Id. What a client says of itself is believed only where its address is that of a trusted proxy.
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { FORWARDED_FIELDS, REQUEST_DROPS, type RequestLines, bitOf } from '../head/write.ts'
import type { Inbound } from '../http1/inbound.ts'
import { canonicalAddress } from '../lib/ranges.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import type { Client } from './exchange.ts'

/** A client with the lines that are the same for all its requests. */
export interface KnownClient extends Client {
  /** X-Forwarded-For, -Proto, -Port and/or Forwarded, and Via: whole lines. */
  readonly ours: Buffer
}

/** The client of a connection: made once, unless a trusted proxy speaks for many clients. */
export function clientOf(inbound: Inbound, request: RequestHead, gateway: string): KnownClient {
  const { listener } = inbound.port
  if (inbound.client && inbound.clientOf === listener) return inbound.client as KnownClient
  const peer = canonicalAddress(inbound.peer) ?? inbound.peer
  if (listener.trusted.has(peer)) return behindProxy(inbound, request, peer, gateway)
  const made: KnownClient = {
    address: peer,
    peer,
    port: inbound.peerPort,
    trusted: false,
    ours: directLines(listener, inbound, peer, gateway),
  }
  inbound.client = made
  inbound.clientOf = listener
  return made
}

function directLines(listener: Listener, inbound: Inbound, peer: string, gateway: string): Buffer {
  const { forwarded } = listener.options
  const lines: string[] = []
  if (forwarded !== 'forwarded') {
    lines.push(
      `X-Forwarded-For: ${peer}`,
      'X-Forwarded-Proto: http',
      `X-Forwarded-Port: ${localPort(inbound)}`,
    )
  }
  if (forwarded !== 'x-forwarded') lines.push(`Forwarded: for=${forwardedNode(peer)};proto=http`)
  lines.push(`Via: 1.1 ${gateway}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')
}

function localPort(inbound: Inbound): number {
  return inbound.socket?.localPort ?? 0
}

/** RFC 7239 §6: an IPv6 address in brackets and quotes. */
const forwardedNode = (address: string): string => (address.includes(':') ? `"[${address}]"` : address)

/** An element of Forwarded for what another proxy named; what is no address has no say in its form. */
const forwardedFor = (text: string): string => {
  const address = canonicalAddress(text)
  return `for=${address ? forwardedNode(address) : 'unknown'}`
}

/** A proxy that we trust names its client: the list is walked from the right, past every address that is trusted too. */
function behindProxy(inbound: Inbound, request: RequestHead, peer: string, gateway: string): KnownClient {
  const { listener } = inbound.port
  const chain = forwardedChain(request)
  let address = peer
  for (let i = chain.length - 1; i >= 0; i--) {
    const hop = canonicalAddress(chain[i] as string)
    if (!hop) break
    address = hop
    if (!listener.trusted.has(hop)) break
  }
  return {
    address,
    peer,
    port: inbound.peerPort,
    trusted: true,
    ours: appendedLines(inbound, request, peer, gateway),
  }
}

/** The addresses of X-Forwarded-For, else of Forwarded, the nearest last; ports, brackets and quotes taken off. */
function forwardedChain(request: RequestHead): string[] {
  const listed = request.values('x-forwarded-for').join(',')
  if (listed !== '') return listed.split(',').map(bareAddress)
  const elements = request.values('forwarded').join(',')
  return elements === ''
    ? []
    : [...elements.matchAll(/(?:^|[;,])\s*for\s*=\s*("[^"]*"|[^;,\s]*)/gi)].map((match) =>
        bareAddress(match[1] ?? ''),
      )
}

function bareAddress(text: string): string {
  const bare = text.trim().replaceAll('"', '')
  if (bare.startsWith('[')) return bare.slice(1, bare.indexOf(']') === -1 ? undefined : bare.indexOf(']'))
  return bare.split(':').length === 2 ? bare.slice(0, bare.indexOf(':')) : bare
}

function appendedLines(inbound: Inbound, request: RequestHead, peer: string, gateway: string): Buffer {
  const { forwarded } = inbound.port.listener.options
  const lines: string[] = []
  // What came in one of the two ways is said in the other too.
  const before = request.values('x-forwarded-for').join(', ') || forwardedChain(request).join(', ')
  if (forwarded !== 'forwarded') {
    lines.push(`X-Forwarded-For: ${before === '' ? peer : `${before}, ${peer}`}`)
    lines.push(`X-Forwarded-Proto: ${request.get('x-forwarded-proto') ?? 'http'}`)
    lines.push(`X-Forwarded-Port: ${request.get('x-forwarded-port') ?? localPort(inbound)}`)
    const host = request.get('x-forwarded-host')
    if (host !== null) lines.push(`X-Forwarded-Host: ${host}`)
  }
  if (forwarded !== 'x-forwarded') {
    const chain =
      request.values('forwarded').join(', ') || forwardedChain(request).map(forwardedFor).join(', ')
    const own = `for=${forwardedNode(peer)};proto=http`
    lines.push(`Forwarded: ${chain === '' ? own : `${chain}, ${own}`}`)
  }
  lines.push(`Via: 1.1 ${gateway}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')
}

/** X-Request-Id of a trusted proxy, when it is sane; null otherwise. */
export function givenRequestId(request: RequestHead, client: Client): string | null {
  if (!client.trusted) return null
  const given = request.get('x-request-id')
  return given !== null && /^[!-~]{1,128}$/.test(given) ? given : null
}

/** How often this request has passed through here. */
export function passesBefore(request: RequestHead, gateway: string): number {
  if (!request.fields.has(KNOWN.via)) return 0
  return request
    .values('via')
    .join(',')
    .split(',')
    .filter((hop) => hop.trim().split(/\s+/)[1] === gateway).length
}

const KEEPS_UNDERSCORE = REQUEST_DROPS | FORWARDED_FIELDS | bitOf(KNOWN.xRequestId)
const DROPS_UNDERSCORE = KEEPS_UNDERSCORE | bitOf(KNOWN.underscore)

// One object for all requests: it lives only while a head is written.
const lines = {
  drops: 0,
  ours: Buffer.alloc(0) as Buffer,
  forwardedHost: null as Buffer | null,
  requestId: '',
  host: null as Buffer | null,
  isChunked: false,
  isUpgrade: false,
}

/** What is written into the request beside its own fields. Valid until the next call. */
export function requestLines(
  client: KnownClient,
  listener: Listener,
  request: RequestHead,
  how: {
    readonly id: string
    readonly isChunked: boolean
    readonly wantsUpgrade: boolean
    readonly serverAuthority: string
  },
): RequestLines {
  const { options } = listener
  lines.drops = options.underscore_fields === 'keep' ? KEEPS_UNDERSCORE : DROPS_UNDERSCORE
  // HTTP/1.0 clients do not know the expectation (RFC 9110 §10.1.1).
  if (request.version === 10) lines.drops |= bitOf(KNOWN.expect)
  lines.ours = client.ours
  const { raw } = request.authority
  const isHostTold =
    options.forwarded === 'forwarded' || (client.trusted && request.fields.has(KNOWN.xForwardedHost))
  lines.forwardedHost = isHostTold || raw.length === 0 ? null : raw
  lines.host = null
  if (request.isAbsolute) {
    lines.drops |= bitOf(KNOWN.host)
    lines.host = raw
  } else if (!request.fields.has(KNOWN.host)) lines.host = Buffer.from(how.serverAuthority)
  lines.requestId = how.id
  lines.isChunked = how.isChunked
  lines.isUpgrade = how.wantsUpgrade
  return lines
}
