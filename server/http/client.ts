// Who the client is, and which scheme, host and port it asked for. What a request says of that is believed
// only where the other end of the socket is a trusted proxy, and only in the one field that the listener
// names: proxies write one of them and pass the others on as a client sends them. What is not believed is
// hidden from rules and steps, and does not go on.
import type { Accepted } from '../accept/entry.ts'
import { type Authority, portOf } from '../head/authority.ts'
import {
  type Hop,
  NOBODY,
  hopOfRealIp,
  hopsOfForwarded,
  hopsOfList,
  knownHost,
  knownProto,
} from '../head/hops.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { FORWARDED_FIELDS, bitOf } from '../head/write.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { BY_UNIX } from '../lib/ranges.ts'
import { clientsOf } from '../tls/listener-tls.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import { certificateLines, type Judged, judgeClient } from './client-certificate.ts'
import type { ClientConnection } from './ends.ts'
import type { KnownClient } from './exchange.ts'
import { linesFor, linesForDirect } from './forwarded-lines.ts'
import type { HttpListenerConfig } from './listener.options.ts'

/**
 * The client of a connection: made once for each host it asks for in a row, unless a trusted proxy speaks for
 * many clients.
 */
export function clientOf(connection: ClientConnection, request: RequestHead, gateway: string): KnownClient {
  const { listener } = connection
  const known = connection.known?.listener === listener ? connection.known : null
  if (known === null) {
    const peer = canonical(connection.from.address)
    if (peer !== null && listener.trusted.has(peer)) return behindProxy(connection, request, peer, gateway)
  }
  request.fields.hidden |= UNBELIEVED
  if (known !== null && known.authority === request.authority && isStill(known, connection)) return known
  const made = directClient(connection, request, gateway)
  connection.known = made
  return made
}

/**
 * A link-local address without its zone, so that ranges know it; of a Unix socket that it is one. Null when
 * the socket was gone before it was read.
 */
function canonical(address: string): string | null {
  if (address === BY_UNIX) return BY_UNIX
  const zone = address.indexOf('%')
  return canonicalAddress(zone < 0 ? address : address.slice(0, zone))
}

/** Of one whose certificate is looked at: what came of that. */
const isStill = ({ certificate, authority }: KnownClient, connection: ClientConnection): boolean =>
  certificate === null || judgedFor(connection, authority)?.verdict === certificate

function judgedFor(connection: ClientConnection, { host }: Authority): Judged | null {
  const clients = clientsOf(connection.listener)
  return clients === null ? null : judgeClient(connection, host, clients)
}

function withCertificate(lines: Buffer, listener: Listener, judged: Judged | null): Buffer {
  const clients = clientsOf(listener)
  if (clients === null || judged === null || judged.verdict === null) return lines
  return Buffer.concat([lines, certificateLines(judged, clients.words)])
}

function directClient(connection: ClientConnection, request: RequestHead, gateway: string): KnownClient {
  const { listener, from } = connection
  const { authority } = request
  const { scheme } = from
  const peer = canonical(from.address)
  const judged = judgedFor(connection, authority)
  const told = { hops: [], peer, scheme, proto: scheme, host: authority, port: portAsked(from, authority) }
  return {
    listener,
    address: peer,
    socketAddress: socketAddressOf(from),
    port: from.port,
    trusted: false,
    scheme,
    authority,
    certificate: judged === null ? null : judged.verdict,
    whose: judged?.shown?.whose ?? null,
    tls: from.tls,
    ours: withCertificate(linesForDirect(told, listener.options.forwarded, gateway), listener, judged),
  }
}

const socketAddressOf = ({ socketAddress }: Accepted): string => canonical(socketAddress) ?? ''

/** Where a PROXY header says that the client came in, else what its Host says. */
const portAsked = (from: Accepted, host: Authority): number =>
  // Only then: a socket asks the kernel.
  from.isNamed && from.localPort > 0 ? from.localPort : portFor(host, from.scheme)

type Believed = Exclude<HttpListenerConfig['client_from'], 'proxy_protocol' | undefined>

/** A PROXY header alone is believed where no proxy is trusted beside it: then no field is looked for. */
const fieldOf = ({ client_from: from }: HttpListenerConfig): Believed =>
  from === undefined || from === 'proxy_protocol' ? 'x_forwarded_for' : from

/** All that a request may say of those before us. */
const EVERY_WORD = FORWARDED_FIELDS | bitOf(KNOWN.xForwardedOther) | bitOf(KNOWN.disguised)
const BY_CERTIFICATE = bitOf(KNOWN.clientCert)
/** What is hidden of a request whose client is no trusted proxy. */
export const UNBELIEVED = EVERY_WORD | BY_CERTIFICATE
const BY_XFF = bitOf(KNOWN.xForwardedFor)
const BY_REAL_IP = bitOf(KNOWN.xRealIp)
const BY_FORWARDED = bitOf(KNOWN.forwarded)
const DISGUISED = bitOf(KNOWN.disguised)

/**
 * What stays unseen of a trusted proxy. Forwarded tells scheme and host itself; the other two fields leave
 * that to X-Forwarded-*.
 */
const HIDDEN: Readonly<Record<Believed, number>> = {
  x_forwarded_for: BY_REAL_IP | BY_FORWARDED | DISGUISED,
  x_real_ip: BY_XFF | BY_FORWARDED | DISGUISED,
  forwarded: EVERY_WORD & ~BY_FORWARDED,
}

const HOPS: Readonly<Record<Believed, (request: RequestHead) => Hop[]>> = {
  x_forwarded_for: (request) => hopsOfList(request.values('x-forwarded-for')),
  x_real_ip: (request) => hopOfRealIp(request.values('x-real-ip')),
  forwarded: (request) => hopsOfForwarded(request.values('forwarded')),
}

/**
 * A proxy that we trust names its client: the list is walked from the right, past every address that is
 * trusted too.
 */
function behindProxy(
  connection: ClientConnection,
  request: RequestHead,
  peer: string,
  gateway: string,
): KnownClient {
  const { listener, from } = connection
  const judged = judgedFor(connection, request.authority)
  const { forwarded } = listener.options
  const believed = fieldOf(listener.options)
  // What it says of its client's certificate, where it ended the TLS.
  request.fields.hidden |= HIDDEN[believed] | (clientsOf(listener) === null ? 0 : BY_CERTIFICATE)
  const hops = HOPS[believed](request)
  // 1. Without the field it is a request of the proxy's own; unless other words show that it forwards: then
  //   of nobody we know.
  // What was refused before its end says too little in any case.
  if (!request.isWhole || (hops.length === 0 && isForwarded(request))) hops.splice(0, hops.length, NOBODY)
  // 2. The client is where the trusted ones end.
  const at = clientAt(hops, listener)
  const tellsApart = believed !== 'forwarded'
  const client = tellsApart && at >= 0 ? { ...(hops[at] as Hop), ...apart(request) } : (hops[at] ?? null)
  if (client !== null) hops[at] = client
  // 3. What it asked for, as far as that is told.
  const proto = client?.proto ?? from.scheme
  const host = client?.host ?? request.authority
  const port = (tellsApart ? portApart(request) : null) ?? portFor(host, proto)
  const lines = linesFor({ hops, peer, scheme: from.scheme, proto, host, port }, forwarded, gateway)
  return {
    listener,
    address: client === null ? peer : client.address,
    socketAddress: socketAddressOf(from),
    port: from.port,
    trusted: true,
    scheme: isSecure(proto) ? 'https' : 'http',
    authority: request.authority,
    certificate: judged === null ? null : judged.verdict,
    whose: judged?.shown?.whose ?? null,
    tls: from.tls,
    ours: withCertificate(lines, listener, judged),
  }
}

/**
 * Place of the client: the first hop from the right that is not trusted, or cannot be read; the last when all
 * are trusted; -1 without hops.
 */
function clientAt(hops: readonly Hop[], listener: Listener): number {
  for (let i = hops.length - 1; i > 0; i--) {
    const { address } = hops[i] as Hop
    if (address === null || !listener.trusted.has(address)) return i
  }
  return hops.length > 0 ? 0 : -1
}

/**
 * Scheme and host in fields of their own. One that is not to be read, or comes with two values, is hidden as
 * well.
 */
function apart(request: RequestHead): Pick<Hop, 'proto' | 'host'> {
  return {
    proto: single(request, 'x-forwarded-proto', KNOWN.xForwardedProto, knownProto),
    host: single(request, 'x-forwarded-host', KNOWN.xForwardedHost, knownHost),
  }
}

const portApart = (request: RequestHead): number | null =>
  single(request, 'x-forwarded-port', KNOWN.xForwardedPort, knownPort)

function single<T>(request: RequestHead, name: string, id: number, read: (text: string) => T | null) {
  if (!request.fields.has(id)) return null
  const [first = '', ...others] = request.values(name)
  const value = others.every((other) => other === first) ? read(first) : null
  if (value === null) request.fields.hidden |= bitOf(id)
  return value
}

function knownPort(text: string): number | null {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  return port > 0 && port <= 65535 ? port : null
}

const isSecure = (proto: string): boolean => proto === 'https' || proto === 'wss'

/** The port of a host, else of its scheme. */
const portFor = (host: Authority, proto: string): number => portOf(host) || (isSecure(proto) ? 443 : 80)

/** Whether a request says that somebody passed it on, in whatever words, believed or not. */
export function isForwarded({ fields }: RequestHead): boolean {
  if ((fields.seen & (EVERY_WORD | bitOf(KNOWN.via))) !== 0) return true
  for (let f = 0; f < fields.count; f++) if (OTHER_WORDS.has(fields.name(f).toLowerCase())) return true
  return false
}

/** Of content networks and tunnels. */
const OTHER_WORDS = new Set([
  'cdn-loop',
  'cf-connecting-ip',
  'client-ip',
  'fastly-client-ip',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-original-forwarded-for',
])
