// The cache of a rule when several ask at once, servers fail and clients leave: who waits for whom, and
// what is given stale.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { CachePlace } from '../support/cache-place.ts'
import type { RawClient } from '../support/client.ts'
import type { Reply, Script } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
const place = new CachePlace()
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterEach(() => place.forget())
afterAll(async () => {
  await place[Symbol.asyncDispose]()
  tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`))
  expect(bugs).toEqual([])
})

describe('requests for the same at once', () => {
  /** So many clients that ask for it; the server's first answer waits for the gate. */
  async function herd(count: number, host: string, path: string): Promise<RawClient[]> {
    const clients = await Promise.all(Array.from({ length: count }, () => place.gateway.client()))
    for (const [at, client] of clients.entries()) {
      client.send(place.ask(host, path))
      // The first is the one that the others wait for.
      if (at === 0) await place.origin.begun(1)
    }
    return clients
  }

  test('are one request at the server', async () => {
    const gate = makeGate()
    place.script = async (request, reply) => {
      await gate.opened
      place.counted('Cache-Control: max-age=60')(request, reply)
    }
    const clients = await herd(8, 'plain', '/a')
    gate.open()
    const answers = await Promise.all(clients.map((client) => client.readAnswer()))
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 8 }, () => '/a 1'))
    expect(answers.filter((one) => one.get('cache-status')?.endsWith('collapsed'))).toHaveLength(7)
    expect(place.asked).toBe(1)
  })

  test('each ask by themselves as soon as the answer is not for them', async () => {
    const gate = makeGate()
    const replies: Reply[] = []
    place.script = async (_, reply) => {
      replies.push(reply)
      await gate.opened
      // The head alone tells; the body of the first never ends before the others are served.
      await reply.raw(
        `HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Length: ${replies.length > 1 ? 1 : 2}\r\n\r\nx`,
      )
    }
    const [first, ...others] = await herd(5, 'plain', '/a')
    gate.open()
    await waitFor(() => place.asked === 5)
    await replies[0]?.raw('y')
    const bodies = await Promise.all(
      [first, ...others].map(async (client) => (await client?.readAnswer())?.bodyLength),
    )
    expect(bodies.filter((length) => length === undefined)).toEqual([])
  })

  test('the next one asks where the first has gone', async () => {
    const gate = makeGate()
    place.script = async (request, reply) => {
      await gate.opened
      place.counted('Cache-Control: max-age=60')(request, reply)
    }
    const [first, ...others] = await herd(4, 'plain', '/a')
    first?.rst()
    await place.origin.begun(2)
    gate.open()
    const bodies = await Promise.all(others.map(async (client) => (await client.readAnswer()).body))
    expect([bodies, place.asked]).toEqual([['/a 2', '/a 2', '/a 2'], 2])
  })

  test('what was asked for before a purge is not stored behind it', async () => {
    const gate = makeGate()
    place.script = async (request, reply) => {
      await gate.opened
      place.counted('Cache-Control: max-age=60')(request, reply)
    }
    const [client] = await herd(1, 'plain', '/a')
    place.store.purge({ is: 'place', host: 'plain.test', target: '/a' })
    gate.open()
    expect((await client?.readAnswer())?.body).toBe('/a 1')
    expect(place.store.figures.entries).toBe(0)
  })
})

describe('servers that fail', () => {
  const good = place.counted('ETag: "a"', 'Cache-Control: max-age=60, stale-if-error=100')
  const failures: [string, Script][] = [
    ['with a status', (_, reply) => reply.send(503, 'x'.repeat(100_000))],
    ['by breaking off', (_, reply) => reply.rst()],
  ]
  test.each(failures)(
    '%s: what is stored is given, and they are left alone for a second',
    async (_, fails) => {
      place.script = good
      await using client = await place.gateway.client()
      await place.get(client, 'plain', '/a')
      place.script = fails
      place.nowMs += 61_000
      for (let i = 0; i < 3; i++) {
        const stale = await place.get(client, 'plain', '/a')
        expect([stale.status, stale.body, stale.get('age')]).toEqual([200, '/a 1', '61'])
      }
      const before = place.asked
      place.nowMs += 2000
      await place.get(client, 'plain', '/a')
      expect(place.asked).toBeGreaterThan(before)
      place.nowMs += 100_000
      expect((await place.get(client, 'plain', '/a')).status).toBeGreaterThanOrEqual(502)
    },
  )

  test('what must be asked about is not given stale', async () => {
    place.script = place.counted(
      'ETag: "a"',
      'Cache-Control: max-age=60, stale-if-error=100, must-revalidate',
    )
    await using client = await place.gateway.client()
    await place.get(client, 'plain', '/a')
    place.script = (_, reply) => reply.send(500, 'no')
    place.nowMs += 61_000
    expect((await place.get(client, 'plain', '/a')).status).toBe(500)
  })
})

describe('a stale answer that may be given while its server is asked', () => {
  const fresh = 'Cache-Control: max-age=60, stale-while-revalidate=100'

  test('is given at once, and asked about behind it, once', async () => {
    place.script = place.counted('ETag: "a"', fresh)
    await using client = await place.gateway.client()
    await place.get(client, 'plain', '/swr')
    place.nowMs += 61_000
    const gate = makeGate()
    place.script = async (_, reply) => {
      await gate.opened
      reply.send(304, '', ['ETag: "a"', fresh])
    }
    for (let i = 0; i < 3; i++) {
      const stale = await place.get(client, 'plain', '/swr')
      expect([stale.body, stale.get('age'), stale.get('cache-status')]).toEqual([
        '/swr 1',
        '61',
        'Sluice; hit; ttl=-1',
      ])
    }
    expect((await place.origin.received(2)).get('if-none-match')).toBe('"a"')
    gate.open()
    await waitFor(() => place.store.flights.size === 0, { what: 'the answer behind it' })
    expect((await place.get(client, 'plain', '/swr')).get('age')).toBe('0')
    expect(place.asked).toBe(2)
  })

  test('makes room for another one', async () => {
    place.script = place.counted(fresh)
    await using client = await place.gateway.client()
    await place.get(client, 'plain', '/swr')
    place.nowMs += 61_000
    expect((await place.get(client, 'plain', '/swr')).body).toBe('/swr 1')
    await waitFor(() => place.asked === 2 && place.store.flights.size === 0)
    expect((await place.get(client, 'plain', '/swr')).body).toBe('/swr 2')
  })

  test('stays where its server fails, which is asked again a second later', async () => {
    place.script = place.counted(fresh)
    await using client = await place.gateway.client()
    await place.get(client, 'plain', '/swr')
    place.script = (_, reply) => reply.send(500, 'no')
    place.nowMs += 61_000
    for (let i = 0; i < 3; i++) {
      expect((await place.get(client, 'plain', '/swr')).body).toBe('/swr 1')
      await waitFor(() => place.asked === 2 && place.store.flights.size === 0)
    }
    place.nowMs += 1000
    await place.get(client, 'plain', '/swr')
    await waitFor(() => place.asked === 3 && place.store.flights.size === 0)
  })

  test('is asked about as its rule rewrites requests', async () => {
    place.script = (request, reply) =>
      reply.send(200, `${request.target} ${request.get('host')} ${place.asked}`, [
        ...['Cache-Control: max-age=1, stale-while-revalidate=60', `Location: ${place.origin.url}/x`],
      ])
    await using client = await place.gateway.client()
    expect((await place.get(client, 'rewritten', '/a/swr')).body).toBe('/swr inner.test 1')
    place.nowMs += 2000
    expect((await place.get(client, 'rewritten', '/a/swr')).body).toBe('/swr inner.test 1')
    await waitFor(() => place.store.flights.size === 0, { what: 'the answer behind it' })
    const after = await place.get(client, 'rewritten', '/a/swr')
    expect([after.body, after.get('age')]).toEqual(['/swr inner.test 2', '0'])
    expect(after.get('location')).toBe('http://rewritten.test/a/x')
  })

  test('is asked about by a request of its own where steps behind the cache change requests', async () => {
    place.script = place.counted(fresh)
    await using client = await place.gateway.client()
    await place.get(client, 'changing', '/swr')
    place.nowMs += 61_000
    const second = await place.get(client, 'changing', '/swr')
    expect([second.body, place.origin.requests[1]?.get('x-added')]).toEqual(['/swr 2', 'yes'])
  })
})
