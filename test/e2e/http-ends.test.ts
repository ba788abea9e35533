// Clients that leave, servers that break off, and everybody who takes too long.
import { describe, expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { dialsUnderWay, FullServer } from '../support/full-server.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { makeGate, pause, waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

describe('a client that goes away', () => {
  for (const how of ['fin', 'rst'] as const) {
    test(`by ${how} while it waits stops the server's work`, async () => {
      await using origin = startOrigin(async (_request, reply) => {
        await reply.gone
        gone.open()
      })
      const gone = makeGate()
      await using gateway = startEngine({ config: toServers([origin.url]) })
      const client = await gateway.client()
      client.send(GET)
      await origin.received(1)
      client[how]()
      await gone.opened
      expect(await gateway.logged()).toMatchObject({
        status: 499,
        fault: 'client_abort',
        aborted: true,
        attempts: 1,
      })
      await gateway.settled()
    })

    test(`by ${how} during its upload stops the server's reading, and the request is not complete there`, async () => {
      await using origin = startOrigin()
      await using gateway = startEngine({ config: toServers([origin.url]) })
      const client = await gateway.client()
      client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhello')
      const request = await origin.begun(1)
      await waitFor(() => request.bodyLength === 5)
      client[how]()
      expect(await request.done).toBe(false)
      expect(await gateway.logged()).toMatchObject({ status: 499, fault: 'client_abort', bytesIn: 5 })
      await gateway.settled()
    })

    test(`by ${how} during its download stops the server`, async () => {
      await using origin = startOrigin(async (_request, reply) => {
        await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nhello')
        await reply.gone
        gone.open()
      })
      const gone = makeGate()
      await using gateway = startEngine({ config: toServers([origin.url]) })
      const client = await gateway.client()
      client.send(GET)
      await client.readUntil('hello')
      client[how]()
      await gone.opened
      expect(await gateway.logged()).toMatchObject({ status: 200, fault: 'client_abort', bytesOut: 5 })
      await gateway.settled()
    })

    test(`by ${how} while a connection is being made or waited for leaves nothing behind`, async () => {
      await using full = new FullServer()
      await using gateway = startEngine({
        config: toServers([{ url: full.url, max_connections: 1 }]),
      })
      const first = await gateway.client()
      first.send(GET)
      await waitFor(() => gateway.outbound.open === 1)
      const second = await gateway.client()
      second.send(GET)
      await waitFor(() => gateway.backend().queue.length === 1)
      second[how]()
      expect(await gateway.logged()).toMatchObject({ status: 499, attempts: 0, server: null })
      expect(gateway.backend().queue.length).toBe(0)
      first[how]()
      expect(await gateway.logged()).toMatchObject({ status: 499, attempts: 1 })
      await gateway.settled()
      // A ring closes it with its next call.
      await waitFor(() => dialsUnderWay() === 0)
    })
  }

  test('is answered all the same where half_close says so', async () => {
    await using origin = startOrigin(async (request, reply) => {
      await gate.opened
      reply.send(200, `x${request.target}`)
    })
    const gate = makeGate()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { half_close: 'answer' },
    })
    const client = await gateway.client()
    client.send(`${GET}GET /2 HTTP/1.1\r\nHost: h\r\n\r\n`).fin()
    await origin.received(1)
    gate.open()
    expect((await client.readAnswer()).body).toBe('x/')
    expect((await client.readAnswer()).body).toBe('x/2')
    expect(await client.closed()).toBe('fin')
    await gateway.settled()
  })

  test('in the middle of its head is nothing to speak of', async () => {
    await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
    const client = await gateway.client()
    client.send('GET / HT').fin()
    expect(await client.readToEnd()).toBe('')
    await gateway.settled()
    expect(gateway.log).toEqual([])
  })
})

describe('a server that breaks off', () => {
  for (const [name, head] of [
    ['length', 'Content-Length: 10'],
    ['chunked', 'Transfer-Encoding: chunked'],
    ['close-delimited', 'X-A: 1'],
  ] as const) {
    for (const how of ['fin', 'rst'] as const) {
      if (name === 'close-delimited' && how === 'fin') continue
      test(`in an answer of framing ${name} by ${how} breaks the client's answer visibly`, async () => {
        await using origin = startOrigin(async (_request, reply) => {
          await reply.raw(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${name === 'chunked' ? '8\r\n' : ''}hello`)
          await waitFor(() => client.reader.total > 0)
          reply[how]()
        })
        await using gateway = startEngine({ config: toServers([origin.url]) })
        const client = await gateway.client()
        client.send(GET)
        const answer = await client.readAnswer()
        // A client of HTTP/1.1 gets what only its end delimits in chunks: the last one is missing.
        expect([answer.complete, answer.bytes.toString()]).toEqual([false, 'hello'])
        expect(await client.ending()).toBe('fin')
        client.fin()
        expect(await gateway.logged()).toMatchObject({
          status: 200,
          fault: 'server_truncated',
          aborted: true,
          attempts: 1,
        })
        await gateway.settled()
      })
    }
  }

  test('in its head, or before it, gives 502', async () => {
    await using origin = startOrigin(async (request, reply) => {
      if (request.target === '/head') await reply.raw('HTTP/1.1 200 OK\r\nContent-')
      reply.fin()
    })
    await using gateway = startEngine({ config: toServers([origin.url], { retry: { attempts: 1 } }) })
    await using client = await gateway.client()
    for (const [target, fault] of [
      ['/head', 'server_truncated'],
      ['/', 'server_closed'],
    ] as const) {
      const answer = await client.get(target)
      expect([answer.status, (JSON.parse(answer.body) as { fault: string }).fault]).toEqual([502, fault])
      expect((await gateway.logged()).fault).toBe(fault)
    }
    await gateway.settled()
  })

  test('while the client uploads gives the client 502 and an end', async () => {
    await using origin = startOrigin((_request, reply) => reply.rst(), { when: 'head' })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhello')
    const answer = await client.readAnswer()
    expect([answer.status, answer.get('connection')]).toEqual([502, 'close'])
    expect(await client.ending()).toBe('fin')
    await gateway.settled()
  })
})

describe('time limits', () => {
  test('a head that does not come to its end gives 408, however its bytes drip', async () => {
    await using gateway = startEngine({
      config: toServers(['http://127.0.0.1:1']),
      listener: { timeouts: { head: '300ms' } },
    })
    await using client = await gateway.client()
    client.send('GET /slow HTTP/1.1\r\n')
    const drip = setInterval(() => client.send('X-A: 1\r\n'), 40)
    const answer = await client.readAnswer().finally(() => clearInterval(drip))
    expect([answer.status, answer.get('connection')]).toEqual([408, 'close'])
    expect(await gateway.logged()).toMatchObject({
      status: 408,
      fault: 'request_timeout',
      method: 'GET',
      target: '/slow',
      bytesIn: 0,
    })
    await gateway.settled()
  })

  test('a body that pauses gives 408 and frees the server; one that pauses less does not', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { timeouts: { idle: '1200ms' } },
    })
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n')
    for (const _ of [1, 2, 3]) {
      await pause(450)
      client.send('a')
    }
    const answer = await client.readAnswer()
    expect([answer.status, answer.get('connection')]).toEqual([408, 'close'])
    expect(await gateway.logged()).toMatchObject({ fault: 'request_timeout', bytesIn: 3 })
    await gateway.settled()
  })

  test('a body that drips slower than the least rate gives 408 after the grace', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nslow')
    await origin.begun(1)
    gateway.runAhead(9000)
    expect(gateway.log).toHaveLength(0)
    gateway.runAhead(16_000)
    expect((await client.readAnswer()).status).toBe(408)
    await gateway.settled()
  })

  test('a server that sends little and seldom is no failure, one that stops is', async () => {
    await using origin = startOrigin(async (_request, reply) => {
      await reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send(GET)
    await client.readUntil('a\r\n')
    gateway.runAhead(595_000)
    expect(gateway.log).toHaveLength(0)
    gateway.runAhead(606_000)
    expect(await client.readToEnd()).toBe('')
    expect(await client.ending()).toBe('fin')
    expect((await gateway.logged()).fault).toBe('server_stalled')
    await gateway.settled()
  })

  test('a server that does not answer in time gives 504 at once, and the client keeps its connection', async () => {
    await using origin = startOrigin((request, reply) => {
      if (request.target === '/ok') reply.send(200)
    })
    await using gateway = startEngine({
      config: toServers([origin.url], { timeouts: { response: '200ms' } }),
    })
    await using client = await gateway.client()
    client.send(GET)
    const answer = await client.readAnswer()
    expect([answer.status, answer.get('connection')]).toEqual([504, null])
    const { fault, attempts, totalMs } = await gateway.logged()
    expect([fault, attempts]).toEqual(['response_timeout', 1])
    expect(totalMs).toBeGreaterThan(190)
    expect((await client.get('/ok')).status).toBe(200)
    await gateway.settled()
  })

  test('the time to connect is not the time to answer', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (_request, reply) => {
      await gate.opened
      reply.send(200)
    })
    await using gateway = startEngine({ config: toServers([origin.url], { timeouts: { connect: '50ms' } }) })
    await using client = await gateway.client()
    client.send(GET)
    await origin.received(1)
    gateway.runAhead(10_000)
    gate.open()
    expect((await client.readAnswer()).status).toBe(200)
  })

  test('a connection that does not stand in time gives 504, and its socket is gone', async () => {
    await using full = new FullServer()
    await using gateway = startEngine({
      config: toServers([full.url], { timeouts: { connect: '250ms' }, retry: { attempts: 1 } }),
    })
    await using client = await gateway.client()
    client.send(GET)
    await waitFor(() => dialsUnderWay() > 0)
    expect((await client.readAnswer()).status).toBe(504)
    expect(await gateway.logged()).toMatchObject({ fault: 'connect_timeout', sent: false })
    await waitFor(() => dialsUnderWay() === 0)
    await gateway.settled()
  })

  test('a server that stops reading the upload gives 504', async () => {
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { open: (socket) => socket.pause(), data() {} },
    })
    await using gateway = startEngine({
      config: toServers([`http://127.0.0.1:${listener.port}`], { timeouts: { idle: '300ms' } }),
      listener: { limits: { body: '1GiB' } },
    })
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n')
    client.send(Buffer.alloc(50_000_000))
    expect((await client.readAnswer()).status).toBe(504)
    expect(await gateway.logged()).toMatchObject({ fault: 'server_stalled', status: 504 })
    await gateway.settled()
    listener.stop(true)
  })

  test('a client that stops reading is given up, and the server with it', async () => {
    await using origin: Origin = startOrigin(answering(Buffer.alloc(50_000_000)))
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { timeouts: { idle: '300ms' } },
    })
    const client = await gateway.client()
    client.pause()
    client.send(GET)
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: 'client_stalled', aborted: true })
    await waitFor(() => origin.open === 0)
    await gateway.settled()
  })
})

test('what the end of a drain cuts off is told by what was sent: no status where no answer had begun', async () => {
  await using origin = startOrigin(
    async (request, reply) => {
      if (request.target === '/begun') await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')
    },
    { when: 'head' },
  )
  await using gateway = startEngine({ config: toServers([origin.url]) })
  await using upload = await gateway.client()
  upload.send('POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nhalf')
  await using download = await gateway.client()
  download.send('GET /begun HTTP/1.1\r\nHost: h\r\n\r\n')
  await download.readUntil('hello')
  await origin.begun(2)
  expect(await new Promise((done) => gateway.engine.drain(0, done))).toBe(2)
  const cut = { fault: 'stopped', aborted: true, attempts: 1 }
  const lines = new Map([await gateway.logged(), await gateway.logged()].map((line) => [line.target, line]))
  expect(lines.get('/upload')).toMatchObject({ ...cut, status: 0, bytesOut: 0 })
  expect(lines.get('/begun')).toMatchObject({ ...cut, status: 200, bytesOut: 5 })
  expect(await upload.closed()).toBe('rst')
  expect(upload.reader.total).toBe(0)
  await gateway.settled()
})

test('requests that end in every odd way at once leave no place taken and no connection open', async () => {
  await using origin = startOrigin(
    async (request, reply) => {
      const n = Number(request.target.slice(1))
      if (n % 7 === 0) return reply.rst()
      if (n % 7 === 1) return reply.fin()
      if (n % 7 === 2) {
        await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome')
        return n % 2 ? reply.rst() : reply.fin()
      }
      if (n % 7 === 3) return reply.send(200, 'x'.repeat(n * 10), ['Connection: close'])
      if (n % 7 === 4) return reply.raw('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n')
      return reply.send(200, request.target)
    },
    { when: 'head' },
  )
  await using gateway = startEngine({
    config: toServers([{ url: origin.url, max_connections: 20 }, 'http://127.0.0.1:1'], {
      retry: { backoff: '1ms' },
    }),
  })
  const run = async (n: number): Promise<void> => {
    const client = await rawClient(gateway.port())
    const body = n % 3 === 0 ? 'hello' : ''
    client.send(
      `${body ? 'POST' : 'GET'} /${n} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, n % 6)}`,
    )
    if (n % 5 === 0) return client.rst()
    if (n % 5 === 1) client.fin()
    await client.readAnswer().catch(() => {})
    if (n % 5 === 2) client.fin()
    else client.rst()
  }
  await Promise.all(Array.from({ length: 400 }, (_, n) => run(n)))
  await gateway.settled()
  expect(gateway.log.length).toBeGreaterThan(200)
})
