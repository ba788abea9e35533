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
      listeners: { web: { bind: '127.0.0.1:0', backend: 'origin' } },
      backends: { origin: { servers: [{ url: origin.url }], health_check: { interval: '100ms' } } },
    },
  })
  const started = await waitFor(() => gateway.events.find(({ event }) => event === 'descriptor_limit'))
  expect(started).toMatchObject({ limit: LIMIT, wanted: 32_768 })
  const port = gateway.port()
  const clients: RawClient[] = []
  for (let n = 0; n < 2 * LIMIT; n++) clients.push(await rawClient(port))
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
  for (const client of clients) client.send(GET)
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
