// Breakers over several workers: what one of them sees all of them honour, and a server that comes back is
// asked by few.
import { afterEach, expect, test } from 'bun:test'
import type { ServerDocument } from '../../server/control/order-desk.ts'
import { startNamed } from '../support/backends.ts'
import type { RawClient } from '../support/client.ts'
import { adapted } from '../support/example-config.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Load, startLoad } from '../support/load.ts'
import { done, http, said, stateOf, words } from '../support/orders.ts'
import { Origin, type Reply } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { freePort } from '../support/kernel.ts'
import { relayTo } from '../support/tcp-relay.ts'
import { waitFor } from '../support/wait.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

type Mode = 'fails' | 'holds' | 'works'

/** A server that counts what it has at once. */
class Sick extends Origin {
  mode: Mode = 'fails'
  held: Reply[] = []
  inFlight = 0
  most = 0

  constructor() {
    super((_request, reply) => {
      this.most = Math.max(this.most, ++this.inFlight)
      if (this.mode === 'holds') {
        this.held.push(reply)
        void reply.gone.then(() => this.#over(reply))
        return
      }
      this.inFlight--
      reply.send(this.mode === 'works' ? 200 : 500, 'a')
    })
  }

  #over(reply: Reply): void {
    if (!this.held.includes(reply)) return
    this.held = this.held.filter((one) => one !== reply)
    this.inFlight--
  }

  /** Answers one of those that are held. */
  answer(status: number): void {
    const reply = this.held[0]!
    this.#over(reply)
    reply.send(status, 'a')
  }

  /** Holds what comes from now on. */
  hold(): void {
    this.mode = 'holds'
    this.most = 0
  }
}

const circuit = async (gateway: Gateway): Promise<NonNullable<ServerDocument['circuit']>> =>
  JSON.parse((await said(gateway, 'a', '--json')).out).circuit

const metric = async (gateway: Gateway, name: string): Promise<number> => {
  const text = await (await fetch(`${gateway.admin}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`lb_${name}{backend="api",server="a"`))
  return Number(line?.slice(line.lastIndexOf(' ') + 1))
}

const BREAKER = {
  ...{ min_requests: 20, window: '10s', open_for: '100ms', open_for_max: '100ms' },
  ...{ half_open_requests: 2, half_open_successes: 4 },
}
const config = (servers: readonly Origin[], breaker: object | null = {}, rules: readonly object[] = []) => {
  const own = servers.map((one, i) => words(i === 0 ? 'a' : 'b', one))
  const policies = { retry: { attempts: 1 }, ...(breaker && { circuit_breaker: { ...BREAKER, ...breaker } }) }
  const { listeners: _, ...rest } = http(own, policies)
  return {
    ...rest,
    listeners: { web: { bind: '127.0.0.1:0' } },
    rules: [...rules, { name: 'all', backend: 'api' }],
  }
}

/** A load of which only failures of the sick server are no wonder. */
const load = (gateway: Gateway): Load =>
  startLoad(gateway.port(), {
    connections: 24,
    isRight: ({ status, complete, body }) => complete && (status === 200 || (status === 500 && body === 'a')),
  })

const start = async (a: Origin, breaker: object = {}): Promise<Gateway> =>
  keep(await startGateway({ config: config([a, keep(startNamed('b'))], breaker), workers: 4 }))

/** A request that is let through to the server that holds what comes. */
const trial = async (gateway: Gateway, a: Sick): Promise<RawClient> =>
  waitFor(async () => {
    const client = await gateway.client()
    const answer = client.get('/').catch(() => null)
    const { length } = a.requests
    const isHeld = await Promise.race([waitFor(() => a.requests.length > length), answer.then(() => false)])
    return isHeld === true ? client : null
  })

test('a server that fails is left alone, then asked by few at once over all workers, and comes back', async () => {
  const a = keep(new Sick())
  // It must hold what comes before the first is let through, also on a machine that is busy.
  const gateway = await start(a, { open_for: '1s', open_for_max: '1s' })
  const clients = load(gateway)
  const opened = await gateway.event('circuit_opened')
  expect(opened).toMatchObject({ backend: 'api', server: 'a', reason: 'failure_ratio', slow: 0, times: 1 })
  expect(Number(opened['requests'])).toBeGreaterThanOrEqual(20)
  expect(opened['failed']).toBe(opened['requests'])
  a.hold()
  await gateway.event('circuit_half_open')
  await waitFor(() => a.inFlight === 2)
  // They are all that comes, for as long as they last, whoever asks.
  const before = clients.answered
  await waitFor(() => clients.answered > before + 300)
  expect([a.inFlight, a.most]).toEqual([2, 2])
  expect(await stateOf(gateway, 'a')).toMatchObject({ circuit_state: 'HalfOpen', healthy: true })
  expect(await circuit(gateway)).toMatchObject({ state: 'half_open', let_through: 2, went_well: 0 })
  expect(await metric(gateway, 'circuit_breaker_state')).toBe(2)
  // One that fails opens it again; the other one has nothing to say any more.
  a.answer(500)
  expect(await gateway.event('circuit_opened')).toMatchObject({ reason: 'half_open', times: 2 })
  await gateway.event('circuit_half_open')
  await waitFor(() => a.inFlight === 2)
  a.answer(500) // of the first time
  await waitFor(() => a.inFlight === 2)
  for (let good = 0; good < 4; good++) {
    await waitFor(() => a.inFlight === 2)
    a.answer(200)
  }
  a.mode = 'works'
  await gateway.event('circuit_closed')
  expect(a.most).toBe(2)
  while (a.held.length > 0) a.answer(200)
  const { length } = a.requests
  await waitFor(() => a.requests.length > length + 50)
  expect(await stateOf(gateway, 'a')).toMatchObject({ circuit_state: 'Closed', healthy: true, reason: null })
  expect((await clients.stop()).failures).toEqual([])
  expect(await circuit(gateway)).toMatchObject({ state: 'closed', let_through: 0, openings: 2 })
  expect(await metric(gateway, 'circuit_openings_total')).toBe(1) // by failure_ratio
})

test('a trial whose client leaves, and one whose worker is killed, make room for another', async () => {
  const a = keep(new Sick())
  const gateway = await start(a, { half_open_requests: 1, half_open_successes: 1 })
  const clients = load(gateway)
  await gateway.event('circuit_opened')
  await clients.stop()
  a.hold()
  await gateway.event('circuit_half_open')
  const first = await trial(gateway, a)
  expect((await (await gateway.client()).get('/')).body).toBe('b')
  first.rst()
  await waitFor(() => a.inFlight === 0)
  await waitFor(async () => (await circuit(gateway)).let_through === 0)
  await trial(gateway, a)
  expect(await circuit(gateway)).toMatchObject({ state: 'half_open', let_through: 1, went_well: 0 })
  for (const pid of gateway.workers) sendSignal(pid, 'SIGKILL')
  await waitFor(() => gateway.events.filter(({ event }) => event === 'worker_replaced').length === 4)
  expect(await circuit(gateway)).toMatchObject({ state: 'half_open', let_through: 0 })
  a.mode = 'works'
  await waitFor(async () => (await (await gateway.client()).get('/')).body === 'a')
  await gateway.event('circuit_closed')
})

test('where all are out requests are refused at once, by a fault of its own', async () => {
  const a = keep(new Sick())
  const never = { failures: 3, open_for: '1h', open_for_max: '1h' }
  const gateway = keep(await startGateway({ workers: 4, config: config([a], never) }))
  for (let i = 0; i < 3; i++) expect((await (await gateway.client()).get('/')).status).toBe(500)
  const refused = await (await gateway.client()).get('/', 'Accept: application/json\r\n')
  expect([refused.status, refused.get('retry-after')]).toEqual([503, '5'])
  expect(refused.get('proxy-status')).toContain('destination_unavailable')
  expect(JSON.parse(refused.body)).toMatchObject({ fault: 'circuit_open' })
  await waitFor(async () => (await gateway.accessLog()).length === 4)
  const lines = await gateway.accessLog()
  expect(lines.find(({ status }) => status === 503)).toMatchObject({
    ...{ fault: 'circuit_open', server: null },
    detail: 'backend api: a: circuit open: 3 failed in a row',
  })
  expect(a.requests.length).toBe(3)
  expect(await stateOf(gateway, 'a')).toMatchObject({
    ...{ healthy: false, circuit_state: 'Open', reason: 'circuit open: 3 failed in a row' },
  })
})

test('it outlives a change of something else, and is gone with its words', async () => {
  const a = keep(new Sick())
  const b = keep(startNamed('b'))
  const slow = { open_for: '1h', open_for_max: '1h' }
  const gateway = keep(await startGateway({ config: config([a, b], slow), workers: 4 }))
  const clients = load(gateway)
  await gateway.event('circuit_opened')
  const { length } = a.requests
  const more = [{ name: 'x', match: { path: '/x' }, respond: { status: 204 } }]
  expect(await gateway.apply(config([a, b], slow, more))).toMatchObject({ event: 'applied' })
  const before = clients.answered
  await waitFor(() => clients.answered > before + 200)
  expect(a.requests.length - length).toBeLessThanOrEqual(24) // what was under way as it opened
  expect(await circuit(gateway)).toMatchObject({ state: 'open', openings: 1 })
  expect(await gateway.apply(config([a, b], null, more))).toMatchObject({ event: 'applied' })
  await waitFor(() => a.requests.length > length + 50)
  expect(await stateOf(gateway, 'a')).toMatchObject({ circuit_state: 'Closed' })
  expect(await said(gateway, 'a', 'circuit', 'open')).toMatchObject({
    ...{
      code: 1,
      err: 'sluice server: server "a" has no breaker; write "circuit_breaker" beside the servers of backend "api"\n',
    },
  })
  expect(await gateway.apply(config([a, b], slow, more))).toMatchObject({ event: 'applied' })
  await gateway.event('circuit_opened')
  expect((await clients.stop()).failures).toEqual([])
})

test('a person opens and closes it, for a while, and what was remembered is forgotten', async () => {
  const a = keep(new Sick())
  a.mode = 'works'
  const gateway = await start(a)
  const clients = load(gateway)
  expect(await done(gateway, 'a', 'circuit', 'open', '--reason', 'smells')).toContain(
    'circuit:   held open since',
  )
  expect(await gateway.event('circuit_ordered')).toMatchObject({
    server: 'a',
    state: 'open',
    reason: 'smells',
  })
  expect(await gateway.event('circuit_opened')).toMatchObject({ reason: 'manual' })
  const audited = await gateway.event('audit', ({ resource }) => String(resource).endsWith('/circuit'))
  expect(audited).toMatchObject({
    result: 'done',
    before: { state: 'closed', ordered: null },
    after: { state: 'open', ordered: { state: 'open', reason: 'smells' } },
  })
  const { length } = a.requests
  const before = clients.answered
  await waitFor(() => clients.answered > before + 200)
  expect(a.requests.length - length).toBeLessThanOrEqual(24)
  expect(await circuit(gateway)).toMatchObject({
    state: 'open',
    half_open_at: null,
    ordered: { state: 'open' },
  })
  expect(await done(gateway, 'a', 'circuit', 'close', '--for', '1h')).toContain('circuit:   closed')
  a.mode = 'fails'
  const seen = a.requests.length
  await waitFor(() => a.requests.length > seen + 200)
  expect(await circuit(gateway)).toMatchObject({ state: 'closed', ordered: { state: 'closed' } })
  expect(await done(gateway, 'a', 'circuit', 'reset')).toContain('circuit:   closed')
  expect(await gateway.event('circuit_opened', ({ reason }) => reason !== 'manual')).toMatchObject({
    reason: 'failure_ratio',
  })
  expect((await said(gateway, 'a', 'circuit', 'ajar')).code).toBe(2)
  expect((await said(gateway, 'b', 'circuit', 'open', '--for', '100ms')).code).toBe(0)
  await gateway.event('circuit_order_ended')
  await clients.stop()
})

test('in shadow mode it tells, and everybody passes', async () => {
  const a = keep(new Sick())
  const gateway = await start(a, { mode: 'shadow', open_for: '1h', open_for_max: '1h' })
  const clients = load(gateway)
  expect(await gateway.event('circuit_opened')).toMatchObject({ mode: 'shadow', reason: 'failure_ratio' })
  const { length } = a.requests
  await waitFor(() => a.requests.length > length + 100)
  await waitFor(async () => (await metric(gateway, 'circuit_shadow_attempts_total')) > 50)
  expect(await circuit(gateway)).toMatchObject({ state: 'open', mode: 'shadow' })
  expect(await done(gateway, 'a')).toContain('open (shadow: all pass)')
  await clients.stop()
})

test('circuit-breaker.yaml: a server that refuses five in a row is left alone, and nobody notices', async () => {
  const [one, two, other] = ['one', 'two', 'other'].map((name) => keep(startNamed(name)))
  const file = 'circuit-breaker.yaml'
  const text = adapted(file, { 9001: one!, 9002: two!, 9003: other! })
  const gateway = keep(await startGateway({ config: text, file }))
  one!.kill()
  for (let i = 0; i < 12; i++) expect((await (await gateway.client()).get('/')).body).toBe('two')
  expect(await gateway.event('circuit_opened')).toMatchObject({
    ...{ backend: 'app', server: 'one', reason: 'failures_in_a_row', failed_in_a_row: 5, open_ms: 30_000 },
  })
})

test('connections of a tcp listener count as attempts, and are refused by the same fault', async () => {
  const breaker = { circuit_breaker: { failures: 2 }, retry: { attempts: 1 } }
  await using gateway = relayTo([`tcp://127.0.0.1:${freePort()}`], breaker)
  const faults: unknown[] = []
  for (let i = 0; i < 3; i++) {
    await (await gateway.client()).closed()
    faults.push((await gateway.connectionLogged()).fault)
  }
  expect(faults).toEqual(['connect_refused', 'connect_refused', 'circuit_open'])
  await gateway.settled()
})
