// Whom a half-open breaker lets through over four workers, and how that ends: whichever way it does, another
// may come in its place, and never more than allowed are at the server.
import { afterEach, expect, test } from 'bun:test'
import type { ServerDocument } from '../../server/control/order-desk.ts'
import { startNamed } from '../support/backends.ts'
import { rawClient, type RawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { said } from '../support/orders.ts'
import { type Origin, type Reply, startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'
import { gaugeOf } from '../soak/gauge.ts'

const AT_ONCE = 2
const CLIENTS = 16

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

/** What is held at the server: its client by number. */
interface Held {
  readonly client: number
  readonly target: string
  readonly reply: Reply
}

/** A server that fails at first, then holds what comes, then works. */
class Server {
  held: readonly Held[] = []
  arrived = 0
  mode: 'fails' | 'holds' | 'works' = 'fails'
  readonly origin: Origin

  constructor() {
    this.origin = startOrigin((request, reply) => {
      this.arrived++
      if (this.mode !== 'holds') return reply.send(this.mode === 'works' ? 200 : 500, 'a')
      const one = { client: Number(request.get('x-client')), target: request.target, reply }
      this.held = [...this.held, one]
      void reply.gone.then(() => this.#leaves(one))
    })
  }

  #leaves(one: Held): void {
    this.held = this.held.filter((other) => other !== one)
  }

  /** Ends the one that is held for the longest. */
  end(how: (reply: Reply) => void): void {
    const [first] = this.held
    this.#leaves(first!)
    how(first!.reply)
  }
}

/** No other attempt is made of it. */
const HELD = 'POST / HTTP/1.1\r\nContent-Length: 0\r\n'
const HASTY = 'POST /hasty HTTP/1.1\r\nContent-Length: 0\r\n'
const HEDGED = 'GET / HTTP/1.1\r\n'

/** Clients each of whom asks again as soon as it was answered, on a new connection where one ended. */
class Crowd {
  #request = HELD
  answered = 0
  readonly statuses = new Set<number>()
  readonly #clients: (RawClient | null)[] = Array.from({ length: CLIENTS }, () => null)
  #isOver = false
  readonly #all: readonly Promise<void>[]

  constructor(port: number) {
    this.#all = this.#clients.map((_, n) => this.#run(n, port))
  }

  async #run(n: number, port: number): Promise<void> {
    while (!this.#isOver) {
      try {
        const client = (this.#clients[n] ??= await rawClient(port))
        client.send(`${this.#request}Host: h\r\nX-Client: ${n}\r\n\r\n`)
        const { status } = await client.readAnswer()
        this.statuses.add(status)
        this.answered++
      } catch {
        this.leave(n)
      }
    }
    this.leave(n)
  }

  /** All that are not held ask for this from now on, and what they have asked before is answered. */
  async asks(request: string): Promise<void> {
    this.#request = request
    const { answered } = this
    await waitFor(() => this.answered > answered + 4 * CLIENTS)
  }

  /** This client resets its connection. */
  leave(n: number): void {
    this.#clients[n]?.rst()
    this.#clients[n] = null
  }

  /** Lets those that wait be answered first. */
  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#all)
  }
}

const circuit = async (gateway: Gateway): Promise<NonNullable<ServerDocument['circuit']>> =>
  JSON.parse((await said(gateway, 'a', '--json')).out).circuit

/** `a`: more words of the server. */
const words = (one: Server, other: Origin, a: object = {}): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [
    { name: 'hasty', match: { path: '/hasty' }, backend: 'api', timeouts: { response: '60ms' } },
    { name: 'all', backend: 'api' },
  ],
  backends: {
    api: {
      servers: [
        { name: 'a', url: one.origin.url, ...a },
        { name: 'b', url: other.url },
      ],
      retry: { attempts: 2, hedge: { quantile: 0.5, after: '5ms' }, budget: { ratio: 1 } },
      circuit_breaker: {
        ...{ min_requests: 20, window: '10s', open_for: '100ms', open_for_max: '100ms' },
        ...{ half_open_requests: AT_ONCE, half_open_successes: 40 },
      },
    },
  },
})

test('trials give their places back however they end: never more than allowed are at the server, nor ever fewer for long', async () => {
  const a = new Server()
  keep(a.origin)
  const b = keep(startNamed('b'))
  const gateway = keep(await startGateway({ config: words(a, b), workers: 4 }))
  // One after the other: of what was on its way as the breaker opened nothing is left.
  await waitFor(async () => {
    for (let n = 0; n < 8; n++) await (await gateway.client()).get('/')
    return gateway.last('circuit_opened') !== undefined
  })
  const crowd = new Crowd(gateway.port('web'))
  a.mode = 'holds'

  /** As many as are allowed are there, and remain all that there are while others are asked. */
  const isFull = async (what: string, most = AT_ONCE): Promise<void> => {
    await waitFor(() => a.held.length === most, { what: `${most} to be let through: ${what}` })
    const { answered } = crowd
    await waitFor(() => crowd.answered > answered + 100)
    // Who was given up may be there until its server hears of it; one too many would stay.
    await waitFor(() => a.held.length <= most, { what: `none to be one too many: ${what}` })
    expect({ what, held: a.held.length }).toEqual({ what, held: most })
  }
  await isFull('at first')

  for (const [what, end] of Object.entries<(reply: Reply) => void>({
    'good answers': (reply) => reply.send(200, 'a'),
    failures: (reply) => reply.send(503, 'a'),
    resets: (reply) => reply.rst(),
    'closed connections': (reply) => reply.fin(),
    'no HTTP': (reply) => void reply.raw('no\r\n\r\n'),
    'answers that break off': (reply) =>
      void reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na').then(() => reply.rst()),
  })) {
    for (let n = 0; n < AT_ONCE; n++) {
      const { arrived } = a
      a.end(end)
      await waitFor(() => a.arrived > arrived, { what: `another one after ${what}` })
    }
    await isFull(what)
  }

  for (let n = 0; n < AT_ONCE; n++) {
    const [first] = a.held
    crowd.leave(first!.client)
    await waitFor(() => !a.held.includes(first!), { what: 'its client to be gone' })
  }
  await isFull('clients that leave')

  const [first] = a.held
  for (let n = 0; a.held.includes(first!); n++) {
    sendSignal(gateway.workers[n % 4], 'SIGKILL')
    await gateway.event('worker_replaced')
  }
  await isFull('workers that are killed')

  const [, stays] = a.held
  await crowd.asks(HASTY)
  a.end((reply) => reply.send(200, 'a'))
  const timedOut = a.arrived + 4
  await waitFor(() => a.arrived >= timedOut, { what: 'trials that time out' })
  expect(crowd.statuses.has(504)).toBe(true)
  await crowd.asks(HELD)
  await waitFor(() => a.held.every(({ target }) => target === '/'), { what: 'the last to time out' })
  await isFull('timeouts')
  expect(a.held.includes(stays!)).toBe(true)

  // Each is asked for at the other server as well, and that answers.
  await crowd.asks(HEDGED)
  while (a.held.length > 0) a.end((reply) => reply.send(200, 'a'))
  const hedged = a.arrived + 10
  await waitFor(() => a.arrived >= hedged, { what: 'trials that are given up' })
  await crowd.asks(HELD)
  await isFull('hedges')

  // One has a place at the server, and the permits of all others come back.
  await gateway.apply(words(a, b, { max_connections: 1 }))
  a.end((reply) => reply.send(200, 'a'))
  await isFull('those for whom the server has no room', 1)
  await waitFor(async () => (await circuit(gateway)).let_through === 1)
  await gateway.apply(words(a, b))
  await isFull('those for whom it has room again')

  a.mode = 'works'
  while (a.held.length > 0) a.end((reply) => reply.send(200, 'a'))
  await gateway.event('circuit_closed')
  await crowd.end()
  expect(await circuit(gateway)).toMatchObject({ state: 'closed', let_through: 0 })
  await waitFor(async () => (await gaugeOf(gateway, 'server_in_flight')) === 0)
  await waitFor(async () => (await gaugeOf(gateway, 'hedges_total')) > 0)
})
