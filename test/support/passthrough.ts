// A gateway in this process with a tls listener, "web", that leads by names to servers which tell theirs, and
// to an https listener that ends TLS; and hellos that ask for what a test wants.
import { certificateText } from '../../server/tls/read-certificate.ts'
import { rawClient } from './client.ts'
import { startEngine, type TestEngine } from './engine.ts'
import { extension, hello, inRecords, names, vector } from './hello.ts'
import { type Origin, startOrigin } from './origin.ts'
import { makePair } from './pki.ts'
import { RawServer } from './raw-server.ts'

const own = makePair(['site.example', '*.site.example'])

/** An entry of a list of names, as names() takes them. */
export const nameEntry = (name: string): Buffer =>
  Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name))])

const alpnOf = (all: readonly string[]): Buffer =>
  extension(16, vector(2, Buffer.concat(all.map((one) => vector(1, Buffer.from(one))))))

/** A hello that asks for this name and offers these protocols. */
export const asking = (name: string | null, ...alpn: string[]): Buffer =>
  inRecords(
    hello({
      extensions: [
        ...(name === null ? [] : [names(nameEntry(name))]),
        ...(alpn.length === 0 ? [] : [alpnOf(alpn)]),
      ],
    }),
  )

/** An alert as it is told in the clear, as latin1. */
export const alert = (what: number): string => Buffer.from([21, 3, 1, 0, 2, 2, what]).toString('latin1')

/** A server that tells its name, and then what it was sent. */
const telling = (name: string): RawServer =>
  new RawServer(async (connection) => {
    connection.send(`${name}:`)
    for (;;) {
      const bytes = await connection.reader.some(1 << 20)
      if (bytes.length === 0) return connection.fin()
      connection.send(bytes)
    }
  })

export class Passthrough implements AsyncDisposable {
  readonly gateway: TestEngine
  readonly a = telling('a')
  readonly b = telling('b')
  readonly #origin: Origin = startOrigin()

  /** `listener`: options of "web"; `site`: of the one that ends TLS; `shop`: a server of that name. */
  constructor(listener: object = {}, { shop, site = {} }: { shop?: string; site?: object } = {}) {
    const lead = (name: string, match: object, to: object): object => ({
      name,
      match: { listener: 'web', ...match },
      ...to,
    })
    this.gateway = startEngine({
      certificates: { own: certificateText([own]) },
      config: {
        certificates: { own: { self_signed: true } },
        listeners: {
          web: { protocol: 'tls', bind: '127.0.0.1:0', ...listener },
          inner: { protocol: 'tcp', certificates: 'own', backend: 'a' },
          site: { protocol: 'https', certificates: 'own', backend: 'pages', ...site },
        },
        rules: [
          lead('h2', { server_name: 'b.example', alpn: 'h2' }, { backend: 'a' }),
          lead('a', { server_name: ['a.example', 'www.example.org'] }, { backend: 'a' }),
          lead(
            'b',
            { server_name: ['*.example.org', 'b.example'], alpn: ['h2', 'http/1.1'] },
            { backend: 'b' },
          ),
          lead('shop', { server_name: 'shop.example' }, { backend: 'shop' }),
          lead('inner', { server_name: 'inner.example' }, { listener: 'inner' }),
          lead('site', { server_name: ['site.example', '*.site.example'] }, { listener: 'site' }),
        ],
        backends: {
          a: { servers: [{ url: this.a.url }] },
          b: { servers: [{ url: this.b.url }] },
          shop: { servers: [{ url: shop ?? this.a.url }] },
          pages: { servers: [{ url: this.#origin.url }] },
        },
      },
    })
  }

  get port(): number {
    return this.gateway.port()
  }

  /** All that is answered to these bytes, until the other side ends. */
  async answerTo(bytes: Uint8Array | string, from?: string): Promise<string> {
    const client = await rawClient(this.port, '127.0.0.1', from)
    const text = await client.send(bytes).readToEnd()
    client.fin()
    await client.closed()
    return text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.settled()
    await this.gateway[Symbol.asyncDispose]()
    await this.#origin[Symbol.asyncDispose]()
    this.a[Symbol.dispose]()
    this.b[Symbol.dispose]()
  }
}
