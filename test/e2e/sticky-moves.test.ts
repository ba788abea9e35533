// A session over four workers beside all that may take its server from it: a breaker, a hedge, a drain. It
// moves when it has to, once, and its cookie is what it was.
import { afterAll, expect, test } from 'bun:test'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { done, said, words } from '../support/orders.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { pause, waitFor } from '../support/wait.ts'
import { gaugeOf } from '../soak/gauge.ts'

const NAMES = ['a', 'b', 'c'] as const
const ATTRIBUTES = 'Path=/shop; Domain=example.org; HttpOnly; Secure; SameSite=None'
const SLOW_MS = 30

/** Servers by name, each of which may be slow or fail. */
class Server {
  isSlow = false
  status = 200
  readonly origin: Origin

  constructor(name: string) {
    this.origin = startOrigin(async (_request, reply) => {
      if (this.isSlow) await pause(SLOW_MS)
      reply.send(this.status, name)
    })
  }
}

const servers = { a: new Server('a'), b: new Server('b'), c: new Server('c') }
afterAll(() => {
  for (const { origin } of Object.values(servers)) origin.kill()
})

const configOf = (drain: string): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [{ name: 'all', backend: 'api' }],
  backends: {
    api: {
      servers: NAMES.map((name) => words(name, servers[name].origin)),
      sticky: {
        ...{ secret: 'a secret of the tests', drain, cookie: 'shop', path: '/shop', domain: 'example.org' },
        ...{ secure: true, same_site: 'none' },
      },
      retry: { attempts: 2, hedge: { quantile: 0.5, after: '5ms' }, budget: { ratio: 1 } },
      circuit_breaker: { failures: 4, open_for: '1h', open_for_max: '1h' },
    },
  },
})

/** A client: it has the cookie that it was given last. */
class Client {
  cookie = ''
  /** Who answered, and the attributes of each cookie that it was given. */
  readonly by: string[] = []
  readonly given: string[] = []
  readonly #gateway: Gateway

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /** Each request on a connection of its own: the kernel spreads those over the workers. */
  async ask(times = 1): Promise<void> {
    for (let n = 0; n < times; n++) {
      await using client = await this.#gateway.client()
      const answer = await client.get('/shop/', this.cookie === '' ? '' : `Cookie: ${this.cookie}\r\n`)
      this.by.push(answer.body)
      for (const one of answer.all('set-cookie')) {
        const [first = '', ...attributes] = one.split('; ')
        this.cookie = first
        this.given.push(attributes.filter((each) => !each.startsWith('Max-Age=')).join('; '))
      }
    }
  }

  /** Those that have answered since this was asked last, and how often a cookie came. */
  since(): { readonly by: readonly string[]; readonly given: number } {
    const by = [...new Set(this.by.splice(0))]
    const given = this.given.splice(0)
    expect(given.filter((one) => one !== ATTRIBUTES)).toEqual([])
    return { by, given: given.length }
  }
}

test('a session moves when its breaker opens, or its server leaves, once each time, and is hedged at nobody', async () => {
  await using gateway = await startGateway({ config: configOf('leave'), workers: 4 })
  const sessions = Array.from({ length: 6 }, () => new Client(gateway))
  for (const one of sessions) await one.ask()
  const of = (name: string): Client[] => sessions.filter((one) => one.by.at(-1) === name)
  const [one, other] = of('a')
  const rest = [...of('b'), ...of('c')]
  expect([one?.since(), other?.since(), rest.length]).toEqual([
    { by: ['a'], given: 1 },
    { by: ['a'], given: 1 },
    4,
  ])
  for (const each of rest) each.since()

  // All workers know how long answers take; who belongs to a slow server waits for it.
  const others = await Promise.all(Array.from({ length: 16 }, () => gateway.client()))
  const asks = (times: number) =>
    Promise.all(
      others.map(async (client) => {
        for (let n = 0; n < times; n++) await client.get('/shop/')
      }),
    )
  await asks(12)
  servers.a.isSlow = true
  await one!.ask(8)
  expect(one!.since()).toEqual({ by: ['a'], given: 0 })
  await waitFor(async () => (await asks(2)) && (await gaugeOf(gateway, 'hedges_total')) > 0, {
    what: 'others to be hedged',
  })
  servers.a.isSlow = false

  servers.a.status = 500
  await one!.ask(4)
  expect(one!.since()).toEqual({ by: ['a'], given: 0 })
  await gateway.event('circuit_opened')
  await Promise.all([one!.ask(20), other!.ask(20), ...rest.map((each) => each.ask(20))])
  for (const moved of [one!, other!]) {
    const { by, given } = moved.since()
    expect([by.length, given]).toEqual([1, 1])
    expect(by).not.toContain('a')
    moved.by.push(by[0]!)
  }
  for (const each of rest) expect(each.since().given).toBe(0)

  // Its server is back: the session is where it went.
  servers.a.status = 200
  const [at] = one!.by as [string]
  await done(gateway, 'a', 'circuit', 'close')
  await done(gateway, 'a', 'circuit', 'reset')
  await one!.ask(20)
  expect(one!.since()).toEqual({ by: [at], given: 0 })

  // As it drains it leaves, once; as it is back it stays.
  await done(gateway, at, 'drain')
  await one!.ask(20)
  const left = one!.since()
  expect([left.by.length, left.given]).toEqual([1, 1])
  expect(left.by).not.toContain(at)
  await done(gateway, at, 'ready')
  await one!.ask(20)
  expect(one!.since()).toEqual({ by: left.by, given: 0 })

  // Where it may stay over a drain it does, until its breaker opens: then it moves, and not to who drains.
  await gateway.apply(configOf('sticky'))
  const [last] = left.by as [keyof typeof servers]
  expect(await said(gateway, last, 'drain')).toMatchObject({ code: 0 })
  await one!.ask(20)
  expect(one!.since()).toEqual({ by: [last], given: 0 })
  servers[last].status = 500
  await one!.ask(4)
  expect(one!.since()).toEqual({ by: [last], given: 0 })
  await gateway.event('circuit_opened')
  await one!.ask(20)
  const end = one!.since()
  expect([end.by.length, end.given]).toEqual([1, 1])
  expect(end.by).not.toContain(last)
})
