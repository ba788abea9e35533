// What is tried again as a backend says it: statuses, Retry-After, faults, the time of an attempt, and the
// budget. What is never: a POST that may have been done.
import { describe, expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { freePort } from '../support/kernel.ts'
import { type Script, startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
const sending = (method: string, body: string): string =>
  `${method} / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const refusing = (): string => `http://127.0.0.1:${freePort()}`
const busy: Script = (_request, reply) => reply.send(503, 'busy', ['X-Who: busy'])
const retry = { statuses: [503], backoff: '1ms' }

describe('an answer of a status that is tried again', () => {
  test('is not passed on: another server gives its own, and both connections serve on', async () => {
    await using bad = startOrigin(busy)
    await using good = startOrigin((_request, reply) => reply.send(200, 'good'))
    await using gateway = startEngine({
      config: toServers([bad.url, good.url], { retry, algorithm: 'round_robin' }),
    })
    await using client = await gateway.client()
    for (let n = 0; n < 4; n++) expect((await client.get('/')).body).toBe('good')
    // Turn by turn: two of four met the bad one first.
    expect([bad.requests.length, good.requests.length]).toEqual([2, 4])
    expect([bad.accepted, good.accepted]).toEqual([1, 1])
    const tried = gateway.log.find(({ attempts }) => attempts === 2)
    expect(tried).toMatchObject({ status: 200, fault: null, server: good.url })
    expect(tried?.tries).toMatchObject([
      { server: bad.url, status: 503, reason: null, phase: null, fault: null },
      { server: good.url, status: 200, reason: 'status_503' },
    ])
    expect(gateway.counted('retries_total')).toEqual({ 'origin status_503': 2 })
    await gateway.settled()
  })

  test('is what the client gets, head and body, when attempts are used up: the last of them', async () => {
    let count = 0
    await using bad = startOrigin((_request, reply) => reply.send(503, `answer ${++count}`, ['X-N: yes']))
    await using gateway = startEngine({ config: toServers([bad.url], { retry: { ...retry, attempts: 3 } }) })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect([answer.status, answer.body, answer.get('x-n')]).toEqual([503, 'answer 3', 'yes'])
    expect(answer.get('proxy-status')).toBeNull()
    expect(gateway.log[0]).toMatchObject({ attempts: 3, status: 503, fault: null, server: bad.url })
    await gateway.settled()
  })

  test('is passed on after all where no other comes: the next server refuses, or the last has gone', async () => {
    await using bad = startOrigin(busy)
    await using gateway = startEngine({
      config: toServers([bad.url, refusing()], { retry: { ...retry, attempts: 2 } }),
    })
    await using client = await gateway.client()
    await waitFor(async () => {
      const answer = await client.get('/')
      expect([answer.status, answer.body, answer.get('x-who')]).toEqual([503, 'busy', 'busy'])
      return gateway.log.at(-1)?.tries?.[0]?.status === 503
    })
    const last = gateway.log.at(-1)
    expect(last).toMatchObject({ attempts: 2, fault: null, server: bad.url })
    expect(last?.tries?.[1]).toMatchObject({ fault: 'connect_refused', reason: 'status_503' })
    expect(last?.detail).toContain('connect_refused')
    await gateway.settled()
  })

  test('is passed on for a POST, and where it is none of those statuses', async () => {
    let status = 503
    await using origin = startOrigin((_request, reply) => reply.send(status, 'x'))
    await using gateway = startEngine({ config: toServers([origin.url], { retry }) })
    await using client = await gateway.client()
    client.send(sending('POST', 'hello'))
    expect((await client.readAnswer()).status).toBe(503)
    expect(origin.requests).toHaveLength(1)
    status = 500
    expect((await client.get('/')).status).toBe(500)
    expect(origin.requests).toHaveLength(2)
    await gateway.settled()
  })

  test('has its body dropped within a bound, however long it is or how slowly it comes', async () => {
    const never = makeGate()
    for (const kind of ['large', 'endless'] as const) {
      let asked = 0
      await using origin = startOrigin(async (_request, reply) => {
        if (asked++ > 0) return reply.send(200, 'good')
        await reply.raw('HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n')
        if (kind === 'large') await reply.raw(`18000\r\n${'x'.repeat(0x18000)}\r\n0\r\n\r\n`)
        else await never.opened
      })
      await using gateway = startEngine({ config: toServers([origin.url], { retry }) })
      await using client = await gateway.client()
      expect([kind, (await client.get('/')).body]).toEqual([kind, 'good'])
      // The connection of the answer that was not read to its end is none for others.
      expect(origin.accepted).toBe(2)
      await gateway.settled()
      never.open()
    }
  })

  test('of HEAD, in chunks with trailers, behind 103, to HTTP/1.0: as any other', async () => {
    let asked = 0
    await using origin = startOrigin(async (request, reply) => {
      if (request.target === '/103') await reply.raw('HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n')
      if (asked++ % 2 === 0) {
        if (request.method === 'HEAD')
          return void (await reply.raw('HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\n'))
        return void (await reply.raw(
          'HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n4\r\nbusy\r\n0\r\nX-T: 1\r\n\r\n',
        ))
      }
      return reply.send(200, 'good')
    })
    await using gateway = startEngine({ config: toServers([origin.url], { retry }) })
    await using client = await gateway.client()
    client.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await client.readAnswer({ method: 'HEAD' })).status).toBe(200)
    expect((await client.get('/')).body).toBe('good')
    const early = await client.get('/103')
    expect([early.status, early.body, early.interim.map(({ status }) => status)]).toEqual([
      200,
      'good',
      [103, 103],
    ])
    await using old = await gateway.client()
    old.send('GET / HTTP/1.0\r\nHost: h\r\n\r\n')
    expect((await old.readAnswer()).body).toBe('good')
    expect(origin.problems).toEqual([])
    await gateway.settled()
  })

  test('in chunks with trailers is whole for the client who gets it in the end, and content for an old one', async () => {
    await using origin = startOrigin((_request, reply) =>
      reply.raw('HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n0\r\nX-T: 1\r\n\r\n'),
    )
    const dead = refusing()
    await using gateway = startEngine({
      config: toServers([origin.url, { url: dead, backup: true }], { retry: { ...retry, attempts: 2 } }),
    })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect([answer.status, answer.body, answer.complete]).toEqual([503, 'busy', true])
    expect(answer.trailers).toEqual([['X-T', '1']])
    await using old = await gateway.client()
    old.send('GET / HTTP/1.0\r\nHost: h\r\n\r\n')
    expect((await old.readAnswer()).body).toBe('busy')
    await gateway.settled()
  })

  test('costs nobody a body: up to 64 KiB are sent again byte for byte, in chunks too', async () => {
    const body = Buffer.from(Array.from({ length: 65_536 }, (_, n) => (n * 7) & 0x7f)).toString('latin1')
    let asked = 0
    await using origin = startOrigin((request, reply) =>
      asked++ % 2 === 0 ? reply.send(503) : reply.send(200, String(Bun.hash(request.body))),
    )
    await using gateway = startEngine({ config: toServers([origin.url], { retry }) })
    await using client = await gateway.client()
    client.send(sending('PUT', body))
    expect((await client.readAnswer()).body).toBe(String(Bun.hash(body)))
    client.send(
      'PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
    )
    expect((await client.readAnswer()).body).toBe(String(Bun.hash('abcde')))
    expect(origin.requests.at(-1)?.trailers).toEqual([['X-T', '1']])
    // A larger one is not kept: its answer is passed on.
    client.send(sending('PUT', `${body}x`))
    expect((await client.readAnswer()).status).toBe(503)
    await gateway.settled()
  })
})

describe('Retry-After', () => {
  test('is waited for where only that server is left, and no answer passes that asks for too long', async () => {
    let wait = '1'
    const seen: number[] = []
    await using origin = startOrigin((_request, reply) => {
      seen.push(performance.now())
      return seen.length === 2 ? reply.send(200, 'good') : reply.send(503, 'later', [`Retry-After: ${wait}`])
    })
    await using gateway = startEngine({
      config: toServers([origin.url], { retry: { ...retry, retry_after_max: '2s' } }),
    })
    await using client = await gateway.client()
    expect((await client.get('/')).body).toBe('good')
    expect(seen[1]! - seen[0]!).toBeGreaterThanOrEqual(999)
    wait = new Date(Date.now() + 60_000).toUTCString()
    const answer = await client.get('/')
    expect([answer.status, answer.get('retry-after'), seen.length]).toEqual([503, wait, 3])
    expect(gateway.log[1]).toMatchObject({ attempts: 1, fault: null })
    await gateway.settled()
  })

  test('of one server keeps nobody from another', async () => {
    await using bad = startOrigin((_request, reply) => reply.send(503, '', ['Retry-After: 3600']))
    await using good = startOrigin((_request, reply) => reply.send(200, 'good'))
    await using gateway = startEngine({ config: toServers([bad.url, good.url], { retry }) })
    await using client = await gateway.client()
    for (let n = 0; n < 4; n++) expect((await client.get('/')).body).toBe('good')
    expect(bad.requests.length).toBe(2)
    await gateway.settled()
  })

  test('is forgotten with the client who leaves meanwhile', async () => {
    await using origin = startOrigin((_request, reply) => reply.send(503, 'later', ['Retry-After: 5']))
    await using gateway = startEngine({ config: toServers([origin.url], { retry }) })
    const client = await gateway.client()
    client.send(GET)
    await waitFor(() => gateway.backend().retry.budget.inUse === 1 && gateway.inFlight === 0)
    client.rst()
    expect(await gateway.logged()).toMatchObject({ status: 499, fault: 'client_abort', attempts: 1 })
    expect(gateway.backend().retry.budget.inUse).toBe(0)
    await gateway.settled()
    expect(origin.requests).toHaveLength(1)
  })
})

describe('the time of an attempt', () => {
  test('sends what is idempotent elsewhere', async () => {
    await using silent = startOrigin(() => {})
    await using good = startOrigin((_request, reply) => reply.send(200, 'good'))
    await using gateway = startEngine({
      config: toServers([silent.url, { url: good.url, backup: true }], {
        retry: { timeout: '10s', attempts: 2 },
      }),
    })
    await using client = await gateway.client()
    client.send(GET)
    await silent.received(1)
    const [slot] = gateway.servers.map((server) => server.slot)
    // No further: the second attempt has a time of its own.
    const fromMs = performance.now()
    for (let ms = 0; gateway.board.failedAttempts(slot!) === 0; ms += 25)
      gateway.engine.wheel.sweep(fromMs + ms)
    expect((await client.readAnswer()).body).toBe('good')
    expect(gateway.log[0]).toMatchObject({ attempts: 2, server: good.url })
    expect(gateway.log[0]?.tries?.[0]).toMatchObject({
      ...{ server: silent.url, fault: 'attempt_timeout', phase: 'wait' },
    })
    expect(gateway.board.failedAttempts(slot!)).toBe(1)
    await gateway.settled()
  })

  test('is a 504 once attempts are used up', async () => {
    await using silent = startOrigin(() => {})
    await using gateway = startEngine({
      config: toServers([silent.url], { retry: { timeout: '10s', attempts: 2, backoff: '1ms' } }),
    })
    await using client = await gateway.client()
    client.send(GET)
    for (const n of [1, 2]) {
      await silent.received(n)
      gateway.runAhead(n * 20_000)
    }
    expect((await client.readAnswer()).status).toBe(504)
    expect(gateway.log[0]).toMatchObject({ fault: 'attempt_timeout', attempts: 2 })
    await gateway.settled()
  })

  test('is a 504 for a POST that was sent, which nobody sends again; not counted while its client sends', async () => {
    await using origin = startOrigin(() => {})
    await using gateway = startEngine({
      config: toServers([origin.url, origin.url.replace('127.0.0.1', 'localhost')], {
        retry: { timeout: '3s' },
      }),
    })
    await using client = await gateway.client()
    const request = sending('POST', 'hello')
    client.send(request.slice(0, -1))
    await origin.begun(1)
    gateway.runAhead(3_100)
    expect(gateway.log).toEqual([])
    client.send(request.slice(-1))
    await origin.received(1)
    gateway.runAhead(8_000)
    const answer = await client.readAnswer()
    expect([answer.status, origin.requests.length]).toEqual([504, 1])
    expect(gateway.log[0]).toMatchObject({ fault: 'attempt_timeout', sent: true, attempts: 1 })
    await gateway.settled()
  })
})

describe('faults', () => {
  test('that are named are tried again, others are not', async () => {
    let mode: 'half' | 'close' = 'half'
    await using bad = startOrigin(async (_request, reply) => {
      if (mode === 'half') await reply.raw('HTTP/1.1 200 OK\r\nContent-')
      reply.fin()
    })
    await using good = startOrigin((_request, reply) => reply.send(200, 'good'))
    await using gateway = startEngine({
      config: toServers([bad.url, good.url], { retry: { faults: ['server_truncated'] } }),
    })
    await using client = await gateway.client()
    for (let n = 0; n < 2; n++) expect((await client.get('/')).body).toBe('good')
    expect(gateway.counted('retries_total')).toEqual({ 'origin server_truncated': 1 })
    mode = 'close'
    await waitFor(async () => (await client.get('/')).status === 502)
    expect(gateway.log.at(-1)).toMatchObject({ fault: 'server_closed', attempts: 1 })
    await gateway.settled()
  })

  test('a POST that reached nobody is tried again until it has reached somebody, and then never', async () => {
    await using origin = startOrigin((_request, reply) => reply.rst())
    await using gateway = startEngine({
      config: toServers([refusing(), refusing(), origin.url], { retry: { attempts: 5, backoff: '1ms' } }),
    })
    for (let n = 0; n < 6; n++) {
      await using client = await gateway.client()
      client.send(sending('POST', 'hello'))
      expect((await client.readAnswer()).status).toBe(502)
    }
    expect(origin.requests).toHaveLength(6)
    for (const line of gateway.log) expect(line).toMatchObject({ fault: 'server_closed', sent: true })
    await gateway.settled()
  })
})

describe('the budget', () => {
  test('lets so many be tried again at once, and says of others why they were not', async () => {
    const gate = makeGate()
    await using bad = startOrigin((_request, reply) => reply.send(503, 'busy'))
    await using slow = startOrigin(async (_request, reply) => {
      await gate.opened
      reply.send(200, 'good')
    })
    // Each meets the bad one first.
    await using gateway = startEngine({
      config: toServers([bad.url, { url: slow.url, backup: true }], {
        retry: { ...retry, budget: { ratio: 0, least: 2 } },
      }),
    })
    const clients = await Promise.all(Array.from({ length: 5 }, () => gateway.client()))
    for (const client of clients) client.send(GET)
    await waitFor(() => gateway.log.length === 3)
    await slow.received(2)
    for (const line of gateway.log) {
      expect(line).toMatchObject({ status: 503, attempts: 1, fault: null })
      expect(line.detail).toContain('the retry budget of backend origin is used up (2 under way)')
    }
    expect([slow.requests.length, gateway.backend().retry.budget.inUse]).toEqual([2, 2])
    gate.open()
    const statuses = await Promise.all(clients.map(async (client) => (await client.readAnswer()).status))
    expect(statuses.toSorted()).toEqual([200, 200, 503, 503, 503])
    await waitFor(() => gateway.backend().retry.budget.inUse === 0)
    expect(gateway.counted('retry_budget_exhausted_total')).toEqual({ origin: 3 })
    await gateway.settled()
  })

  test('is for attempts without an answer: a stream that was tried again, or a tunnel, has no place in it', async () => {
    const never = makeGate()
    let asked = 0
    await using origin = startOrigin(async (request, reply) => {
      if (asked++ % 2 === 0) return reply.send(503, 'busy')
      if (request.get('upgrade') !== null)
        return void (await reply.raw('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhi'))
      await reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n')
      await never.opened
    })
    await using gateway = startEngine({ config: toServers([origin.url], { retry }) })
    for (const field of ['', 'Connection: upgrade\r\nUpgrade: websocket\r\n']) {
      const client = await gateway.client()
      client.send(GET.replace('\r\n\r\n', `\r\n${field}\r\n`))
      await client.readUntil('hi')
      expect([gateway.inFlight > 0, gateway.backend().retry.budget.inUse]).toEqual([true, 0])
    }
    never.open()
    await gateway.settled()
    expect(gateway.backend().retry.budget.inUse).toBe(0)
  })

  test('is not touched by what reached nobody', async () => {
    await using good = startOrigin((_request, reply) => reply.send(200, 'good'))
    await using gateway = startEngine({
      config: toServers([refusing(), good.url], { retry: { budget: { ratio: 0, least: 0 } } }),
    })
    await using client = await gateway.client()
    for (let n = 0; n < 4; n++) expect((await client.get('/')).body).toBe('good')
    expect(gateway.counted('retry_budget_exhausted_total')).toEqual({})
    await gateway.settled()
  })
  test('is not touched by what a server lost when it died, however much was in flight there', async () => {
    const gate = makeGate()
    await using dies = startOrigin((_request, reply) => gate.opened.then(() => reply.rst()))
    await using good = startOrigin((_request, reply) => reply.send(200, 'good'))
    await using gateway = startEngine({
      config: toServers([dies.url, { url: good.url, backup: true }], {
        retry: { ...retry, budget: { ratio: 0, least: 0 } },
      }),
    })
    const clients = await Promise.all(Array.from({ length: 8 }, () => gateway.client()))
    for (const client of clients) client.send(GET)
    await dies.received(8)
    gate.open()
    for (const client of clients) expect((await client.readAnswer()).body).toBe('good')
    expect(gateway.counted('retry_budget_exhausted_total')).toEqual({})
    await gateway.settled()
  })
})
