// Who gets which request, over all workers together and while the config changes.
import { describe, expect, test } from 'bun:test'
import { ALGORITHMS } from '../../server/backends/algorithm.options.ts'
import { startNamed } from '../support/backends.ts'
import { rawClient, type RawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { makeGate, pause, waitFor } from '../support/wait.ts'

type Words = Record<string, unknown>
interface Named {
  readonly name: string
  readonly origin: Origin
}

const web: Words = { web: { bind: '127.0.0.1:0', backend: 'b' } }
const toBackend = (backend: Words): Words => ({ listeners: web, backends: { b: backend } })
const start = (backend: Words, workers = 4): Promise<Gateway> =>
  startGateway({ workers, config: toBackend(backend) })

function startAll(...names: string[]): Named[] & AsyncDisposable {
  const all = names.map((name) => ({ name, origin: startNamed(name) }))
  return Object.assign(all, {
    [Symbol.asyncDispose]: async () => {
      for (const { origin } of all) origin.kill()
    },
  })
}
const words = ({ name, origin }: Named, more: Words = {}): Words => ({ name, url: origin.url, ...more })
const counts = (all: readonly Named[]): number[] => all.map(({ origin }) => origin.requests.length)

/** The body of the answer to one request on a connection of its own. */
async function askOnce(port: number, from?: string, fields = ''): Promise<string> {
  await using client = await rawClient(port, '127.0.0.1', from)
  const { status, body } = await client.get('/', fields)
  return status === 200 ? body : `${status} ${body}`
}

/** Connections until each of the workers surely has some: spread by the kernel, kept alive. */
const connect = (port: number, count: number): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: count }, () => rawClient(port)))

/** So many requests on each connection, all connections at once. */
async function sendOnAll(clients: readonly RawClient[], each: number): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < each; i++) expect((await client.get('/')).status).toBe(200)
    }),
  )
}

describe('shares', () => {
  test('weights 3:1 over four workers on kept connections: exactly 900 and 300 of 1,200', async () => {
    await using all = startAll('heavy', 'light')
    await using gateway = await start({ servers: [words(all[0]!, { weight: 3 }), words(all[1]!)] })
    const clients = await connect(gateway.port(), 24)
    await sendOnAll(clients, 50)
    expect(counts(all)).toEqual([900, 300])
    for (const client of clients) client.rst()
  })

  test('three equal servers get the same over whole periods, fresh and kept connections mixed', async () => {
    await using all = startAll('a', 'b', 'c')
    await using gateway = await start({ servers: all.map((one) => words(one)) })
    const kept = await connect(gateway.port(), 12)
    const fresh = async (): Promise<void> => {
      for (let i = 0; i < 25; i++) await askOnce(gateway.port())
    }
    await Promise.all([sendOnAll(kept, 50), ...Array.from({ length: 12 }, fresh)])
    expect(counts(all)).toEqual([300, 300, 300])
    for (const client of kept) client.rst()
  })

  test('a weight that is changed counts from the moment it is applied, on connections that stay open', async () => {
    await using all = startAll('a', 'b')
    const weights = (a: number, b: number): Words => ({
      servers: [words(all[0]!, { weight: a }), words(all[1]!, { weight: b })],
    })
    await using gateway = await start(weights(3, 1))
    const clients = await connect(gateway.port(), 16)
    for (const [a, b] of [
      [1, 3],
      [1, 0],
      [7, 1],
      [3, 1],
    ] as const) {
      expect((await gateway.apply(toBackend(weights(a, b)))).event).toBe('applied')
      for (const { origin } of all) origin.forget()
      await sendOnAll(clients, 25)
      expect(counts(all)).toEqual([(400 * a) / (a + b), (400 * b) / (a + b)])
    }
    expect(clients.every((client) => client.isOpen)).toBe(true)
    for (const client of clients) client.rst()
  })
})

describe('max_connections', () => {
  test('200 clients and ten places: ten are served, the others hear 503 after the queue timeout, never is there an eleventh', async () => {
    let now = 0
    let most = 0
    const gate = makeGate()
    await using origin = startOrigin(async (_request, reply) => {
      most = Math.max(most, ++now)
      await gate.opened
      now--
      reply.send(200, 'done')
    })
    await using gateway = await start({
      servers: [{ url: origin.url, max_connections: 10 }],
      queue: { timeout: '500ms' },
    })
    const clients = await connect(gateway.port(), 200)
    const answers = clients.map((client) => {
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      return client.readAnswer()
    })
    const refused = await waitForSettled(answers, 190)
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]))
    expect(refused.every(({ head }) => /^retry-after: \d+/im.test(head))).toBe(true)
    expect(refused[0]!.body).toContain('queue_timeout')
    gate.open()
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(10)
    expect(most).toBe(10)
    // The places are given back.
    await sendOnAll(clients.slice(0, 20), 2)
    expect(most).toBe(10)
    for (const client of clients) client.rst()
  })

  test('a full queue says so at once', async () => {
    const gate = makeGate()
    await using origin = startOrigin((_request, reply) => gate.opened.then(() => reply.send(200, 'done')))
    await using gateway = await start(
      { servers: [{ url: origin.url, max_connections: 2 }], queue: { size: 3, timeout: '10s' } },
      1,
    )
    const clients = await connect(gateway.port(), 12)
    const answers = clients.map((client) => {
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      return client.readAnswer()
    })
    const refused = await waitForSettled(answers, 12 - 2 - 3)
    for (const { status, body } of refused)
      expect([status, body]).toEqual([503, expect.stringContaining('queue_full')])
    gate.open()
    const served = (await Promise.all(answers)).filter(({ status }) => status === 200)
    expect(served).toHaveLength(5)
    for (const client of clients) client.rst()
  })
})

describe('hashes', () => {
  const addresses = Array.from({ length: 90 }, (_, i) => `127.0.0.${i + 10}`)
  const placeAll = async (port: number): Promise<Map<string, string>> =>
    new Map(await Promise.all(addresses.map(async (from) => [from, await askOnce(port, from)] as const)))

  test('ip_hash keeps each client at its server over all workers; a removed server moves only its own', async () => {
    await using all = startAll('a', 'b', 'c')
    const backend = (servers: readonly Named[]): Words => ({
      algorithm: 'ip_hash',
      servers: servers.map((one) => words(one)),
    })
    await using gateway = await start(backend(all))
    const before = await placeAll(gateway.port())
    expect(new Set(before.values())).toEqual(new Set(['a', 'b', 'c']))
    expect(await placeAll(gateway.port())).toEqual(before)
    expect((await gateway.apply(toBackend(backend([all[0]!, all[2]!])))).event).toBe('applied')
    const without = await placeAll(gateway.port())
    for (const [from, name] of before) {
      if (name === 'b') expect(without.get(from)).toMatch(/^[ac]$/)
      else expect(without.get(from)).toBe(name)
    }
    // What moved was shared, not heaped on one.
    const moved = [...before].filter(([, name]) => name === 'b').map(([from]) => without.get(from))
    expect(new Set(moved)).toEqual(new Set(['a', 'c']))
    expect((await gateway.apply(toBackend(backend(all)))).event).toBe('applied')
    expect(await placeAll(gateway.port())).toEqual(before)
  })

  test('hash on a header keeps each value at one server, whichever worker has the connection', async () => {
    await using all = startAll('a', 'b', 'c')
    await using gateway = await start({
      algorithm: 'hash',
      hash: { by: 'header', name: 'X-User', load_factor: 100 },
      servers: all.map((one) => words(one)),
    })
    const place = async (): Promise<string[]> =>
      await Promise.all(
        Array.from({ length: 60 }, (_, i) => askOnce(gateway.port(), undefined, `X-User: user-${i}\r\n`)),
      )
    const first = await place()
    expect(new Set(first)).toEqual(new Set(['a', 'b', 'c']))
    for (let i = 0; i < 3; i++) expect(await place()).toEqual(first)
  })
})

describe('by load', () => {
  test('least_connections sees what all workers have in flight', async () => {
    const gate = makeGate()
    const slow = (name: string): Origin =>
      startOrigin((_request, reply) => gate.opened.then(() => reply.send(200, name)))
    await using a = slow('a')
    await using b = slow('b')
    await using c = slow('c')
    const origins = [a, b, c]
    await using gateway = await start({
      algorithm: 'least_connections',
      servers: [{ url: a.url }, { url: b.url }, { url: c.url, weight: 2 }],
    })
    const begun = (): number => origins.reduce((sum, { requests }) => sum + requests.length, 0)
    // One after the other, so that there is one right server for each, wherever its connection fell.
    const clients = await connect(gateway.port(), 40)
    for (const [i, client] of clients.entries()) {
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      await waitFor(() => begun() === i + 1, { everyMs: 1 })
    }
    expect(origins.map(({ requests }) => requests.length)).toEqual([10, 10, 20])
    gate.open()
    for (const client of clients) {
      expect((await client.readAnswer()).status).toBe(200)
      client.rst()
    }
  })

  test('first_available fills the servers in their order', async () => {
    const gate = makeGate()
    const origins = ['a', 'b', 'c'].map((name) =>
      startOrigin((_request, reply) => gate.opened.then(() => reply.send(200, name))),
    )
    await using gateway = await start({
      algorithm: 'first_available',
      servers: origins.map(({ url }) => ({ url, max_connections: 5 })),
    })
    const clients = await connect(gateway.port(), 12)
    const begun = (): number => origins.reduce((sum, { requests }) => sum + requests.length, 0)
    for (const [i, client] of clients.entries()) {
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      await waitFor(() => begun() === i + 1, { everyMs: 1 })
    }
    expect(origins.map(({ requests }) => requests.length)).toEqual([5, 5, 2])
    gate.open()
    for (const client of clients) {
      expect((await client.readAnswer()).status).toBe(200)
      client.rst()
    }
    for (const origin of origins) origin.kill()
  })

  test('least_response_time prefers the fast server by far, and does not forget the slow one', async () => {
    await using fast = startNamed('fast')
    await using slow = startOrigin(async (_request, reply) => {
      await pause(30)
      reply.send(200, 'slow')
    })
    await using gateway = await start(
      { algorithm: 'least_response_time', servers: [{ url: fast.url }, { url: slow.url }] },
      1,
    )
    const clients = await connect(gateway.port(), 4)
    await sendOnAll(clients, 100)
    expect(slow.requests.length).toBeGreaterThan(0)
    expect(fast.requests.length).toBeGreaterThan(320)
    for (const client of clients) client.rst()
  })
})

/** That of a plugin has tests of its own. */
const OWN = ALGORITHMS.filter((algorithm) => algorithm !== 'plugin')

test('every algorithm of the schema serves, and uses all of its servers but where it should not', async () => {
  await using all = startAll('a', 'b', 'c')
  await using gateway = await startGateway({
    workers: 2,
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: OWN.map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
      backends: Object.fromEntries(
        OWN.map((algorithm) => [
          algorithm,
          {
            algorithm,
            servers: all.map((one) => words(one)),
            ...(algorithm === 'hash' ? { hash: { by: 'header', name: 'X-Key' } } : {}),
          },
        ]),
      ),
    },
  })
  const used = new Map<string, number>()
  for (const algorithm of OWN) {
    for (const { origin } of all) origin.forget()
    const clients = await connect(gateway.port(), 6)
    await Promise.all(
      clients.map(async (client, at) => {
        for (let i = 0; i < 20; i++)
          expect((await client.get(`/${algorithm}`, `X-Key: ${at * 20 + i}\r\n`)).status).toBe(200)
      }),
    )
    for (const client of clients) client.rst()
    expect(counts(all).reduce((sum, one) => sum + one, 0)).toBe(120)
    used.set(algorithm, counts(all).filter((count) => count > 0).length)
  }
  // One address, one server; nothing is ever full.
  const ofOne = ['ip_hash', 'first_available']
  for (const [algorithm, servers] of used) {
    if (!ofOne.includes(algorithm)) expect([algorithm, servers]).toEqual([algorithm, 3])
  }
  expect(used.get('first_available')).toBe(1)
})

/** The first `count` of these to settle. */
async function waitForSettled<T>(promises: readonly Promise<T>[], count: number): Promise<T[]> {
  const settled: T[] = []
  for (const promise of promises) void promise.then((value) => settled.push(value)).catch(() => {})
  await waitFor(() => settled.length >= count, { what: `${count} answers` })
  expect(settled).toHaveLength(count)
  return settled
}
