// What servers that take the PROXY protocol are told of the client of a request.
import { OnBehalf } from '../lib/on-behalf.ts'
import { type ProxyVersion, proxyHeaderOut } from '../lib/proxy-header-out.ts'
import type { ClientConnection } from './ends.ts'
import type { KnownClient } from './exchange.ts'

/** The client that a trusted proxy names may be another one with each request. */
export function onBehalfOf(
  connection: ClientConnection,
  client: KnownClient,
  version: ProxyVersion,
): OnBehalf {
  const { told } = connection
  if (told !== null && told.client === client && told.version === version) return told.onBehalf
  const header = headerOf(connection, client, version)
  const isSame = told?.onBehalf.header.equals(header) === true
  if (!isSame) told?.onBehalf.over()
  const onBehalf = isSame ? told.onBehalf : new OnBehalf(header)
  connection.told = { client, version, onBehalf }
  return onBehalf
}

/** What a connection to a server begins with on behalf of this client. */
export function headerOf(
  { from }: Pick<ClientConnection, 'from'>,
  client: KnownClient,
  version: ProxyVersion,
): Buffer {
  const { address, port, trusted, scheme } = client
  const { localAddress, localPort, tls } = from
  return proxyHeaderOut(version, {
    clientHost: address ?? undefined,
    // A proxy's own says nothing of its client.
    clientPort: trusted && address !== from.address ? 0 : port,
    localHost: localAddress,
    localPort,
    isTls: scheme === 'https',
    ...(tls !== null && !trusted && { tlsVersion: tls.version, serverName: tls.serverName }),
  })
}
