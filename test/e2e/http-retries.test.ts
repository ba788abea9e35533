// Attempts: what is tried again and where, what waits for room, and what no server can take.
import { describe, expect, test } from 'bun:test'
import { STATE_DOWN, STATE_UP } from '../../server/scoreboard/states.ts'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { freePort } from '../support/kernel.ts'
import { type Script, startOrigin } from '../support/origin.ts'
import { makeGate, pause, staysTrue, waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
const post = (body: string): string =>
  `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** A port that refuses connections. */
const refusing = (): string => `http://127.0.0.1:${freePort()}`

describe('a pooled connection that its server closes as the request arrives', () => {
  const staleOnce: Script = (request, reply) => {
    if (request.connection === 0 && request.place === 1) return reply.fin()
    return reply.send(200, `${request.method} ${request.connection} ${request.body}`)
  }

  test('costs a GET nothing, and a PUT with its body neither', async () => {
    await using origin = startOrigin(staleOnce)
    for (const request of [GET, post('hello').replace('POST', 'PUT')]) {
      await using gateway = startEngine({ config: toServers([origin.url], { retry: { attempts: 1 } }) })
      await using client = await gateway.client()
      const first = (await client.get('/')).body.split(' ')[1]
      client.send(request)
      const answer = await client.readAnswer()
      expect(answer.status).toBe(200)
      if (first === '0') expect(answer.body.split(' ')[1]).toBe('1')
      expect(gateway.log[1]).toMatchObject({ status: 200, fault: null, attempts: 1 })
      await gateway.settled()
    }
    expect(origin.problems).toEqual([])
  })

  test('is not repeated for a POST: it may have been done', async () => {
    await using origin = startOrigin(staleOnce)
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    await client.get('/')
    client.send(post('hello'))
    expect((await client.readAnswer()).status).toBe(502)
    expect(gateway.log[1]).toMatchObject({ fault: 'server_closed', sent: true, attempts: 1 })
    expect(origin.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
    // The client's connection is as good as before.
    expect((await client.get('/')).status).toBe(200)
    await gateway.settled()
  })

  test('and is then a lost attempt, in the log and to who judges its server; one made good is none', async () => {
    for (const end of ['fin', 'rst'] as const) {
      await using origin = startOrigin((request, reply) =>
        request.place === 1 ? reply[end]() : reply.send(200),
      )
      await using gateway = startEngine({ config: toServers([origin.url]) })
      const { slot, live } = gateway.backend().servers[0]!
      const counted = (): readonly unknown[] => [
        gateway.board.attempts(slot),
        gateway.board.failedAttempts(slot),
        gateway.board.refusedAttempts(slot),
        gateway.board.lastFault(slot)?.inARow ?? 0,
        live.record.burden(performance.now()) > 0,
      ]
      await using client = await gateway.client()
      await client.get('/')
      expect((await client.get('/')).status).toBe(200)
      expect(gateway.log[1]).toMatchObject({ attempts: 1, tries: null })
      expect(counted()).toEqual([2, 0, 0, 0, false])
      client.send(post('hello'))
      expect((await client.readAnswer()).status).toBe(502)
      expect(gateway.log[2]).toMatchObject({ attempts: 1, fault: 'server_closed' })
      expect(gateway.log[2]?.tries).toMatchObject([{ phase: 'wait', fault: 'server_closed' }])
      expect(counted()).toEqual([3, 1, 0, 1, true])
      await gateway.settled()
    }
  })

  test('after the first byte of an answer nothing is repeated', async () => {
    await using origin = startOrigin(async (request, reply) => {
      if (request.place === 0) return reply.send(200)
      await reply.raw('H')
      return reply.fin()
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    await client.get('/')
    expect((await client.get('/')).status).toBe(502)
    expect(gateway.log[1]).toMatchObject({ fault: 'server_truncated', attempts: 1 })
    expect(origin.requests).toHaveLength(2)
    await gateway.settled()
  })
})

describe('another attempt', () => {
  test('goes to another server, with the body, where the connection was refused', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([refusing(), origin.url]) })
    await using client = await gateway.client()
    client.send(post('hello'))
    expect((await client.readAnswer()).body).toBe('POST / hello')
    expect(gateway.log[0]).toMatchObject({ attempts: 2, fault: null, server: origin.url })
    await gateway.settled()
  })

  test('goes to each other server before one is tried twice, and there are as many as the config allows', async () => {
    await using a = startOrigin((_request, reply) => reply.rst())
    await using b = startOrigin((_request, reply) => reply.rst())
    await using gateway = startEngine({
      config: toServers([a.url, b.url], { retry: { attempts: 4, backoff: '5ms' } }),
    })
    await using client = await gateway.client()
    expect((await client.get('/')).status).toBe(502)
    expect([a.requests.length, b.requests.length]).toEqual([2, 2])
    expect(gateway.log[0]).toMatchObject({ attempts: 4, fault: 'server_closed', sent: true })
    await gateway.settled()
  })

  test('is not made for a POST that was sent', async () => {
    await using a = startOrigin((_request, reply) => reply.rst())
    await using b = startOrigin((_request, reply) => reply.rst())
    await using gateway = startEngine({ config: toServers([a.url, b.url]) })
    await using client = await gateway.client()
    client.send(post('hello'))
    expect((await client.readAnswer()).status).toBe(502)
    expect(a.requests.length + b.requests.length).toBe(1)
    await gateway.settled()
  })

  test('keeps up to 64 KiB of a body that is sent again, and no more', async () => {
    let left = 1
    await using origin = startOrigin((request, reply) => {
      if (left-- > 0) return reply.rst()
      return reply.send(200, String(request.bodyLength))
    })
    for (const [length, status] of [
      [65_536, 200],
      [65_537, 502],
    ] as const) {
      left = 1
      await using gateway = startEngine({ config: toServers([origin.url], { retry: { backoff: '1ms' } }) })
      await using client = await gateway.client()
      client.send(post('x'.repeat(length)).replace('POST', 'PUT'))
      const answer = await client.readAnswer()
      expect([length, answer.status]).toEqual([length, status])
      if (status === 200) expect(answer.body).toBe(String(length))
      await gateway.settled()
    }
  })

  test('is called off when the client leaves', async () => {
    await using origin = startOrigin((_request, reply) => reply.rst())
    await using gateway = startEngine({
      config: toServers([origin.url], { retry: { attempts: 3, backoff: '4s' } }),
    })
    const client = await gateway.client()
    client.send(GET)
    await origin.received(1)
    await waitFor(() => gateway.outbound.open === 0)
    client.rst()
    expect(await gateway.logged()).toMatchObject({ status: 499, fault: 'client_abort', attempts: 1 })
    await gateway.settled()
    expect(origin.requests).toHaveLength(1)
  })
})

describe('what is counted', () => {
  test('an attempt that failed counts once for its server, also when its client leaves before the next', async () => {
    await using gateway = startEngine({
      config: toServers([refusing()], { retry: { attempts: 3, backoff: '60s' } }),
    })
    const server = gateway.engine.snapshot.backends.values().next().value?.servers[0]
    await using client = await gateway.client()
    client.send(GET)
    await waitFor(() => gateway.engine.board.failedAttempts(server?.slot ?? 0) > 0)
    client.rst()
    expect(await gateway.logged()).toMatchObject({ fault: 'client_abort', attempts: 1, server: null })
    const { board } = gateway.engine
    const slot = server?.slot ?? 0
    expect([board.attempts(slot), board.failedAttempts(slot)]).toEqual([1, 1])
    // The request is nobody's: no server answered it.
    expect(board.requests(slot)).toBe(0)
    await gateway.settled()
  })

  test('one whose client left before its answer is counted too, and tells nothing of its server', async () => {
    await using origin = startOrigin(() => undefined, { when: 'head' })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const { slot } = gateway.backend().servers[0]!
    const requests = [GET, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf']
    for (const [index, request] of requests.entries()) {
      const client = await gateway.client()
      client.send(request)
      await origin.begun(index + 1)
      client.rst()
      expect(await gateway.logged()).toMatchObject({ fault: 'client_abort', attempts: 1 })
    }
    await gateway.settled()
    const { board } = gateway
    expect([board.requests(slot), board.attempts(slot), board.givenUpAttempts(slot)]).toEqual([2, 2, 2])
    expect([board.failedAttempts(slot), board.lastFault(slot)]).toEqual([0, null])
  })

  test("the time that a client takes to send its request is not its server's", async () => {
    await using origin = startOrigin((_request, reply) => reply.send(200))
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const live = gateway.engine.snapshot.backends.values().next().value?.servers[0]?.live
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na')
    await origin.begun()
    await pause(120)
    const wholeMs = performance.now()
    client.send('b')
    expect((await client.readAnswer()).status).toBe(200)
    expect(live?.record.meanMs).toBeLessThanOrEqual(performance.now() - wholeMs)
    await gateway.settled()
  })
})

describe('a full backend', () => {
  test('lets requests wait in order, body and all, and says how long', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (request, reply) => {
      if (request.target === '/first') await gate.opened
      reply.send(200, request.body)
    })
    await using gateway = startEngine({ config: toServers([{ url: origin.url, max_connections: 1 }]) })
    await using first = await gateway.client()
    first.send('GET /first HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.received(1)
    const waiting = await Promise.all([gateway.client(), gateway.client()])
    for (const [n, client] of waiting.entries()) {
      client.send(post(`body ${n}`))
      await waitFor(() => gateway.backend().queue.length === n + 1)
    }
    expect(gateway.inFlight).toBe(1)
    await pause(20)
    gate.open()
    for (const [n, client] of waiting.entries()) expect((await client.readAnswer()).body).toBe(`body ${n}`)
    expect(origin.requests.map(({ body }) => body)).toEqual(['', 'body 0', 'body 1'])
    expect(gateway.log[1]?.queueMs).toBeGreaterThanOrEqual(19)
    expect(gateway.log[0]?.queueMs).toBe(0)
    await gateway.settled()
  })

  test('gives 503 with Retry-After when the wait is too long or the queue full', async () => {
    await using origin = startOrigin(() => {})
    await using gateway = startEngine({
      config: toServers([{ url: origin.url, max_connections: 1 }], { queue: { size: 1, timeout: '1s' } }),
    })
    await using first = await gateway.client()
    first.send(GET)
    await origin.received(1)
    await using second = await gateway.client()
    second.send(GET)
    await waitFor(() => gateway.backend().queue.length === 1)
    await using third = await gateway.client()
    const full = await third.get('/')
    expect([full.status, full.get('retry-after')]).toEqual([503, '5'])
    const late = await second.readAnswer()
    expect([late.status, late.get('retry-after'), late.get('connection')]).toEqual([503, '5', null])
    expect(gateway.log.map(({ fault, attempts }) => [fault, attempts])).toEqual([
      ['queue_full', 0],
      ['queue_timeout', 0],
    ])
    expect(gateway.log[1]?.queueMs).toBeGreaterThanOrEqual(1000)
    await gateway.settled()
  })

  test('holds a large body back while it waits', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (request, reply) => {
      if (request.place === 0 && request.connection === 0) await gate.opened
      reply.send(200, String(request.bodyLength))
    })
    await using gateway = startEngine({ config: toServers([{ url: origin.url, max_connections: 1 }]) })
    await using first = await gateway.client()
    first.send(GET)
    await origin.received(1)
    await using second = await gateway.client()
    second.send(post('x'.repeat(5_000_000)))
    await waitFor(() => gateway.backend().queue.length === 1)
    gate.open()
    expect((await second.readAnswer()).body).toBe('5000000')
    await gateway.settled()
  })
})

describe('no server', () => {
  test('gives 503 that says why each is not used', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([origin.url, { url: refusing(), weight: 0 }]) })
    const [server] = gateway.servers
    gateway.backend().reasons.set(origin.url, 'status 500, wanted 200')
    gateway.setState(server!, STATE_DOWN)
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect([answer.status, answer.get('retry-after')]).toEqual([503, '5'])
    expect(answer.body).toContain(`${origin.url}: status 500, wanted 200`)
    expect(answer.body).toContain('weight 0')
    expect(await gateway.logged()).toMatchObject({ fault: 'no_server', attempts: 0, server: null })
    gateway.setState(server!, STATE_UP)
    expect((await client.get('/')).status).toBe(200)
    await gateway.settled()
  })

  test('a refused connection to the only server is told as such', async () => {
    await using gateway = startEngine({ config: toServers([refusing()], { retry: { backoff: '1ms' } }) })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect(answer.status).toBe(502)
    expect(await gateway.logged()).toMatchObject({ fault: 'connect_refused', sent: false, attempts: 3 })
    await gateway.settled()
  })
})

describe('names of servers', () => {
  test('localhost is known without DNS', async () => {
    await using origin = startOrigin(answering('here'))
    await using gateway = startEngine({ config: toServers([`http://localhost:${origin.port}`]) })
    await using client = await gateway.client()
    expect((await client.get('/')).body).toBe('here')
    expect((await client.get('/')).body).toBe('here')
    expect(origin.requests[0]?.get('host')).toBe('h')
    await gateway.settled()
  })

  test('one that cannot be resolved does not hinder the start, and gives 502 or the next server', async () => {
    await using origin = startOrigin(answering('here'))
    const unknown = 'http://nowhere.invalid:80'
    const resolver = { servers: ['127.0.0.1:9'], timeout: '100ms' }
    await using gateway = startEngine({
      config: { ...toServers([unknown, origin.url]), resolver },
    })
    await using client = await gateway.client()
    expect((await client.get('/')).body).toBe('here')
    expect((await client.get('/')).body).toBe('here')
    expect(gateway.log.some(({ attempts }) => attempts === 2)).toBe(true)
    await using alone = startEngine({
      config: { ...toServers([unknown], { retry: { attempts: 1 } }), resolver },
    })
    await using other = await alone.client()
    expect((await other.get('/')).status).toBe(502)
    expect(await alone.logged()).toMatchObject({ fault: 'dns_failed', sent: false, status: 502 })
    await gateway.settled()
    await alone.settled()
  })

  test('a client that leaves during the question leaves nothing behind', async () => {
    const udp = await Bun.udpSocket({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    await using gateway = startEngine({
      config: {
        ...toServers(['http://slow.invalid:80']),
        resolver: { servers: [`127.0.0.1:${udp.port}`], timeout: '500ms' },
      },
    })
    const client = await gateway.client()
    client.send(GET)
    await waitFor(() => gateway.inFlight === 1)
    client.rst()
    expect(await gateway.logged()).toMatchObject({ status: 499, fault: 'client_abort' })
    await gateway.settled()
    expect(await staysTrue(() => gateway.inFlight === 0 && gateway.log.length === 1, 1200)).toBe(true)
    udp.close()
  })
})
