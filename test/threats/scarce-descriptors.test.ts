// Threat: more connections than there are descriptors, so that the gateway spins, loses exchanges or calls
// its servers dead.
//
// At the limit of open files: clients wait to be accepted, those that were are served, and no server is
// blamed.
import { expect, test } from 'bun:test'
import { type RawClient, rawClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { cpuTicks, descriptorsOf, sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const LIMIT = 160
const limited = ['sh', '-c', `ulimit -n ${LIMIT}; exec "$@"`, 'sh']
const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

test('more clients than there are descriptors for are served one after the other, without a fault or a spin', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(200, 'ok'))
  await using gateway = await startGateway({
    through: limited,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'origin', timeouts: { head: '60s' } } },
      backends: { origin: { servers: [{ url: origin.url }], health_check: { interval: '100ms' } } },
    },
  })
  const started = await waitFor(() => gateway.events.find(({ event }) => event === 'descriptor_limit'))
  expect(started).toMatchObject({ limit: LIMIT, wanted: 32_768 })
  const port = gateway.port()
  const clients: RawClient[] = []
  // Each has begun a request: who says nothing makes room for others before long.
  for (let n = 0; n < 2 * LIMIT; n++) {
    const client = await rawClient(port)
    client.send(GET.slice(0, 10))
    clients.push(client)
  }
  const [worker = 0] = gateway.workers
  const stopped = await waitFor(() => gateway.events.find(({ accepting }) => accepting === false))
  expect(stopped).toMatchObject({ event: 'descriptor_limit', limit: LIMIT })
  expect(descriptorsOf(worker)).toBeLessThan(LIMIT - 20)
  // Whole turns of its own clock pass in which nothing is to be done.
  const full = async (): Promise<string[]> => {
    const health = (await (await fetch(`${gateway.admin}/_health`)).json()) as { workers: { full: string[] } }
    return health.workers.full
  }
  await waitFor(async () => (await full()).length === 1)
  const before = cpuTicks([worker])
  for (let n = 0; n < 20; n++) await full()
  const after = cpuTicks([worker])
  expect(after.user + after.system - before.user - before.system).toBeLessThan(60)
  for (const client of clients) client.send(GET.slice(10))
  for (const client of clients) {
    const answer = await client.readAnswer()
    expect(answer.status).toBe(200)
    client.rst()
  }
  await waitFor(async () => (await full()).length === 0)
  expect(gateway.stderr).not.toContain('SystemError')
  expect(gateway.events.filter(({ event }) => event === 'server_down')).toEqual([])
  // Who takes its place says nothing of what is known, also when it is reloaded.
  sendSignal(worker, 'SIGKILL')
  await gateway.event('worker_replaced')
  gateway.signal('SIGHUP')
  await gateway.event('applied')
  expect(gateway.events.filter(({ wanted }) => wanted !== undefined)).toHaveLength(1)
})

test('who waits to be accepted costs no more idle clients than are needed, and those that have been idle longest', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(200, 'ok'))
  await using gateway = await startGateway({
    through: limited,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'origin' } },
      backends: { origin: { servers: [{ url: origin.url }] } },
    },
  })
  const isFull = (): boolean => gateway.events.some(({ accepting }) => accepting === false)
  const clients: RawClient[] = []
  const ended: number[] = []
  // One after the other, so that each has been idle for longer than those behind it.
  const add = async (): Promise<void> => {
    const place = clients.length
    const client = await rawClient(gateway.port())
    clients.push(client)
    client.send(GET)
    expect((await client.readAnswer()).status).toBe(200)
    void client.ending().then(() => {
      ended.push(place)
      client.rst()
    })
  }
  while (!isFull()) await add()
  const most = clients.length
  // As many as this are let go at once.
  for (let n = 0; n < 3; n++) await add()
  expect(ended.length).toBeGreaterThan(0)
  expect(ended.length).toBeLessThanOrEqual(8)
  expect(ended.toSorted((a, b) => a - b)).toEqual(ended.map((_, place) => place))
  for (const [place, client] of clients.entries())
    if (!ended.includes(place)) {
      client.send(GET)
      expect([place, (await client.readAnswer()).status]).toEqual([place, 200])
    }
  expect(clients.length).toBe(most + 3)
  for (const client of clients) client.rst()
})

test('a limit that is hardly more than the process itself needs serves few at a time, and goes on for good', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(200, 'ok'))
  await using gateway = await startGateway({
    through: ['sh', '-c', 'ulimit -n 30; exec "$@"', 'sh'],
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'origin' } },
      backends: { origin: { servers: [{ url: origin.url }] } },
    },
  })
  for (let n = 0; n < 3; n++) {
    const clients: RawClient[] = []
    for (let of = 0; of < 12; of++) clients.push(await rawClient(gateway.port()))
    for (const client of clients) client.send(GET)
    for (const client of clients) {
      expect((await client.readAnswer()).status).toBe(200)
      client.rst()
    }
  }
})
