// What a URL stands for, explained: a request of HTTP; a connection or datagrams (tcp://, udp://, tls://); or
// a request whose connection comes to a listener that passes connections on.
import { isIP } from 'node:net'
import type { Steps } from '../../lib/slices.ts'
import { type AskedRequest, urlParts } from './asked-request.ts'
import { type AskedConnection, explainConnection, type ExplainedConnection } from './explain-connection.ts'
import { explain } from './explain.ts'
import type { Explained, Ground } from './explained.ts'
import { findEntrance } from './find-entrance.ts'
import { withoutSecrets } from './told-heads.ts'

/** What is asked about, with what its TLS says. */
export interface AskedAny extends AskedRequest {
  /** The name that is asked for (SNI); left out: the host of the URL, where that is a name. */
  readonly serverName?: string | null
  /** Protocols that are offered (ALPN). */
  readonly alpn?: readonly string[]
}

export type ExplainedAny =
  /** `connection`: it came by a listener that passes it on. */
  | ({ readonly kind: 'request'; readonly connection?: ExplainedConnection } & Explained)
  | ({ readonly kind: 'connection' } & ExplainedConnection)

type Or<T> = T | { readonly problem: string }

/** Explains it; `problem`: why that cannot be. */
export function* explainAny(
  asked: AskedAny,
  ground: Ground,
  candidatesMax?: number,
): Steps<Or<ExplainedAny>> {
  const given = connectionOf(asked, ground)
  if (given === null) return ofRequest(yield* explain(asked, ground, candidatesMax), asked, ground)
  if ('problem' in given) return given
  const connection = explainConnection(given, ground)
  if ('problem' in connection) return connection
  const { handed_to: listener, outcome } = connection
  if (outcome !== 'requests' || listener === null || SCHEME.test(asked.url))
    return { kind: 'connection', ...connection }
  const request = yield* explain({ ...asked, listener }, ground, candidatesMax)
  if ('problem' in request) return request
  const why = `rule ${connection.rule?.name} of listener ${connection.listener.name} leads to it`
  return {
    kind: 'request',
    ...withoutSecrets(request, asked, ground.tellsAll),
    listener: { name: listener, why },
    connection,
  }
}

const ofRequest = (told: Or<Explained>, asked: AskedRequest, { tellsAll }: Ground): Or<ExplainedAny> =>
  'problem' in told ? told : { kind: 'request', ...withoutSecrets(told, asked, tellsAll) }

const SCHEME = /^(tcp|udp|tls):\/\//i

/** Null: it is a request of HTTP, and comes in where those do. */
function connectionOf(asked: AskedAny, { config, portsOf }: Ground): Or<AskedConnection> | null {
  const [, scheme] = SCHEME.exec(asked.url) ?? []
  const { listener } = asked
  if (scheme !== undefined) return ofUrl(asked, scheme.toLowerCase())
  const { authority, port, scheme: spoken } = urlParts(asked.url)
  const named =
    listener === null || !Object.hasOwn(config.listeners, listener) ? undefined : config.listeners[listener]
  if (listener !== null && (named === undefined || isHttp(named))) return null
  const host = hostOf(authority)
  const isUdp = named !== undefined && named.protocol === 'udp'
  const connection: AskedConnection = {
    transport: isUdp ? 'udp' : 'tcp',
    ...{ host, port, client: asked.client, listener },
    serverName: asked.serverName ?? (spoken === 'https' ? nameIn(host) : null),
    alpn: asked.alpn ?? (spoken === 'https' ? ['h2', 'http/1.1'] : []),
  }
  if (named !== undefined) return connection
  const found = findEntrance(config, connection, portsOf)
  return 'problem' in found || isHttp(found.options) ? null : connection
}

function ofUrl(
  { url, client, listener, serverName, alpn = [] }: AskedAny,
  scheme: string,
): Or<AskedConnection> {
  const [, authority = ''] = /^[a-z]+:\/\/([^/?#]*)/i.exec(url) ?? []
  const port = Number(/:([0-9]{1,5})$/.exec(authority)?.[1] ?? 0)
  if (port === 0 && listener === null)
    return {
      problem: `${JSON.stringify(url)} names no port: write ${scheme}://${authority || 'HOST'}:PORT, or a listener`,
    }
  const host = hostOf(authority)
  return {
    transport: scheme === 'udp' ? 'udp' : 'tcp',
    ...{ host, port, client, listener, alpn },
    serverName: serverName ?? (scheme === 'tls' ? nameIn(host) : null),
  }
}

const isHttp = ({ protocol }: { readonly protocol: string }): boolean =>
  protocol === 'http' || protocol === 'https'

const hostOf = (authority: string): string =>
  authority
    .replace(/^.*@/, '')
    .replace(/:[0-9]*$/, '')
    .replace(/^\[(.*)\]$/, '$1')

/** TLS asks for names only (RFC 6066 §3). */
const nameIn = (host: string): string | null => (host === '' || isIP(host) !== 0 ? null : host)
