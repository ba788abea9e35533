// The request that is asked about: written as a client would send it, and read by the parser that serves.
import type { AskedTls } from './asked-tls.ts'
import type { Claims } from '../../rules/claims.ts'
import { RequestHead, type HeadFault, type HeadLimits } from '../../head/request-head.ts'

/** What is asked about. */
export interface AskedRequest {
  readonly method: string
  /** With scheme and host, or a host and a path, or a path alone. */
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Whose request it is; null: of this machine. */
  readonly client: string | null
  /** Where it comes in; null: where its URL leads. */
  readonly listener: string | null
  /** What the client speaks, to a proxy that the listener trusts; left out: what the listener does. */
  readonly scheme?: 'http' | 'https' | undefined
  /** Of a connection whose TLS ends at the listener. */
  readonly tls?: AskedTls | undefined
  /** What good tokens say that come with it, by who has issued them (auth.jwt); left out: there are none. */
  readonly claims?: Readonly<Record<string, Claims>> | undefined
  /** When it comes, in ms since 1970; left out: now. */
  readonly atMs?: number | undefined
}

export interface UrlParts {
  readonly scheme: 'http' | 'https'
  /** Host and port as written; '' for a path alone. */
  readonly authority: string
  /** The port that clients connect to. */
  readonly port: number
  /** It is written, and not that of the scheme. */
  readonly hasPort: boolean
  /** Path and query: dot segments and escapes stay as they are, as those may matter. */
  readonly target: string
}

const URL_PARTS = /^(?:(https?):\/\/)?([^/?#]*)([^#]*)/i
const PORT_OF = { http: 80, https: 443 } as const

export function urlParts(url: string): UrlParts {
  const [, word = 'http', authority = '', rest = ''] = URL_PARTS.exec(url) ?? []
  const scheme = word.toLowerCase() === 'https' ? 'https' : 'http'
  const written = /:([0-9]{1,5})$/.exec(authority)?.[1]
  const port = Number(written ?? PORT_OF[scheme])
  const target = rest.startsWith('/') ? rest : `/${rest}`
  // Programs that send URLs escape what is not ASCII, and spaces.
  const hasPort = written !== undefined
  return {
    scheme,
    authority,
    port,
    hasPort,
    target: target.toWellFormed().replace(/[^!-~]+/gu, encodeURIComponent),
  }
}

/** Read; or why it is refused. A request that could not even be written is malformed as well. */
export function readRequest(
  { method, headers }: Pick<AskedRequest, 'method' | 'headers'>,
  { authority, target }: UrlParts,
  limits: HeadLimits,
): { readonly request: RequestHead; readonly fault: HeadFault | null } {
  const hasHost = headers.some(([name]) => name.toLowerCase() === 'host')
  const host = authority === '' ? 'localhost' : authority
  const fields = [...(hasHost ? [] : [['Host', host] as const]), ...headers]
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const bytes = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, 'latin1')
  const request = new RequestHead()
  const end = request.scan(bytes, 0, bytes.length, limits)
  if (typeof end === 'string') return { request, fault: end }
  // A line break in a value ends the head too soon, or never.
  return { request, fault: end === bytes.length ? null : 'head_malformed' }
}
