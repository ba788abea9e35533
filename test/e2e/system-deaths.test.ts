// Deaths under load: who loses what, to the connection. Which worker carries a connection is read from the
// kernel's tables.
import { describe, expect, test } from 'bun:test'
import { ServerProcess, serverIs } from '../support/backends.ts'
import { rawClient, type RawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { acceptedBy, freePort } from '../support/kernel.ts'
import { startLoad } from '../support/load.ts'
import { startOrigin } from '../support/origin.ts'
import { isRunning, sendSignal } from '../support/processes.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const GET = 'GET /held HTTP/1.1\r\nHost: h\r\n\r\n'

const connect = (port: number, count: number): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: count }, () => rawClient(port)))

/** The ports of those whose answer did not come whole. */
async function lost(clients: readonly RawClient[]): Promise<number[]> {
  const outcomes = await Promise.all(
    clients.map(async (client) => {
      const port = client.localPort
      const isServed = await client.readAnswer().then(
        ({ status, complete }) => status === 200 && complete,
        () => false,
      )
      return isServed ? [] : [port]
    }),
  )
  return outcomes.flat().toSorted()
}

/** Requests to /held wait for the gate, others are answered at once. */
function startHolding(gate: { opened: Promise<void> }): ReturnType<typeof startOrigin> {
  return startOrigin(async ({ target }, reply) => {
    if (target === '/held') await gate.opened
    reply.send(200, 'ok')
  })
}

const config = (url: string): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
  backends: { b: { servers: [{ url, max_connections: 100_000 }] } },
})

/** Whose answers were lost: exactly those of the connections that the victim had. */
function expectThoseOf(
  its: ReadonlySet<number>,
  held: readonly RawClient[],
  failed: readonly number[],
): void {
  const ports = held.map((client) => client.localPort).filter((port) => its.has(port))
  expect(failed).toEqual(ports.toSorted())
  expect(failed.length).toBeGreaterThan(0)
}

async function heldRequests({
  port,
  received,
}: {
  port: number
  received: (count: number) => Promise<unknown>
}): Promise<RawClient[]> {
  const clients = await connect(port, 80)
  for (const client of clients) client.send(GET)
  await received(80)
  return clients
}

describe('SIGKILL of a worker under load', () => {
  test('fails exactly the connections that it had accepted', async () => {
    const gate = makeGate()
    await using origin = startHolding(gate)
    await using gateway = await startGateway({ config: config(origin.url), workers: 3 })
    const port = gateway.port()
    const held = await heldRequests({
      port,
      received: (n) => origin.received(n, (r) => r.target === '/held'),
    })
    const load = startLoad(port, { connections: 12 })
    await waitFor(() => load.answered > 500)
    const victim = gateway.workers[0]!
    const its = acceptedBy(victim, port)
    sendSignal(victim, 'SIGKILL')
    await gateway.event('worker_replaced')
    const before = load.answered
    await waitFor(() => load.answered > before + 500)
    gate.open()
    const failed = await lost(held)
    expectThoseOf(its, held, failed)
    expect(failed.length).toBeLessThan(80)
    // The load: at most what was on its way on those of its connections that the victim had.
    const result = await load.stop()
    expect(result.failed).toBeLessThanOrEqual(its.size - failed.length)
    for (const client of held) client.rst()
  })

  test('that was blocked: it fails what it had accepted; who came meanwhile is served by its replacement', async () => {
    const gate = makeGate()
    await using origin = startHolding(gate)
    await using gateway = await startGateway({ config: config(origin.url), workers: 3 })
    const port = gateway.port()
    const held = await heldRequests({
      port,
      received: (n) => origin.received(n, (r) => r.target === '/held'),
    })
    const victim = gateway.workers[0]!
    sendSignal(victim, 'SIGSTOP')
    const its = acceptedBy(victim, port)
    // A third of these wait in the queue of a worker that does not move.
    const waiting = await connect(port, 80)
    for (const client of waiting) client.send('GET /quick HTTP/1.1\r\nHost: h\r\n\r\n')
    const done = lost(waiting)
    await origin.received(1, (request) => request.target === '/quick')
    expect(acceptedBy(victim, port)).toEqual(its)
    sendSignal(victim, 'SIGKILL')
    expect(await done).toEqual([])
    gate.open()
    const failed = await lost(held)
    expectThoseOf(its, held, failed)
    for (const client of [...held, ...waiting]) client.rst()
  })

  test('its replacement logs under ids of its own, and no line is written twice', async () => {
    await using origin = startOrigin((_request, reply) => reply.send(200, 'ok'))
    await using gateway = await startGateway({ config: config(origin.url), workers: 2 })
    const load = startLoad(gateway.port(), { connections: 12 })
    await waitFor(async () => (await prefixes(gateway)).size === 2)
    sendSignal(await waitFor(() => gateway.workers[0]), 'SIGKILL')
    await gateway.event('worker_replaced')
    // The load's connections may all have gone to the other one meanwhile; of fresh ones some come to the
    // replacement.
    let fresh = 0
    await waitFor(async () => {
      const client = await gateway.client()
      expect((await client.get('/')).status).toBe(200)
      client.rst()
      fresh++
      return (await prefixes(gateway)).size === 3
    })
    const { answered } = await load.stop()
    await gateway.stop()
    const lines = await prefixes(gateway)
    expect(lines.size).toBe(3)
    // What the dead one had answered and not yet written, at most a second's worth, is lost with it.
    const logged = [...lines.values()].reduce((sum, count) => sum + count, 0)
    expect(logged).toBeLessThanOrEqual(answered + fresh + 12)
    expect(new Set((await gateway.accessLog()).map(({ request_id: id }) => id)).size).toBe(logged)
  })
})

describe('SIGKILL of the supervisor under load', () => {
  test('and a new one: a download, an upload, a tunnel and kept connections go on', async () => {
    const half = makeGate()
    await using origin = startOrigin(
      async (request, reply) => {
        if (request.target === '/download') {
          await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nfour')
          await half.opened
          await reply.raw('more')
        } else if (request.target === '/upload') {
          await request.done
          reply.send(200, request.body)
        } else if (request.target === '/tunnel') {
          await reply.raw('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
          await half.opened
          await reply.raw('through')
        } else reply.send(200, 'ok')
      },
      { when: 'head' },
    )
    const port = freePort()
    const words = {
      ...config(origin.url),
      listeners: { web: { bind: `127.0.0.1:${port}`, backend: 'b' } },
      drain: '10s',
    }
    await using old = await startGateway({ config: words, workers: 2 })
    const [download, upload, tunnel] = (await connect(port, 3)) as [RawClient, RawClient, RawClient]
    download.send('GET /download HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await download.readUntil('four')).toContain('200')
    upload.send('POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nfour')
    tunnel.send('GET /tunnel HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
    expect(await tunnel.readUntil('\r\n\r\n')).toContain('101')
    const load = startLoad(port, { connections: 6, repeats: true })
    await waitFor(() => load.answered > 200)
    const orphans = old.workers
    old.signal('SIGKILL')
    await old.process.exited
    await using young = await startGateway({ config: words, workers: 2, folder: old.folder })
    expect(orphans.filter(isRunning)).toEqual(orphans)
    half.open()
    expect(await download.readUntil('more')).toBe('more')
    upload.send('more')
    expect((await upload.readAnswer()).body).toBe('fourmore')
    expect(await tunnel.readUntil('through')).toBe('through')
    for (const client of [download, upload, tunnel]) client.rst()
    await waitFor(() => !orphans.some(isRunning), { what: 'the orphans to end' })
    const before = load.answered
    await waitFor(() => load.answered > before + 200)
    expect((await load.stop()).failures).toEqual([])
    expect(await young.stop()).toBe(0)
  })
})

describe('SIGKILL of a server under load', () => {
  test('costs no idempotent request; revived, it is used again once it has risen', async () => {
    await using stays = await new ServerProcess('stays').start()
    await using dies = await new ServerProcess('dies').start()
    await using gateway = await startGateway({
      workers: 2,
      config: {
        listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
        backends: {
          b: {
            servers: [
              { name: 'stays', url: stays.url },
              { name: 'dies', url: dies.url },
            ],
            health_check: { interval: '100ms', interval_down: '100ms', timeout: '1s', rise: 3, fall: 2 },
          },
        },
      },
    })
    for (let i = 0; i < 2; i++) await gateway.event('server_up') // the first checks
    const answered = { stays: 0, dies: 0 }
    const load = startLoad(gateway.port(), {
      connections: 16,
      isRight: ({ status, complete, body }) => {
        if (status !== 200 || !complete) return false
        answered[body as 'stays' | 'dies']++
        return true
      },
    })
    for (let round = 0; round < 2; round++) {
      await waitFor(() => answered.dies > 200 && answered.stays > 200)
      await dies.kill()
      const reason = (await gateway.event('server_down'))['reason']
      expect(reason).toBe('connect refused')
      // Nobody asks it while it is down.
      const while_down = answered.stays
      answered.dies = 0
      await waitFor(() => answered.stays > while_down + 500)
      expect(answered.dies).toBe(0)
      await dies.start()
      await gateway.event('server_up')
      // Until it has answered a request, what the last ones met is told.
      await waitFor(async () => (await serverIs(gateway.admin, 'dies', 'up')) === null)
    }
    await waitFor(() => answered.dies > 100)
    expect((await load.stop()).failures).toEqual([])
  })
})

/** Lines of the access log by the first half of their ids, which each worker has its own of. */
async function prefixes(gateway: Gateway): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { request_id: id } of await gateway.accessLog()) {
    const prefix = String(id).slice(0, 16)
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
  }
  return counts
}
