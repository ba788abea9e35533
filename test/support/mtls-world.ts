// Clients with certificates of many kinds, a gateway whose listeners ask for them in many ways, and servers
// behind it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { Authority, type Issued } from './authority.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { type Origin, startOrigin } from './origin.ts'
import { within } from './wait.ts'

export const folder = mkdtempSync(join(tmpdir(), 'sluice-clients-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
export const root = new Authority('Clients')
export const between = new Authority('Between', root)
export const stranger = new Authority('Strangers')

export const certify = (by: Authority, names: string, more: object = {}): Issued =>
  by.issue({ names, ...more })
export const alice = certify(root, 'DNS:alice.example,URI:spiffe://a.example/ns/prod/alice', {
  more: '/O=Acme',
})
export const bob = certify(root, 'DNS:bob.example')
export const expired = certify(root, 'DNS:old.example', { until: '20210101000000Z' })
export const early = certify(root, 'DNS:early.example', { from: '20980101000000Z' })
export const eve = certify(stranger, 'DNS:alice.example', { more: '/O=Acme' })
export const carol = certify(between, 'DNS:carol.example')
export const withIssuer = { cert: carol.cert + readFileSync(between.file, 'latin1'), key: carol.key }

/** Whose name is that of the issuer. */
export const namesake = root.issue({ names: 'DNS:namesake.example' }, 'Clients')

root.revoke(bob.certFile)
root.revoke(namesake.certFile)

const listener = (client_certificate: object | undefined, more: object = {}): object => ({
  bind: '127.0.0.1:0',
  protocol: 'https',
  certificates: ['site'],
  backend: 'app',
  client_certificate,
  ...more,
})
const ca = 'ca.pem'
const words = (app: string, echo: number): Record<string, unknown> => ({
  certificates: { site: { self_signed: { names: ['a.example', 'b.example', 'c.example', 'd.example'] } } },
  listeners: {
    required: listener({ ca }),
    optional: listener({ mode: 'optional', ca }),
    any: listener({ mode: 'any', headers: 'both' }),
    request: listener({ mode: 1, ca, allow: [{ spki: alice.pin }, { spki: eve.pin }] }),
    revoking: listener({ ca: [ca, 'between.pem'], crl: ['root.crl', 'between.crl'] }),
    stale: listener({ ca, crl: 'stale.crl' }),
    lenient: listener({ ca, crl: 'stale.crl', expired_crl: 'use' }),
    allowed: listener({
      ca: [ca, 'between.pem'],
      allow: [
        { san: 'spiffe://a.example/ns/prod/*', subject: 'O=Acme' },
        { san: '*.nowhere' },
        { spki: bob.pin },
      ],
    }),
    named: listener({
      mode: 'off',
      ca,
      names: {
        'b.example': { mode: 'required' },
        'd.example': { mode: 'required' },
        'c.example': { mode: 'required', ca: 'stranger.pem' },
      },
    }),
    plain: listener(undefined),
    fronted: listener(undefined, { trusted_proxies: ['127.0.0.1'] }),
    behind: listener({ ca }, { trusted_proxies: ['127.0.0.1'] }),
    tcp: {
      bind: '127.0.0.1:0',
      protocol: 'tcp',
      certificates: ['site'],
      backend: 'echo',
      client_certificate: { ca: [ca, 'between.pem'], crl: ['root.crl', 'between.crl'] },
    },
  },
  backends: {
    app: { servers: [{ url: app }] },
    echo: { servers: [{ url: `tcp://127.0.0.1:${echo}` }] },
  },
  logs: { access: { enabled: true, file: 'access.log' } },
})

export interface Visit {
  readonly servername?: string
  readonly session?: Buffer | undefined
  readonly version?: string
}
export type Own = { readonly cert: string; readonly key: string } | null

export class MtlsWorld implements AsyncDisposable {
  readonly gateway: Gateway
  readonly origin: Origin
  readonly #echo: { stop(force: boolean): void }

  private constructor(gateway: Gateway, origin: Origin, echo: { stop(force: boolean): void }) {
    this.gateway = gateway
    this.origin = origin
    this.#echo = echo
  }

  static async start(): Promise<MtlsWorld> {
    const origin = startOrigin((request, reply) => reply.send(200, request.target))
    const echo = Bun.listen<undefined>({
      hostname: '127.0.0.1',
      port: 0,
      socket: { data: (socket, bytes) => void socket.write(bytes) },
    })
    writeFileSync(join(folder, 'ca.pem'), root.text)
    writeFileSync(join(folder, 'between.pem'), between.text)
    writeFileSync(join(folder, 'stranger.pem'), stranger.text)
    writeFileSync(join(folder, 'root.crl'), root.crl())
    writeFileSync(join(folder, 'stale.crl'), root.crl('20210101000000Z'))
    writeFileSync(join(folder, 'between.crl'), between.crl())
    const gateway = await startGateway({ folder, config: words(origin.url, echo.port) })
    return new MtlsWorld(gateway, origin, echo)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]()
    await this.origin[Symbol.asyncDispose]()
    this.#echo.stop(true)
  }

  dial(name: string, own: Own, more: Visit = {}): Promise<TLSSocket> {
    return dialTo(this.gateway.port(name), own, more)
  }

  /** A request on a connection of its own. */
  async visit(name: string, own: Own, more: Visit & { readonly host?: string } = {}): Promise<string> {
    const socket = await this.dial(name, own, more)
    try {
      return await ask(socket, more.host ?? more.servername)
    } finally {
      socket.destroy()
    }
  }

  /** The lines of the access log. */
  get lines(): Record<string, unknown>[] {
    return readFileSync(join(folder, 'access.log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}

/** The answer to a request; its status and fault. */
export async function ask(socket: TLSSocket, host = 'a.example', more = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const take = (bytes: Buffer): void => {
    text += bytes.toString('latin1')
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN)
    if (text.length - text.indexOf('\r\n\r\n') - 4 >= length) resolve(text)
  }
  socket.on('data', take)
  socket.on('close', () => reject(new Error(`closed behind ${JSON.stringify(text)}`)))
  socket.write(`GET /asked HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`)
  const answer = await within(promise, 'an answer')
  socket.off('data', take)
  const fault = /details="([a-z_]+)"/.exec(answer)?.[1]
  return `${answer.slice(9, 12)}${fault === undefined ? '' : ` ${fault}`}`
}

/** A connection whose handshake is done. */
export function dialTo(
  port: number,
  own: Own,
  { servername = 'a.example', session, version }: Visit = {},
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const socket = connect(
    {
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      servername,
      ...(session && { session }),
      ...(version && { minVersion: version, maxVersion: version }),
      ...(own && { cert: own.cert, key: own.key }),
    } as never,
    () => resolve(socket),
  )
  socket.on('error', reject)
  return within(promise, 'a handshake')
}
