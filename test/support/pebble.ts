// pebble, the small CA of those who run Let's Encrypt, on loopback: it speaks ACME strictly, refuses good
// nonces now and then, and looks at challenges for real. Its DNS is pebble-challtestsrv. Before it stands a
// front that counts what is asked, and may answer in its place: pebble itself knows no rate limits and no
// renewal information.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testCertificate } from './certificate.ts'
import { freePort } from './kernel.ts'
import { killAll } from './processes.ts'
import { programPath } from './needs.ts'
import { waitFor } from './wait.ts'

export interface PebbleOptions {
  /** Good nonces that are refused, in percent. */
  readonly nonceReject?: number
  /** Which external accounts it binds to; left out: it wants none. */
  readonly eab?: Readonly<Record<string, string>>
  /** How long its certificates are good. */
  readonly validitySeconds?: number
  /** Where it looks at challenges; left out: free ports. */
  readonly httpPort?: number
  readonly tlsPort?: number
}

/** An answer in place of pebble's; null: it answers by itself. */
export type InItsPlace = (path: string, method: string) => Response | null

export class Pebble implements AsyncDisposable {
  /** URL of its directory, for clients that trust `ca`. */
  readonly directory: string
  /** File of the certificate that its own connections have. */
  readonly ca: string
  readonly httpPort: number
  readonly tlsPort: number
  /** Address of its DNS, for other lookups; what it knows is told to `dns`. */
  readonly dns: string
  /** Paths that were asked by POST, by the words that pebble has for them; not those with a refused nonce. */
  readonly asked: string[] = []
  /** What was ordered. */
  readonly ordered: object[] = []
  /** Fields that its directory has beside its own. */
  readonly extra: Record<string, unknown> = {}
  inItsPlace: InItsPlace = () => null
  readonly #front: Bun.Server<undefined>
  readonly #children: readonly Bun.Subprocess[]
  readonly #folder: string

  constructor(parts: {
    readonly origin: string
    readonly httpPort: number
    readonly tlsPort: number
    readonly dns: string
    readonly children: readonly Bun.Subprocess[]
    readonly folder: string
  }) {
    const { cert, key } = testCertificate()
    this.ca = cert
    this.httpPort = parts.httpPort
    this.tlsPort = parts.tlsPort
    this.dns = parts.dns
    this.#children = parts.children
    this.#folder = parts.folder
    this.#front = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
      fetch: (request) => this.#pass(request, parts.origin),
    })
    this.directory = `https://127.0.0.1:${this.#front.port}/dir`
  }

  /** How often something was asked for, by the word in its path: "order-plz", "nonce-plz", ... */
  times(word: string): number {
    return this.asked.filter((path) => path.includes(word)).length
  }

  /** Sets a TXT record, or clears it. */
  async setTxt(record: string, value: string | null): Promise<void> {
    await tellDns(this.dns, value === null ? 'clear-txt' : 'set-txt', { host: `${record}.`, value })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#front.stop(true)
    killAll(this.#children.map(({ pid }) => pid))
    for (const child of this.#children) await child.exited
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #pass(request: Request, origin: string): Promise<Response> {
    const { pathname, host } = new URL(request.url)
    const own = this.inItsPlace(pathname, request.method)
    if (own !== null) {
      this.asked.push(pathname)
      return own
    }
    const asked = await request.text()
    const answer = await fetch(`${origin}${pathname}`, {
      method: request.method,
      headers: { host, 'content-type': request.headers.get('content-type') ?? '' },
      ...(request.method === 'POST' && { body: asked }),
      tls: { rejectUnauthorized: false },
    })
    const body = await answer.arrayBuffer()
    const { status, headers } = answer
    const isBadNonce = status === 400 && Buffer.from(body).includes(':badNonce')
    if (request.method === 'POST' && !isBadNonce) this.asked.push(pathname)
    if (pathname === '/order-plz' && !isBadNonce) this.ordered.push(payloadOf(asked))
    headers.delete('content-length')
    if (pathname !== '/dir') return new Response(request.method === 'HEAD' ? null : body, { status, headers })
    const words = JSON.parse(new TextDecoder().decode(body)) as object
    return Response.json({ ...words, ...this.extra })
  }
}

/** What stands in a signed request. */
function payloadOf(text: string): object {
  const { payload } = JSON.parse(text) as { payload: string }
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
}

/** Starts it and waits until it answers. */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pebble-'))
  const [port, management, dnsPort, dnsManagement] = [freePort(), freePort(), freePort(), freePort()]
  const { httpPort = freePort(), tlsPort = freePort() } = options
  writeFileSync(join(folder, 'pebble.json'), configOf(options, { port, management, httpPort, tlsPort }))
  const log = openSync(join(folder, 'log'), 'a')
  const run = (command: readonly string[], env: Record<string, string> = {}): Bun.Subprocess =>
    Bun.spawn([programPath(command[0] ?? '') ?? '', ...command.slice(1)], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdin: 'ignore',
      stdout: log,
      stderr: log,
    })
  const dns = `127.0.0.1:${dnsManagement}`
  const children = [
    run([
      ...['pebble-challtestsrv', '-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''],
      ...['-dns01', `127.0.0.1:${dnsPort}`, '-management', dns],
    ]),
    run(['pebble', '-config', 'pebble.json', '-dnsserver', `127.0.0.1:${dnsPort}`], {
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_AUTHZREUSE: '0',
      PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 0),
    }),
  ]
  closeSync(log)
  const origin = `https://127.0.0.1:${port}`
  const pebble = new Pebble({ origin, httpPort, tlsPort, dns, children, folder })
  try {
    await waitFor(() => answers(`${origin}/dir`), { what: 'pebble to answer' })
    await waitFor(() => answers(`http://${dns}/`), { what: 'its DNS to answer' })
    return pebble
  } catch (problem) {
    await pebble[Symbol.asyncDispose]()
    throw problem
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { tls: { rejectUnauthorized: false } })
    return true
  } catch {
    return false
  }
}

async function tellDns(address: string, what: string, words: object): Promise<void> {
  await fetch(`http://${address}/${what}`, { method: 'POST', body: JSON.stringify(words) })
}

function configOf(
  { eab, validitySeconds }: PebbleOptions,
  ports: Readonly<Record<'port' | 'management' | 'httpPort' | 'tlsPort', number>>,
): string {
  const { cert, key } = testCertificate()
  return JSON.stringify({
    pebble: {
      listenAddress: `127.0.0.1:${ports.port}`,
      managementListenAddress: `127.0.0.1:${ports.management}`,
      certificate: cert,
      privateKey: key,
      httpPort: ports.httpPort,
      tlsPort: ports.tlsPort,
      ocspResponderURL: '',
      externalAccountBindingRequired: eab !== undefined,
      ...(eab !== undefined && { externalAccountMACKeys: eab }),
      ...(validitySeconds !== undefined && { certificateValidityPeriod: validitySeconds }),
    },
  })
}
