// Connections: kept on both sides, pipelined in order, HTTP/1.0, limits of connections, and the end of a
// worker.
import { describe, expect, test } from 'bun:test'
import type { Proxied } from '../../server/http/proxy.ts'
import type { Inbound } from '../../server/http1/inbound.ts'
import type { Middleware } from '../../server/middleware/middleware.ts'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { type Script, startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const chunked: Script = (_request, reply) =>
  void reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n')

describe('kept connections', () => {
  test('requests one after the other use one connection on each side', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    for (const n of [1, 2, 3]) expect((await client.get(`/${n}`)).body).toBe(`GET /${n} `)
    expect(origin.accepted).toBe(1)
    expect(origin.requests.map(({ place }) => place)).toEqual([0, 1, 2])
    expect(gateway.log.map(({ bytesOut }) => bytesOut)).toEqual([7, 7, 7])
    await gateway.settled()
  })

  test('the connection that was used last is used first', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (request, reply) => {
      if (request.target.startsWith('/wait')) await gate.opened
      reply.send(200, 'x')
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using a = await gateway.client()
    await using b = await gateway.client()
    a.send('GET /wait HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.begun(1)
    expect((await b.get('/b')).status).toBe(200)
    gate.open()
    await a.readAnswer()
    expect(gateway.outbound).toEqual({ open: 2, idle: 2 })
    const last = origin.requests.find(({ target }) => target === '/wait')?.connection
    await a.get('/again')
    expect(origin.requests.at(-1)?.connection).toBe(last as number)
    await gateway.settled()
  })

  test('no more idle connections are kept than the config allows', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (_request, reply) => {
      await gate.opened
      reply.send(200)
    })
    await using gateway = startEngine({
      config: toServers([origin.url], { keep_alive: { connections: 1 } }),
    })
    const clients = await Promise.all([gateway.client(), gateway.client(), gateway.client()])
    for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.received(3)
    gate.open()
    for (const client of clients) expect((await client.readAnswer()).status).toBe(200)
    await waitFor(() => gateway.outbound.open === 1)
    expect(gateway.outbound.idle).toBe(1)
    await gateway.settled()
  })

  test("the server's Keep-Alive says how long an idle connection is used", async () => {
    await using origin = startOrigin(answering('x', ['Keep-Alive: timeout=10, max=5']))
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    const answer = await client.get('/')
    expect(answer.get('keep-alive')).toBeNull()
    expect(gateway.servers[0]?.live.keepAliveMs).toBe(9000)
    gateway.runAhead(8500)
    expect(gateway.outbound.idle).toBe(1)
    gateway.runAhead(9500)
    expect(gateway.outbound.idle).toBe(0)
    await gateway.settled()
  })

  test('a server that says Connection: close is not used again, and its word stays on its side', async () => {
    await using origin = startOrigin(answering('x', ['Connection: close']))
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    for (const n of [1, 2]) {
      const answer = await client.get(`/${n}`)
      expect([answer.status, answer.get('connection')]).toEqual([200, null])
    }
    expect(origin.accepted).toBe(2)
    await gateway.settled()
  })

  test('a connection whose server closes it while idle leaves the pool', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    await client.get('/1')
    origin.finAll()
    await waitFor(() => gateway.outbound.open === 0)
    expect((await client.get('/2')).body).toBe('GET /2 ')
    expect(gateway.log.map(({ attempts, fault }) => [attempts, fault])).toEqual([
      [1, null],
      [1, null],
    ])
    await gateway.settled()
  })

  test('bytes that nobody asked for end an idle connection', async () => {
    await using origin = startOrigin(async (request, reply) => {
      reply.send(200, 'x')
      if (request.target !== '/1') return
      await waitFor(() => gateway.outbound.idle === 1)
      await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    expect((await client.get('/1')).body).toBe('x')
    await waitFor(() => gateway.outbound.open === 0)
    expect((await client.get('/2')).body).toBe('x')
    expect(origin.accepted).toBe(2)
  })
})

describe('pipelining', () => {
  test('answers come in the order of the requests though the first is slow', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (request, reply) => {
      if (request.target === '/1') await gate.opened
      reply.send(200, request.target)
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send(
      'GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: h\r\n\r\n',
    )
    await origin.begun(1)
    gate.open()
    for (const n of [1, 2, 3]) expect((await client.readAnswer()).body).toBe(`/${n}`)
    expect(origin.requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3'])
    await gateway.settled()
  })

  test('a thousand pipelined requests of our own answers and of servers alike are served in order', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: {
        ...toServers([origin.url]),
        rules: [
          { name: 'own', match: { path: '/own/*' }, respond: { body: 'own' } },
          { name: 'all', backend: 'origin' },
        ],
      },
    })
    await using client = await gateway.client()
    const targets = Array.from({ length: 1000 }, (_, n) => (n % 3 === 0 ? `/s/${n}` : `/own/${n}`))
    client.send(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''))
    for (const target of targets) {
      const { body } = await client.readAnswer()
      expect(body).toBe(target.startsWith('/own') ? 'own' : `GET ${target} `)
    }
    await gateway.settled()
  })

  test('a client that pipelines and never reads is given up, and holds no server', async () => {
    await using origin = startOrigin(answering('x'.repeat(60_000)))
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { timeouts: { idle: '300ms' } },
    })
    await using client = await gateway.client()
    client.pause()
    const some = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(400)
    client.send(some)
    await waitFor(() => gateway.log.some(({ fault }) => fault === 'client_stalled'))
    expect(gateway.log.length).toBeLessThan(400)
    await gateway.settled()
  })

  test('what follows a request that asked to close is not served', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send('GET /1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n')
    const answer = await client.readAnswer()
    expect([answer.body, answer.get('connection')]).toEqual(['GET /1 ', 'close'])
    expect(await client.readToEnd()).toBe('')
    expect(client.reader.ending).toBe('fin')
    expect(origin.requests).toHaveLength(1)
  })
})

describe('HTTP/1.0 clients', () => {
  test('are answered and closed, or kept when they ask', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using once = await gateway.client()
    once.send('GET /1 HTTP/1.0\r\n\r\n')
    const first = await once.readAnswer()
    expect([first.body, first.get('connection')]).toEqual(['GET /1 ', 'close'])
    expect(await once.ending()).toBe('fin')
    await using kept = await gateway.client()
    for (const n of [2, 3]) {
      kept.send(`GET /${n} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n`)
      const answer = await kept.readAnswer()
      expect([answer.body, answer.get('connection')]).toEqual([`GET /${n} `, 'keep-alive'])
    }
    expect(origin.requests.map(({ version }) => version)).toEqual(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1'])
    expect(origin.requests[0]?.get('host')).toBe(`127.0.0.1:${origin.port}`)
    await gateway.settled()
  })

  test('get chunked answers up to the close, without chunks and trailers', async () => {
    await using origin = startOrigin(chunked)
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    const answer = await client.readAnswer()
    expect([answer.body, answer.get('transfer-encoding'), answer.get('connection')]).toEqual([
      'abc',
      null,
      'close',
    ])
    expect(client.reader.ending).toBe('fin')
    await gateway.settled()
  })

  test('get close-delimited answers up to the close, and 1.1 clients get them in chunks', async () => {
    await using origin = startOrigin(async (_request, reply) => {
      await reply.raw('HTTP/1.0 200 OK\r\n\r\nab')
      await reply.raw('cd')
      reply.fin()
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using old = await gateway.client()
    old.send('GET / HTTP/1.0\r\n\r\n')
    const answer = await old.readAnswer()
    expect([answer.body, answer.ending, answer.get('transfer-encoding')]).toEqual(['abcd', 'fin', null])
    await using client = await gateway.client()
    for (const _ of [1, 2]) {
      const modern = await client.get('/')
      expect([modern.body, modern.complete, modern.get('transfer-encoding'), modern.version]).toEqual([
        'abcd',
        true,
        'chunked',
        'HTTP/1.1',
      ])
    }
    await gateway.settled()
  })

  test('see the break of a close-delimited answer as a reset', async () => {
    await using origin = startOrigin(async (_request, reply) => {
      await reply.raw('HTTP/1.1 200 OK\r\n\r\nab')
      await waitFor(() => old.reader.total > 0)
      reply.rst()
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const old = await gateway.client()
    old.send('GET / HTTP/1.0\r\n\r\n')
    const answer = await old.readAnswer()
    expect([answer.complete, answer.ending]).toEqual([false, 'rst'])
    expect((await gateway.logged()).fault).toBe('server_truncated')
    await gateway.settled()
  })
})

describe('limits', () => {
  test('connections beyond the limit are closed at once, and there is room again after one ended', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { connections: 2 } },
    })
    const [a, b] = [await gateway.client(), await gateway.client()]
    await a.get('/')
    await b.get('/')
    // It may be gone before its side of the connection was seen to stand.
    const c = await gateway.client().catch(() => null)
    await c?.closed()
    expect((await a.get('/')).status).toBe(200)
    b.rst()
    await waitFor(() => gateway.engine.openConnections === 1)
    const d = await gateway.client()
    expect((await d.get('/')).status).toBe(200)
    expect(gateway.board.activeConnections()).toBe(2)
    await gateway.settled()
  })

  test('the last request that a connection may carry is told so', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { requests: 2 } },
    })
    await using client = await gateway.client()
    expect((await client.get('/1')).get('connection')).toBeNull()
    expect((await client.get('/2')).get('connection')).toBe('close')
    expect(await client.ending()).toBe('fin')
  })
})

describe('the end of a worker', () => {
  test('idle connections are closed, running exchanges finish with Connection: close', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (_request, reply) => {
      await gate.opened
      reply.send(200, 'late')
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const idle = await gateway.client()
    const busy = await gateway.client()
    busy.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.received(1)
    const drained = Promise.withResolvers<number>()
    gateway.engine.drain(5000, drained.resolve)
    expect(await idle.ending()).toBe('fin')
    gate.open()
    const answer = await busy.readAnswer()
    expect([answer.body, answer.get('connection')]).toEqual(['late', 'close'])
    expect(await busy.ending()).toBe('fin')
    busy.fin()
    idle.fin()
    expect(await drained.promise).toBe(0)
  })

  test('what does not finish in time is broken off and counted', async () => {
    await using origin = startOrigin(() => {})
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const busy = await gateway.client()
    busy.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await origin.received(1)
    const drained = Promise.withResolvers<number>()
    gateway.engine.drain(50, drained.resolve)
    expect(await drained.promise).toBe(1)
    expect(await busy.closed()).toBe('rst')
    const { status, fault, aborted } = await gateway.logged()
    expect([status, fault, aborted]).toEqual([0, 'stopped', true])
    await gateway.settled()
  })
})

test('an idle client connection is closed without a word after keep_alive', async () => {
  await using origin = startOrigin()
  await using gateway = startEngine({
    config: toServers([origin.url]),
    listener: { timeouts: { keep_alive: '200ms' } },
  })
  await using client = await gateway.client()
  expect((await client.get('/')).status).toBe(200)
  expect(await client.readToEnd()).toBe('')
  expect(client.reader.ending).toBe('fin')
  await gateway.settled()
})

test('a slow reader of small answers keeps its connection as long as others do', async () => {
  await using origin = startOrigin(answering('x'.repeat(15_000)))
  let inbound: Inbound | null = null
  const look: Middleware<never> = {
    name: 'look',
    request: (x) => void (inbound = (x as Proxied).stream.connection as Inbound),
  }
  await using gateway = startEngine({ config: toServers([origin.url]), steps: [look] })
  await using client = await gateway.client()
  client.pause()
  // Until an answer is complete for its exchange and waits here for the client.
  let asked = 0
  const waits = (): boolean => (inbound?.waitingBytes ?? 0) > 0
  while (!waits()) {
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    asked++
    await waitFor(() => gateway.log.length === asked || waits())
  }
  gateway.runAhead(6000)
  client.resume()
  for (let n = 0; n < asked; n++) expect((await client.readAnswer()).bodyLength).toBe(15_000)
  expect((await client.get('/')).status).toBe(200)
})
