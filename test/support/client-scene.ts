// A gateway with a listener for each field that it may believe of its proxies, and rules that show who it
// takes the client for.
import { expect } from 'bun:test'
import { type RawClient } from './client.ts'
import { type TestEngine, startEngine, toServers } from './engine.ts'
import { type Origin, type OriginRequest, startOrigin } from './origin.ts'

const TRUSTED = ['127.0.0.1', '10.0.0.0/8', '2001:db8:f::/48']
const BY = ['by_web', 'by_xff', 'by_forwarded', 'by_real_ip']
const on = (listener: object) => ({ bind: '127.0.0.1:0', trusted_proxies: TRUSTED, ...listener })

/** Listeners "web" (believes nobody), "xff", "forwarded" and "real_ip". */
export class ClientScene implements AsyncDisposable {
  readonly origin: Origin = startOrigin()
  readonly gateway: TestEngine = startEngine({
    config: {
      ...toServers([this.origin.url]),
      listeners: {
        web: on({ trusted_proxies: [] }),
        xff: on({}),
        forwarded: on({ client_from: 'forwarded' }),
        real_ip: on({ client_from: 'x_real_ip' }),
        // With rules that look at the fields themselves: there, one that comes twice with two values is
        // refused.
        by_web: on({ trusted_proxies: [] }),
        by_xff: on({}),
        by_forwarded: on({ client_from: 'forwarded' }),
        by_real_ip: on({ client_from: 'x_real_ip' }),
      },
      rules: [
        {
          name: 'deny',
          match: { path: '/deny/*' },
          middleware: [{ ip: { deny: ['192.0.2.66', '2001:db8::66', '127.0.0.77'] } }],
          respond: {},
        },
        {
          name: 'allow',
          match: { path: '/allow/*' },
          middleware: [{ ip: { allow: ['127.0.0.1', '127.0.0.78', '10.0.0.0/8', '192.0.2.7'] } }],
          respond: {},
        },
        { name: 'open', match: { path: '/open/*' }, respond: {} },
        { name: 'to_https', match: { path: '/move/*' }, redirect: { to: '{scheme}://{host}/' } },
        {
          name: 'by_proto',
          match: { listener: BY, path: '/by/*', header: { 'X-Forwarded-Proto': 'https' } },
          respond: { status: 201 },
        },
        {
          name: 'by_for',
          match: { listener: BY, path: '/by/*', header: { 'X-Forwarded-For': '*' } },
          respond: { status: 202 },
        },
        {
          name: 'by_forwarded',
          match: { listener: BY, path: '/by/*', header: { Forwarded: '*' } },
          respond: { status: 203 },
        },
        {
          name: 'by_real_ip',
          match: { listener: BY, path: '/by/*', header: { 'X-Real-IP': '*' } },
          respond: { status: 206 },
        },
        {
          name: 'by_user',
          match: { listener: BY, path: '/by/*', header: { 'X-Forwarded-User': '*' } },
          respond: { status: 207 },
        },
        { name: 'by_nothing', match: { listener: BY, path: '/by/*' }, respond: { status: 200 } },
        { name: 'all', backend: 'origin' },
      ],
    },
  })

  async ask(listener: string, path: string, fields: readonly string[], client?: RawClient) {
    await using own = client ? null : await this.gateway.client(listener)
    const line = client ?? (own as RawClient)
    line.send(`GET ${path} HTTP/1.1\r\nHost: shop.example\r\n${linesOf(fields)}\r\n`)
    return await line.readAnswer()
  }

  /** What a rule says that looks at the fields themselves. */
  async by(listener: string, fields: readonly string[]): Promise<number> {
    return (await this.ask(`by_${listener}`, '/by/a', fields)).status
  }

  /** What the log says of the client, and what a rule that denies one, allows some, asks nothing answers. */
  async verdict(listener: string, fields: readonly string[]): Promise<Verdict> {
    const statuses: number[] = []
    for (const path of ['/deny/a', '/allow/a', '/open/a'])
      statuses.push((await this.ask(listener, path, fields)).status)
    return [this.gateway.log.at(-1)?.client ?? null, ...statuses]
  }

  /** What the server sees of a request. */
  async seen(listener: string, fields: readonly string[], host = 'shop.example'): Promise<OriginRequest> {
    this.origin.forget()
    await using client = await this.gateway.client(listener)
    client.send(`GET /a HTTP/1.1\r\nHost: ${host}\r\n${linesOf(fields)}\r\n`)
    expect((await client.readAnswer()).status).toBe(200)
    return this.origin.received(1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.settled()
    await this.gateway[Symbol.asyncDispose]()
    await this.origin[Symbol.asyncDispose]()
  }
}

export type Verdict = readonly (string | number | null)[]
/** That of a client whose address is not known. */
export const UNKNOWN_CLIENT: Verdict = [null, 403, 403, 200]

const linesOf = (fields: readonly string[]): string => fields.map((field) => `${field}\r\n`).join('')

const NAMES = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'forwarded',
  'x-real-ip',
]

/** What a server is told of those before it, field by field. */
export const told = (request: OriginRequest): string[] => NAMES.map((name) => request.all(name).join(' | '))
