// Threat: few clients that stall within large bodies, each of which costs as much memory as the body is long.
//
// What a stalled side costs in memory, measured in the worker of a real gateway.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { residentBytes } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const MIB = 1 << 20
let origin: Origin
let sent = 0
let sink: Bun.TCPSocketListener<undefined>
let gateway: Gateway

beforeAll(async () => {
  origin = startOrigin(async (_request, reply) => {
    await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n')
    const piece = Buffer.alloc(MIB)
    const gone = reply.gone.then(() => true)
    for (let n = 0; n < 1024; n++) {
      if ((await Promise.race([reply.raw(piece), gone])) === true) return
      sent += MIB
    }
  })
  sink = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { open: (socket) => void socket.pause(), data() {} },
  })
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', limits: { body: '1GiB' } } },
      backends: {
        origin: { servers: [{ url: origin.url }] },
        sink: { servers: [{ url: `http://127.0.0.1:${sink.port}` }] },
      },
      rules: [
        { name: 'up', match: { path: '/up' }, backend: 'sink' },
        { name: 'down', backend: 'origin' },
      ],
    },
  })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
  sink.stop(true)
})

/** The worker's memory once it moves no more. */
async function settledMemory(): Promise<number> {
  const [worker] = gateway.workers
  let last = 0
  let rounds = 0
  return waitFor(
    () => {
      const now = residentBytes(worker ?? 0)
      rounds = Math.abs(now - last) < 64 * 1024 ? rounds + 1 : 0
      last = now
      return rounds >= 4 && now
    },
    { everyMs: 30 },
  )
}

/** Waits until `count` stands still above `least`. */
async function standsStill(count: () => number, least: number): Promise<void> {
  let last = -1
  let rounds = 0
  await waitFor(
    () => {
      const now = count()
      rounds = now === last && now > least ? rounds + 1 : 0
      last = now
      return rounds >= 4
    },
    { everyMs: 30, what: 'bytes to stop moving' },
  )
}

test('a client that stalls in an answer of 1 GB costs less than 8 MB', async () => {
  await using warm = await gateway.client()
  warm.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await waitFor(() => warm.reader.total > 4 * MIB)
  warm.rst()
  await origin.begun(1)
  const before = await settledMemory()
  await using client = await gateway.client()
  client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await client.readUntil('\r\n\r\n')
  client.pause()
  await standsStill(() => sent, 0)
  const grown = (await settledMemory()) - before
  expect(grown).toBeLessThan(8 * MIB)
  // And it is alive: it goes on when it is read again.
  const total = client.reader.total
  client.resume()
  await waitFor(() => client.reader.total > total + 20 * MIB)
})

test('an upload of 300 MB to a server that does not read costs less than 8 MB', async () => {
  const before = await settledMemory()
  await using client = await gateway.client()
  // In one: so much is copied for seconds on a busy machine, and a client must not stop behind its head.
  const head = Buffer.from(`POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: ${300 * MIB}\r\n\r\n`)
  client.send(Buffer.concat([head, Buffer.alloc(300 * MIB)]))
  await standsStill(() => 300 * MIB - client.unsent, MIB)
  const grown = (await settledMemory()) - before
  expect(grown).toBeLessThan(8 * MIB)
})

test('thirty stalled clients cost less than a megabyte each', async () => {
  const before = await settledMemory()
  const known = origin.requests.length
  const clients = await Promise.all(Array.from({ length: 30 }, () => gateway.client()))
  for (const client of clients) {
    client.pause()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  }
  await waitFor(() => origin.requests.length - known === clients.length)
  await standsStill(() => sent, 0)
  const grown = (await settledMemory()) - before
  for (const client of clients) client.rst()
  expect(grown / clients.length).toBeLessThan(MIB)
})
