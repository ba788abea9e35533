// One way to ask a gateway: by its Unix socket, or by a URL with a token and what its certificate is to be.
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { connect } from 'node:tls'

/**
 * Where a gateway may be asked. `isFound`: nobody has named it, and its certificate may be of its own making;
 * nothing is told there but what it is asked.
 */
export type Way =
  | { readonly unix: string }
  | { readonly url: string; readonly access?: Access; readonly isFound?: true }

/** A request of a command. */
interface Sent {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

interface AccessOptions {
  /** `slt_…` or a JWT; null: none is sent. */
  readonly token: string | null
  /** PEM of who may have signed the certificate, or of itself; null: those that are trusted here. */
  readonly ca: string | null
  /** SHA-256 of the certificate, 64 hexadecimal digits; null: it is trusted by who signed it. */
  readonly fingerprint: string | null
}

/** How an admin listener elsewhere is asked. */
export class Access {
  readonly #options: AccessOptions
  #pinned: Promise<string> | null = null

  constructor(options: AccessOptions) {
    this.#options = options
  }

  get headers(): Readonly<Record<string, string>> {
    const { token } = this.#options
    return token === null ? {} : { Authorization: `Bearer ${token}` }
  }

  /** What fetch is to know of its certificate. Throws NotTrusted before anything is sent. */
  async tlsFor(url: string): Promise<object> {
    const { ca, fingerprint } = this.#options
    if (!url.startsWith('https:')) return {}
    if (fingerprint === null) return ca === null ? {} : { tls: { ca } }
    // fetch shows no certificate before it sends its request: it is looked at by a connection of its own, and
    // is then the only one that is good.
    this.#pinned ??= certificateAt(url, fingerprint)
    const pem = await this.#pinned
    return { tls: { ca: pem, allowPartialTrustChain: true, checkServerIdentity: () => undefined } }
  }
}

/** The certificate there is not the one that was named. */
export class NotTrusted extends Error {}

const LOOK_MS = 5000

/** As PEM. */
async function certificateAt(url: string, fingerprint: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const socket = connect(
    {
      ...{ host, port: Number(port || 443), rejectUnauthorized: false },
      ...(isIP(host) === 0 && { servername: host }),
    },
    () => resolve(socket.getPeerCertificate(true).raw),
  )
  const timer = setTimeout(() => reject(new DOMException('', 'TimeoutError')), LOOK_MS)
  socket.on('error', reject)
  socket.on('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  try {
    const der = await promise
    const found = createHash('sha256').update(der).digest('hex')
    if (found !== fingerprint) throw new NotTrusted(`its certificate has the SHA-256 ${colons(found)}`)
    const lines = der.toString('base64').replace(/.{64}/g, '$&\n')
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

const colons = (hex: string): string => hex.toUpperCase().replace(/..(?=.)/g, '$&:')

/** The head of the answer has come; `signal` ends its body, too. */
export async function openWay(way: Way, asked: Sent, signal: AbortSignal): Promise<Response> {
  const { method, path, headers = {}, body } = asked
  const access = 'url' in way ? way.access : undefined
  return fetch(`${'url' in way ? way.url : 'http://localhost'}${path}`, {
    method,
    headers: { Accept: 'application/json', ...access?.headers, ...headers },
    ...(body !== undefined && { body: Buffer.from(body) }),
    redirect: 'manual',
    signal,
    ...('unix' in way && { unix: way.unix }),
    ...('url' in way && way.isFound === true && { tls: { rejectUnauthorized: false } }),
    ...('url' in way && (await access?.tlsFor(way.url))),
    // Not by way of HTTP_PROXY, which leads away from this machine. The types of Bun do not know it.
    ...({ proxy: false } as object),
  })
}

/** For people. */
export const placeOf = (way: Way): string => ('url' in way ? way.url : way.unix)

export const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'

/** The system's or Bun's own word; empty: it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Why nothing was answered, behind the name of the place. */
export function whyNot(error: unknown, way: Way, timeoutMs: number): string {
  if (isTimeout(error)) return `did not answer within ${timeoutMs / 1000} s`
  if (error instanceof NotTrusted)
    return `is not the one of --fingerprint: ${error.message}; nothing was asked of it`
  const code = codeOf(error)
  if (code === 'ENOTFOUND' || code === 'DNSException') return 'could not be asked: its name has no address'
  if (code === 'ECONNRESET' || code === 'ConnectionClosed')
    return `closed the connection instead of answering${'url' in way && way.url.startsWith('http:') ? '; is it https?' : ''}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `has a certificate for another name; ${PIN_HINT}`
  if (NOT_SIGNED.test(code)) return `has a certificate that is not trusted here; ${PIN_HINT}`
  return `could not be asked: ${error instanceof Error ? error.message : String(error)}`
}

const NOT_SIGNED = /SELF_SIGNED|UNABLE_TO_|^CERT_/
const PIN_HINT =
  'name it by --fingerprint SHA256 (admin_fingerprint in the event "serving"), or who signed it by --ca FILE'
