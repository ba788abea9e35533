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
  const socketAddress = canonicalAddress(inbound.ends.address) ?? inbound.ends.address
  if (listener.trusted.has(socketAddress)) return behindProxy(inbound, request, socketAddress, gateway)
  const made: KnownClient = {
    address: socketAddress,
    socketAddress,
    port: inbound.ends.port,
    trusted: false,
    ours: directLines(listener, inbound, socketAddress, gateway),
  }
  inbound.client = made
  inbound.clientOf = listener
  return made
}

function directLines(listener: Listener, inbound: Inbound, socketAddress: string, gateway: string): Buffer {
  const { forwarded } = listener.options
  const lines: string[] = []
  if (forwarded !== 'forwarded') {
    lines.push(
      `X-Forwarded-For: ${socketAddress}`,
      'X-Forwarded-Proto: http',
      `X-Forwarded-Port: ${inbound.ends.localPort}`,
    )
  }
  if (forwarded !== 'x-forwarded') lines.push(`Forwarded: for=${forwardedNode(socketAddress)};proto=http`)
  lines.push(`Via: 1.1 ${gateway}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')
}

/** RFC 7239 §6: an IPv6 address in brackets and quotes. */
const forwardedNode = (address: string): string => (address.includes(':') ? `"[${address}]"` : address)

/** An element of Forwarded for what another proxy named; what is no address has no say in its form. */
const forwardedFor = (text: string): string => {
  const address = canonicalAddress(text)
  return `for=${address ? forwardedNode(address) : 'unknown'}`
}

/** A proxy that we trust names its client: the list is walked from the right, past every address that is trusted too. */
function behindProxy(
  inbound: Inbound,
  request: RequestHead,
  socketAddress: string,
  gateway: string,
): KnownClient {
  const { listener } = inbound.port
  const told = [xForwardedChain(request), rfcChain(request)].filter((chain) => chain.length > 0)
  const [first = socketAddress, second = first] = told.map((chain) => walk(chain, listener, socketAddress))
  return {
    // A proxy that writes one field and passes the other on would let a client name itself: they must agree.
    address: first === second ? first : socketAddress,
    socketAddress,
    port: inbound.ends.port,
    trusted: true,
    ours: appendedLines(inbound, request, socketAddress, gateway),
  }
}

/** From the right past every trusted address: the first that is not, or what stands before a hop that is no address. */
function walk(chain: readonly string[], listener: Listener, socketAddress: string): string {
  let address = socketAddress
  for (let i = chain.length - 1; i >= 0; i--) {
    const hop = canonicalAddress(chain[i] as string)
    if (!hop) break
    address = hop
    if (!listener.trusted.has(hop)) break
  }
  return address
}

/** The addresses of X-Forwarded-For, the nearest last; ports, brackets and quotes taken off. */
function xForwardedChain(request: RequestHead): string[] {
  const listed = request.values('x-forwarded-for').join(',')
  return listed === '' ? [] : listed.split(',').map(bareAddress)
}

/** The same of Forwarded (RFC 7239 §5.2). */
function rfcChain(request: RequestHead): string[] {
  const elements = request.values('forwarded').join(',')
  return elements === ''
    ? []
    : [...elements.matchAll(/(?:^|[;,])\s*for\s*=\s*("[^"]*"|[^;,\s]*)/gi)].map((match) =>
        bareAddress(match[1] ?? ''),
      )
}

/** An address, or what stands for none: never a stranger's text in a field of ours. */
const plainAddress = (hop: string): string => canonicalAddress(hop) ?? 'unknown'

function bareAddress(text: string): string {
  const bare = text.trim().replaceAll('"', '')
  if (bare.startsWith('[')) return bare.slice(1, bare.indexOf(']') === -1 ? undefined : bare.indexOf(']'))
  return bare.split(':').length === 2 ? bare.slice(0, bare.indexOf(':')) : bare
}

function appendedLines(
  inbound: Inbound,
  request: RequestHead,
  socketAddress: string,
  gateway: string,
): Buffer {
  const { forwarded } = inbound.port.listener.options
  const lines: string[] = []
  // What came in one of the two ways is said in the other too.
  const before =
    request.values('x-forwarded-for').join(', ') || rfcChain(request).map(plainAddress).join(', ')
  if (forwarded !== 'forwarded') {
    lines.push(`X-Forwarded-For: ${before === '' ? socketAddress : `${before}, ${socketAddress}`}`)
    lines.push(`X-Forwarded-Proto: ${request.get('x-forwarded-proto') ?? 'http'}`)
    lines.push(`X-Forwarded-Port: ${request.get('x-forwarded-port') ?? inbound.ends.localPort}`)
    const host = request.get('x-forwarded-host')
    if (host !== null) lines.push(`X-Forwarded-Host: ${host}`)
  }
  if (forwarded !== 'x-forwarded') {
    const chain =
      request.values('forwarded').join(', ') || xForwardedChain(request).map(forwardedFor).join(', ')
    const own = `for=${forwardedNode(socketAddress)};proto=http`
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

/** Via names the protocol that the request came by (RFC 9110 §7.6.3). */
const viaHttp10 = (ours: Buffer): Buffer =>
  Buffer.from(ours.latin1Slice().replace(/Via: 1\.1/, 'Via: 1.0'), 'latin1')

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
  lines.ours = request.version === 11 ? client.ours : viaHttp10(client.ours)
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
