// Limits of what is in flight, as clients and servers see them: over worker processes, and when one dies.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import type { OverloadDocument } from '../../server/control/facts-of-overload.ts'
import { rawClient, type RawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { makeGate, waitFor } from '../support/wait.ts'

/** A server that keeps all requests until it is told otherwise, and knows the most that it had at once. */
function startKeeping() {
  const state = { now: 0, most: 0, total: 0, gate: makeGate() }
  const origin = startOrigin(async (_request, reply) => {
    state.most = Math.max(state.most, ++state.now)
    state.total++
    await state.gate.opened
    state.now--
    reply.send(200, 'done')
  })
  return { state, origin, [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

const connect = (gateway: Gateway, count: number): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: count }, () => rawClient(gateway.port('web'))))

/** One request on each connection: how many were answered by which status, so far. */
function askAll(clients: readonly RawClient[], path = '/', fields = '') {
  const statuses: Record<number, number> = {}
  for (const client of clients)
    void client.get(path, fields).then(
      ({ status }) => (statuses[status] = (statuses[status] ?? 0) + 1),
      () => (statuses[0] = (statuses[0] ?? 0) + 1),
    )
  return statuses
}

const metric = async (gateway: Gateway, name: string): Promise<number> => {
  const text = await (await fetch(`${gateway.admin}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1) ?? NaN,
  )
}

test('a backend carries never more than its limit over four workers, also when one is killed, and nothing at the end', async () => {
  await using server = startKeeping()
  await using other = startKeeping()
  const { origin } = server
  await using gateway = await startGateway({
    workers: 4,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
      backends: {
        b: {
          servers: [{ url: origin.url }, { url: other.origin.url }],
          max_connections: 12,
          queue: { size: 0 },
          retry: { attempts: 1 },
        },
      },
    },
  })
  const first = askAll(await connect(gateway, 60))
  await waitFor(() => first[503] === 48, { what: 'those beyond the limit to be refused' })
  await waitFor(() => server.state.now + other.state.now === 12)
  expect(await metric(gateway, 'lb_backend_in_flight{backend="b"}')).toBe(12)

  sendSignal(gateway.workers[0], 'SIGKILL')
  await gateway.event('worker_replaced')
  const lost = (): number => first[0] ?? 0
  await waitFor(async () => (await metric(gateway, 'lb_backend_in_flight{backend="b"}')) === 12 - lost())
  const second = askAll(await connect(gateway, 60))
  await waitFor(() => second[503] === 60 - lost(), {
    what: 'the places of the dead worker to be taken again',
  })
  for (const { state } of [server, other]) state.gate.open()
  await waitFor(() => (first[200] ?? 0) + (second[200] ?? 0) === 12)
  await waitFor(async () => (await metric(gateway, 'lb_backend_in_flight{backend="b"}')) === 0)
}, 30_000)

const toServer = (url: string, rule: object) => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [{ name: 'r', backend: 'b', ...rule }],
  backends: { b: { servers: [{ url }], retry: { attempts: 1 } } },
})

test('a key has never more requests under way than allowed over four workers, also when one is killed', async () => {
  await using server = startKeeping()
  const { state, origin } = server
  const words = (max: number, mode = 'enforce') =>
    toServer(origin.url, { middleware: [{ concurrency: { max, key: 'header X-User', mode } }] })
  await using gateway = await startGateway({ workers: 4, config: words(5) })
  const first = askAll(await connect(gateway, 40), '/', 'X-User: a\r\n')
  await waitFor(() => first[429] === 35, { what: 'those beyond the limit to be refused' })
  await waitFor(() => state.now === 5)
  const others = askAll(await connect(gateway, 5), '/', 'X-User: b\r\n')
  await waitFor(() => state.now === 10)

  sendSignal(gateway.workers[0], 'SIGKILL')
  await gateway.event('worker_replaced')
  const lost = (): number => first[0] ?? 0
  const second = askAll(await connect(gateway, 40), '/', 'X-User: a\r\n')
  await waitFor(() => (second[429] ?? 0) === 40 - lost(), { what: 'what the dead worker held' })
  await gateway.apply(words(6))
  const third = askAll(await connect(gateway, 20), '/', 'X-User: a\r\n')
  await waitFor(() => third[429] === 19, { what: 'one more by the new limit' })

  state.gate.open()
  await waitFor(() => (first[200] ?? 0) + (second[200] ?? 0) + (third[200] ?? 0) === 6)
  await waitFor(() => (others[200] ?? 0) + (others[0] ?? 0) === 5)
  const again = askAll(await connect(gateway, 5), '/', 'X-User: a\r\n')
  await waitFor(() => again[200] === 5, { what: 'all places to be free again' })
  await waitFor(async () => (await gateway.accessLog()).some(({ fault }) => fault === 'concurrency_limited'))
  const refused = (await gateway.accessLog()).find(({ fault }) => fault === 'concurrency_limited')
  expect(refused?.['detail']).toBe('rules.r.concurrency: 5 at once, by header X-User')

  await gateway.apply(words(1, 'shadow'))
  state.gate = makeGate()
  const before = state.now
  const shadow = askAll(await connect(gateway, 4), '/', 'X-User: a\r\n')
  await waitFor(() => state.now === before + 4)
  state.gate.open()
  await waitFor(() => shadow[200] === 4)
  const counted = 'lb_concurrency_requests_total{decision="shadow",rule="r"}'
  await waitFor(async () => (await metric(gateway, counted)) > 0)
}, 30_000)

test('a rule at its max_connections answers 503 at once, and lets as many in again as have left', async () => {
  await using server = startKeeping()
  const { state, origin } = server
  await using gateway = await startGateway({
    workers: 4,
    config: toServer(origin.url, { max_connections: 3 }),
  })
  const first = askAll(await connect(gateway, 30))
  await waitFor(() => first[503] === 27)
  await waitFor(() => state.now === 3)
  await using client = await rawClient(gateway.port('web'))
  const refused = await client.get('/')
  expect([refused.status, refused.get('retry-after')]).toEqual([503, '5'])
  expect(refused.get('proxy-status')).toContain('rule_full')
  state.gate.open()
  await waitFor(() => first[200] === 3)
  expect((await client.get('/')).status).toBe(200)
}, 30_000)

test('streams that last take no place of an adaptive limit: others are served beside any number of them', async () => {
  await using origin = startOrigin(({ target }, reply) => {
    if (target === '/') return reply.send(200, 'done')
    void reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n')
  })
  await using gateway = await startGateway({
    workers: 2,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
      backends: {
        b: {
          servers: [{ url: origin.url }],
          adaptive_limit: { least: 2 },
          queue: { timeout: '60s' },
        },
      },
    },
  })
  const streams = await connect(gateway, 12)
  for (const stream of streams) {
    stream.send('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n')
    await stream.readUntil('hi\r\n')
  }
  expect(await metric(gateway, 'lb_backend_adaptive_in_flight{backend="b"}')).toBe(0)
  expect(await metric(gateway, 'lb_backend_in_flight{backend="b"}')).toBe(12)
  await using client = await rawClient(gateway.port('web'))
  for (let i = 0; i < 20; i++) expect((await client.get('/')).status).toBe(200)
  for (const stream of streams) stream.rst()
  await waitFor(async () => (await metric(gateway, 'lb_backend_in_flight{backend="b"}')) === 0)
  expect(await metric(gateway, 'lb_backend_adaptive_in_flight{backend="b"}')).toBe(0)
}, 30_000)

test('an overloaded worker refuses requests of low priority, and none of status endpoints or of the admin listener', async () => {
  const words = (mode: string) => ({
    listeners: { web: { bind: '127.0.0.1:0', status_endpoints: { health: '/_health' } } },
    rules: [
      { name: 'vital', match: { path: '/vital' }, priority: 10, respond: { body: 'ok' } },
      { name: 'rest', respond: { body: 'ok' } },
    ],
    backends: {},
    // No worker has so little memory.
    overload: { memory: '16MiB', most: 0.25, mode },
  })
  await using gateway = await startGateway({ config: words('enforce') })
  await using client = await rawClient(gateway.port('web'))
  const told = await gateway.event('overloaded')
  expect(told).toMatchObject({ level: 'warn', cause: 'memory', limit: 16 * 2 ** 20 })
  let last = await client.get('/')
  await waitFor(async () => {
    expect((await client.get('/vital')).status).toBe(200)
    return (last = await client.get('/')).status === 503
  })
  expect(last.get('proxy-status')).toContain('overloaded')
  expect(last.get('retry-after')).toBe('5')
  for (let i = 0; i < 20; i++) expect((await gateway.fetch('/_health')).status).toBe(200)
  expect((await fetch(`${gateway.admin}/_health`)).status).toBe(200)
  await waitFor(
    async () =>
      (await metric(gateway, 'lb_overload_shed_total{cause="memory",decision="refused",priority="0"}')) > 0,
  )

  await waitFor(async () => (await metric(gateway, 'lb_overload_share{process="worker-0"}')) > 0)
  const metrics = (await (await fetch(`${gateway.admin}/_metrics`)).json()) as { overload?: object }
  expect(metrics.overload).toMatchObject({ workers: 1, mode: 'enforce' })
  const socket = controlSocketPath(join(gateway.folder, 'data'), gateway.configFile)
  const asked = await fetch('http://localhost/api/v1/overload', { unix: socket })
  const now = (await asked.json()) as OverloadDocument
  expect(now).toMatchObject({ mode: 'enforce', limits: { memory: 16 * 2 ** 20 }, most: 0.25 })
  expect(now.workers).toMatchObject([{ process: 'worker-0', share: expect.any(Number) }])
  expect(now.workers[0]?.levels.memory).toBeGreaterThan(1)
  expect(now.shed).toMatchObject([{ priority: 0, cause: 'memory', decision: 'refused' }])

  await gateway.apply(words('shadow'))
  await waitFor(async () => {
    expect((await client.get('/')).status).toBe(200)
    return (await gateway.accessLog()).some(({ shadow }) => shadow === 'overload')
  })
  await gateway.apply(words('off'))
  expect((await client.get('/')).status).toBe(200)
}, 30_000)
