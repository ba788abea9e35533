// The URLs of servers: what their schemes say, and where they lead.

/** What a backend's servers speak, all of them: listeners lead to backends of their own family only. */
export type Family = 'http' | 'tcp' | 'udp'

/** What a check of a server does. */
export type CheckType = 'http' | 'tcp' | 'udp'

interface SchemeRow {
  readonly family: Family
  /** Where none is written; null: one must be. */
  readonly port: number | null
  /** How such a server is checked where nothing is said. */
  readonly check: CheckType
  /** It is spoken to by TLS. */
  readonly isTls?: true
}

/** A scheme that is added is a row here. */
export const SCHEMES: Readonly<Record<string, SchemeRow>> = {
  http: { family: 'http', port: 80, check: 'http' },
  https: { family: 'http', port: 443, check: 'http', isTls: true },
  tcp: { family: 'tcp', port: null, check: 'tcp' },
  tls: { family: 'tcp', port: null, check: 'tcp', isTls: true },
  udp: { family: 'udp', port: null, check: 'udp' },
}

/** The row of a URL's scheme; undefined: it has none that is known. */
export const schemeOf = (url: string): SchemeRow | undefined => {
  const scheme = url.slice(0, Math.max(0, url.indexOf(':')))
  return Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
}

/** Whether a server is called by its URL, as it is written or without its scheme. */
export const isCalledByUrl = (url: string, word: string): boolean =>
  url === word || url.replace(/^[a-z+]+:\/\//i, '') === word

/** The family of servers, which share one; http where none is known. */
export const familyOf = ([first]: readonly { readonly url: string }[]): Family =>
  (first && schemeOf(first.url)?.family) ?? 'http'

/** How servers are checked: as is said, or as their scheme says. */
export const checkTypeOf = (
  { type }: { readonly type?: CheckType },
  [first]: readonly { readonly url: string }[],
): CheckType => type ?? (first && schemeOf(first.url)?.check) ?? 'http'

/** The path of a Unix socket in place of a host, which it has no port behind. */
const UNIX_SHAPE = /^[a-z]+:\/\/unix:(\/.+)$/

/** Whether a server's host is the path of a Unix socket. */
export const isUnixPath = (host: string): boolean => host.startsWith('/')

/** What stands in Host for a server that has no name, as with nginx. */
const NAMELESS = 'localhost'

const URL_SHAPE = /^[a-z]+:\/\/(\[[^\]/]+\]|[^:/[\]]+)(?::([0-9]{1,5}))?\/?$/

export interface ServerAddress {
  /** A name or an address without brackets, or the path of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly authority: string
}

/** The path of a Unix socket in a server's URL; null: it leads elsewhere, or cannot be read. */
export function unixServerPath(url: string): string | null {
  return schemeOf(url) === undefined ? null : (UNIX_SHAPE.exec(url)?.[1] ?? null)
}

/**
 * Reads `scheme://host[:port]` and `scheme://unix:/path`; throws on anything else, which the check of the
 * config has refused before.
 */
export function parseServerUrl(url: string): ServerAddress {
  const path = unixServerPath(url)
  if (path !== null) return { host: path, port: 0, authority: NAMELESS }
  const match = URL_SHAPE.exec(url)
  const [, host = '', digits] = match ?? []
  const own = schemeOf(url)?.port
  const port = digits === undefined ? own : Number(digits)
  if (match === null || own === undefined || typeof port !== 'number' || port < 1 || port > 65_535)
    throw new TypeError(`"${url}" is not the URL of a server`)
  return {
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port,
    authority: port === own ? host : `${host}:${port}`,
  }
}
