// The PROXY header that a server is sent before a client's bytes, in version 1 or 2.
import { type ProxyHeader, writeProxyHeader } from './proxy-header.ts'

export type ProxyVersion = 'v1' | 'v2'

/** Whose address is not known (§2.1): the server sees the socket's own ends. */
const UNKNOWN_V1 = Buffer.from('PROXY UNKNOWN\r\n', 'latin1')
/**
 * The same in version 2, and what a connection of our own for a check begins with (a line has no word for
 * that). Not PROXY with the family UNSPEC: receivers may refuse that (§2.2), and HAProxy does.
 */
const LOCAL_V2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
  Buffer.from([0x20, 0x00, 0x00, 0x00]),
])

/** What connections of our own begin with. */
export const ownProxyHeader = (version: ProxyVersion): Buffer => (version === 'v2' ? LOCAL_V2 : UNKNOWN_V1)

export function proxyHeaderOut(version: ProxyVersion, ends: ProxyHeader): Buffer {
  if (version === 'v2') return writeProxyHeader(ends) ?? LOCAL_V2
  return writeLine(ends) ?? UNKNOWN_V1
}

function writeLine({ clientHost, clientPort, localHost, localPort }: ProxyHeader): Buffer | null {
  if (clientHost === undefined || localHost === undefined) return null
  const [client, local] = [plain(clientHost), plain(localHost)]
  if (!IP.test(client) || !IP.test(local)) return null
  const isV6 = client.includes(':') || local.includes(':')
  // Both are of one family: beside an IPv6 one, an IPv4 one is mapped.
  const ends = isV6 ? `TCP6 ${inV6(client)} ${inV6(local)}` : `TCP4 ${client} ${local}`
  return Buffer.from(`PROXY ${ends} ${clientPort} ${localPort}\r\n`, 'latin1')
}

const inV6 = (host: string): string => (host.includes(':') ? host : `::ffff:${host}`)

const IP = /^[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]*$/
/** A link-local address may name its interface behind `%`: that is of this machine only. */
const plain = (host: string): string => host.replace(/%.*$/, '')
