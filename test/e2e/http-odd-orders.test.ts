// Events in the order in which nobody would write them down: each must end its exchange once and leave
// nothing behind.
import { expect, test } from 'bun:test'
import type { Middleware } from '../../server/middleware/middleware.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, pause, staysTrue, waitFor } from '../support/wait.ts'

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`
const put = (target: string, length: number): string =>
  `PUT ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`

test('a server that speaks before it is asked', async () => {
  let opened = 0
  const early = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        opened++
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly')
      },
      data(socket) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate')
      },
    },
  })
  await using gateway = startEngine({ config: toServers([`http://127.0.0.1:${early.port}`]) })
  await using client = await gateway.client()
  // One answer a request, whichever of the two it is, and never the one that was meant for another.
  for (const target of ['/1', '/2', '/3']) {
    const answer = await client.get(target)
    expect([200, 502]).toContain(answer.status)
  }
  expect(opened).toBeGreaterThanOrEqual(2)
  await gateway.settled()
  early.stop(true)
})

test('a server that answers and ends in one breath, before a client that pipelines', async () => {
  await using origin = startOrigin((request, reply) => {
    reply.send(200, request.target)
    reply.fin()
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  await using client = await gateway.client()
  const targets = Array.from({ length: 20 }, (_, n) => `/${n}`)
  // Also where nothing may be sent twice: an end that has come already must be seen before.
  const post = (target: string): string => `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`
  client.send(targets.map((target, n) => (n % 2 ? get(target) : post(target))).join(''))
  for (const target of targets) expect((await client.readAnswer()).body).toBe(target)
  expect(gateway.log.every(({ attempts, fault }) => attempts === 1 && fault === null)).toBe(true)
  await gateway.settled()
})

test('a body that goes on arriving between two attempts', async () => {
  for (const length of [50_000, 400_000]) {
    let attempts = 0
    const first = makeGate()
    await using origin = startOrigin(
      async (request, reply) => {
        if (attempts++ === 0) {
          await waitFor(() => request.bodyLength === 1000)
          reply.rst()
          return first.open()
        }
        if (await request.done) reply.send(200, String(request.bodyLength))
      },
      { when: 'head' },
    )
    await using gateway = startEngine({
      config: toServers([origin.url], { retry: { backoff: '30ms' } }),
    })
    await using client = await gateway.client()
    client.send(put('/', length)).send(Buffer.alloc(1000, 'a'))
    await first.opened
    client.send(Buffer.alloc(length - 1000, 'b'))
    const answer = await client.readAnswer()
    expect([answer.status, answer.body]).toEqual([200, String(length)])
    expect(gateway.log[0]).toMatchObject({ attempts: 2, bytesIn: length })
    await gateway.settled()
  }
})

test('a server that resets while its client is held back', async () => {
  const full = makeGate()
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        socket.pause()
        void full.opened.then(() => socket.terminate())
      },
      data() {},
    },
  })
  await using gateway = startEngine({
    config: toServers([`http://127.0.0.1:${server.port}`]),
    listener: { limits: { body: '1GiB' } },
  })
  await using client = await gateway.client()
  client.send(put('/', 40_000_000)).send(Buffer.alloc(40_000_000))
  let last = -1
  await waitFor(() => client.unsent > 0 && last === (last = client.unsent), { everyMs: 40 })
  full.open()
  const answer = await client.readAnswer()
  expect([answer.status, answer.get('connection')]).toEqual([502, 'close'])
  await gateway.settled()
  server.stop(true)
})

test('a client that leaves in each moment of a retried request', async () => {
  await using origin = startOrigin((_request, reply) => reply.rst())
  await using gateway = startEngine({
    config: toServers([origin.url, 'http://127.0.0.1:1'], { retry: { attempts: 6, backoff: '4ms' } }),
  })
  const clients = await Promise.all(Array.from({ length: 60 }, () => gateway.client()))
  for (const [n, client] of clients.entries()) {
    client.send(get('/'))
    void pause(n / 4).then(() => client.rst())
  }
  await gateway.settled()
  expect(await staysTrue(() => gateway.inFlight === 0, 60)).toBe(true)
})

test('waiters that leave, and a server that frees its place to them', async () => {
  const gates = [makeGate(), makeGate()]
  await using origin = startOrigin(async (request, reply) => {
    await gates[request.target === '/0' ? 0 : 1]?.opened
    reply.send(200, request.target)
  })
  await using gateway = startEngine({ config: toServers([{ url: origin.url, max_connections: 1 }]) })
  const clients = await Promise.all(Array.from({ length: 6 }, () => gateway.client()))
  for (const [n, client] of clients.entries()) {
    client.send(get(`/${n}`))
    await waitFor(() => gateway.inFlight === 1 && gateway.backend().queue.length === n)
  }
  for (const n of [1, 3, 4]) clients[n]?.rst()
  await waitFor(() => gateway.backend().queue.length === 2)
  gates[0]?.open()
  gates[1]?.open()
  for (const n of [0, 2, 5]) expect((await clients[n]?.readAnswer())?.body).toBe(`/${n}`)
  expect(origin.requests.map(({ target }) => target)).toEqual(['/0', '/2', '/5'])
  await gateway.settled()
})

test('a tunnel holds its place at the server, and a stop breaks it', async () => {
  const tunnel = 'GET /t HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'
  await using origin = startOrigin((request, reply) =>
    request.target === '/t'
      ? reply.raw('HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
      : reply.send(200, 'after'),
  )
  await using gateway = startEngine({ config: toServers([{ url: origin.url, max_connections: 1 }]) })
  const first = await gateway.client()
  first.send(tunnel)
  await first.readUntil('\r\n\r\n')
  const second = await gateway.client()
  second.send(get('/'))
  await waitFor(() => gateway.backend().queue.length === 1)
  first.rst()
  expect((await second.readAnswer()).body).toBe('after')
  const third = await gateway.client()
  third.send(tunnel)
  await third.readUntil('\r\n\r\n')
  const drained = Promise.withResolvers<number>()
  gateway.engine.drain(30, drained.resolve)
  expect(await drained.promise).toBe(1)
  expect(await third.closed()).toBe('rst')
  expect(gateway.log.at(-1)).toMatchObject({ status: 101, fault: 'stopped' })
  await gateway.settled()
})

test('a half-closed client that is to be answered, and then resets', async () => {
  await using origin = startOrigin(() => {})
  await using gateway = startEngine({ config: toServers([origin.url]), listener: { half_close: 'answer' } })
  const client = await gateway.client()
  client.send(get('/')).fin()
  await origin.received(1)
  expect(await staysTrue(() => gateway.log.length === 0, 30)).toBe(true)
  client.rst()
  expect(await gateway.logged()).toMatchObject({ status: 499, fault: 'client_abort' })
  await gateway.settled()
})

test('an expectation whose server dies before it says anything is put to the next', async () => {
  let attempts = 0
  await using origin = startOrigin(
    async (request, reply) => {
      if (attempts++ === 0) return reply.rst()
      await reply.raw('HTTP/1.1 100 Continue\r\n\r\n')
      await request.done
      return reply.send(200, request.body)
    },
    { when: 'head' },
  )
  await using gateway = startEngine({ config: toServers([origin.url], { retry: { backoff: '1ms' } }) })
  await using client = await gateway.client()
  client.send(put('/', 5).replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'))
  await client.readUntil('100 Continue\r\n\r\n')
  client.send('hello')
  expect((await client.readAnswer()).body).toBe('hello')
  await gateway.settled()
})

test('an answer that is read as content has no trailers of the one before it on its connection', async () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n'
  const answers = [
    `${chunked}X-Sum: 5\r\n\r\n`,
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\ncd',
    `${chunked}\r\n`,
  ]
  await using origin = startOrigin((request, reply) => reply.raw(answers[request.place]!))
  const asItIs: Middleware<never> = {
    name: 'as it is',
    body: () => ({
      push: (bytes, from, to, next) => next.write(bytes, from, to),
      end: (next) => next.end(),
    }),
  }
  await using gateway = startEngine({ config: toServers([origin.url]), steps: [asItIs] })
  await using client = await gateway.client()
  const told: unknown[] = []
  for (const _ of answers) {
    const { body, trailers } = await client.get('/')
    told.push([body, trailers.length])
  }
  expect(told).toEqual([
    ['ab', 1],
    ['cd', 0],
    ['ab', 0],
  ])
  expect(origin.accepted).toBe(1)
  await gateway.settled()
})

test('a server that breaks off leaves nothing but the end of the connection behind its part of an answer, whatever was asked for next', async () => {
  await using origin = startOrigin(async (_request, reply) => {
    await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
    reply.fin()
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  const client = await gateway.client()
  client.send(get('/') + get('/'))
  expect(await client.readToEnd()).toEndWith('\r\n\r\nhello')
  client.fin()
  expect(origin.requests).toHaveLength(1)
  await gateway.settled()
})
