// A gateway of this process with caches, between clients and one server that does what a test says, on a
// clock that stands until the test moves it. Hosts name the rule: NAME.test.
import { expect } from 'bun:test'
import { CacheStore } from '../../server/cache/store.ts'
import type { RawClient, WireAnswer } from './client.ts'
import { startEngine, type TestEngine, toServers } from './engine.ts'
import { type Origin, type Script, startOrigin } from './origin.ts'

const rule = (name: string, cache: object): object => ({
  name,
  match: { host: `${name}.test` },
  middleware: [{ cache }],
  backend: 'origin',
})

export class CachePlace implements AsyncDisposable {
  nowMs = Date.UTC(2026, 10, 30)
  readonly store = new CacheStore(4_000_000, () => this.nowMs)
  /** What the server does. */
  script: Script = (_, reply) => reply.send(200, 'x')
  readonly origin: Origin = startOrigin((request, reply) => this.script(request, reply))
  readonly gateway: TestEngine = startEngine({
    ground: { cache: this.store },
    config: {
      ...toServers([this.origin.url]),
      rules: [
        rule('plain', {}),
        rule('strip', { set_cookie: 'strip' }),
        rule('small', { max_size: 1024, default_ttl: '1h' }),
        { ...rule('rewritten', {}), rewrite: { strip_prefix: '/a', host: 'inner.test' } },
        rule('alone', { collapse: '0s', status_header: false, request_directives: 'ignore' }),
        {
          name: 'changing',
          match: { host: 'changing.test' },
          middleware: [{ cache: {} }, { headers: { request: { set: { 'X-Added': 'yes' } } } }],
          backend: 'origin',
        },
        {
          name: 'pressed',
          match: { host: 'pressed.test' },
          middleware: [{ compress: { min_size: '1' } }, { cache: {} }],
          backend: 'origin',
        },
        {
          name: 'after',
          match: { host: 'after.test' },
          middleware: [
            { headers: { response: { add: { 'X-Out': '1' } } } },
            { cache: {} },
            { headers: { response: { set: { 'X-In': '1', 'Cache-Control': 'max-age=60' } } } },
          ],
          backend: 'origin',
        },
      ],
    },
  })

  /** Requests that the server has had. */
  get asked(): number {
    return this.origin.requests.length
  }

  /** Answers with the target, the number of the request, and these fields. */
  counted(...fields: string[]): Script {
    return (request, reply) => reply.send(200, `${request.target} ${this.asked}`, fields)
  }

  ask(host: string, path: string, ...fields: string[]): string {
    return [`GET ${path} HTTP/1.1`, `Host: ${host}.test`, ...fields, '', ''].join('\r\n')
  }

  get(client: RawClient, host: string, path: string, ...fields: string[]): Promise<WireAnswer> {
    client.send(this.ask(host, path, ...fields))
    return client.readAnswer()
  }

  /** Begins anew. */
  forget(): void {
    this.store.purge({ is: 'all' })
    this.origin.forget()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.settled()
    expect(this.store.flights.size).toBe(0)
    await this.gateway[Symbol.asyncDispose]()
    await this.origin[Symbol.asyncDispose]()
  }
}
