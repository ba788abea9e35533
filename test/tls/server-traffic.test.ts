// What goes to servers by TLS goes as it does to plain ones: bodies of all sizes both ways, slow readers,
// tunnels, and whoever gives up in the midst of it.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { bufferedBytes } from '../../server/lib/buffers.ts'
import { Authority } from '../support/authority.ts'
import { type EngineOptions, startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { type Origin, type Script, startOrigin } from '../support/origin.ts'
import { TlsFront } from '../support/tls-front.ts'
import { waitFor } from '../support/wait.ts'

const MB = 1 << 20
const LARGE = 16 * MB
const large = Buffer.alloc(LARGE, 'abcdefghijklmnopqrstuvwxyz0123456789')

let held = Promise.withResolvers<void>()

const script: Script = async (request, reply) => {
  const { method, target } = request
  switch (target) {
    case '/large':
      return reply.send(200, large)
    case '/chunks':
      await reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      for (let i = 0; i < 200; i++) await reply.raw(`8000\r\n${'y'.repeat(0x8000)}\r\n`)
      return void reply.raw('0\r\nX-Sum: 1\r\n\r\n')
    case '/hold':
      await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
      return held.promise
    case '/cut':
    case '/said':
      await reply.raw('HTTP/1.1 200 OK\r\n\r\nbegun')
      return target === '/said' ? reply.fin() : undefined
    case '/length':
      return reply.send(200, String(request.bodyLength))
    default:
      return reply.send(200, `${method} ${target} ${request.body}`)
  }
}

let origin: Origin
let front: TlsFront
let gateway: TestEngine
beforeAll(async () => {
  const authority = new Authority()
  origin = startOrigin(script)
  front = await TlsFront.start(origin.port, authority.issue({ names: 'DNS:localhost' }))
  const listener = { limits: { body: '1GiB' } }
  const config = toServers([front.url], { tls: { ca: authority.file } })
  gateway = startEngine({ config, listener } as EngineOptions)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await front[Symbol.asyncDispose]()
  origin.kill()
})

test('a large answer, and the next one on the same connections', async () => {
  const client = await gateway.client()
  const answer = await client.get('/large')
  expect([answer.status, answer.complete, answer.bytes.equals(large)]).toEqual([200, true, true])
  const before = front.handshakes.length
  expect((await client.get('/again')).body).toBe('GET /again ')
  expect(front.handshakes.length).toBe(before)
  await gateway.settled()
}, 20_000)

test('a large answer to a client that pauses is not held by the gateway, and arrives whole', async () => {
  const client = await gateway.client()
  client.send('GET /large HTTP/1.1\r\nHost: h\r\n\r\n')
  client.pause()
  // What the client does not take waits with its server, but for a few reads.
  let most = 0
  const watching = setInterval(() => (most = Math.max(most, bufferedBytes())), 1)
  await waitFor(() => bufferedBytes() > 0)
  let last = -1
  await waitFor(() => {
    const isStill = front.relayedBytes === last
    last = front.relayedBytes
    return isStill
  })
  client.resume()
  const answer = await client.readAnswer()
  clearInterval(watching)
  expect(answer.bytes.equals(large)).toBe(true)
  expect(most).toBeLessThan(4 * MB)
  await gateway.settled()
}, 20_000)

test('chunks and their trailers', async () => {
  const client = await gateway.client()
  const answer = await client.get('/chunks')
  expect([answer.bodyLength, answer.complete, answer.trailers.length]).toEqual([200 * 0x8000, true, 1])
  expect((await client.get('/next')).status).toBe(200)
  await gateway.settled()
}, 20_000)

test('behind a volume the end of the next answer is looked at again', async () => {
  for (const before of ['/large', '/chunks'])
    for (const target of ['/said', '/cut']) {
      const client = await gateway.client()
      expect((await client.get(before)).complete).toBe(true)
      const handshakes = front.handshakes.length
      client.send(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
      await client.readUntil('begun')
      if (target === '/cut') front.cut('fin')
      expect((await client.readToEnd()).endsWith('0\r\n\r\n')).toBe(target === '/said')
      expect(front.handshakes.length).toBe(handshakes)
    }
  await gateway.settled()
}, 20_000)

test('uploads of known and of unknown length', async () => {
  const client = await gateway.client()
  client.send(`POST /length HTTP/1.1\r\nHost: h\r\nContent-Length: ${LARGE}\r\n\r\n`)
  client.send(large)
  expect((await client.readAnswer()).body).toBe(String(LARGE))
  client.send('POST /length HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (let i = 0; i < 100; i++) client.send(`8000\r\n${'z'.repeat(0x8000)}\r\n`)
  client.send('0\r\n\r\n')
  expect((await client.readAnswer()).body).toBe(String(100 * 0x8000))
  await gateway.settled()
}, 20_000)

test('a client that leaves in the midst of an answer, or of its request, ends the connection', async () => {
  held = Promise.withResolvers()
  const client = await gateway.client()
  client.send('GET /hold HTTP/1.1\r\nHost: h\r\n\r\n')
  await client.readUntil('begun')
  client.rst()
  await waitFor(() => gateway.inFlight === 0)
  held.resolve()
  const other = await gateway.client()
  other.send('POST /length HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\npart')
  await waitFor(() => gateway.inFlight === 1)
  other.rst()
  await gateway.settled()
  expect(gateway.log.slice(-2).map(({ fault }) => fault)).toEqual(['client_abort', 'client_abort'])
})

test('a server that resets, or ends by FIN, in the midst of an answer breaks it off', async () => {
  for (const how of ['fin', 'rst'] as const) {
    held = Promise.withResolvers()
    const client = await gateway.client()
    client.send('GET /hold HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    await client.readUntil('begun')
    front.cut(how)
    await client.readToEnd().catch(() => '')
    held.resolve()
    await waitFor(() => gateway.log.at(-1)?.fault === 'server_truncated')
    gateway.log.pop()
  }
  await gateway.settled()
})

test('a tunnel: bytes both ways, and each half ends by itself', async () => {
  const echo = Bun.listen<{ hadHead: boolean }>({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: {
      open: (socket) => void (socket.data = { hadHead: false }),
      data: (socket, bytes) => {
        if (socket.data.hadHead) return void socket.write(bytes)
        socket.data.hadHead = true
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n')
      },
      end: (socket) => {
        socket.write('last words')
        socket.shutdown()
      },
      error() {},
    },
  })
  const authority = new Authority()
  await using own = await TlsFront.start(echo.port, authority.issue({ names: 'DNS:localhost' }))
  await using tunnels = startEngine({
    config: toServers([own.url], { tls: { ca: authority.file } }),
  } as EngineOptions)
  const client = await tunnels.client()
  client.send('GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n')
  expect((await client.readAnswer()).status).toBe(101)
  for (const word of ['one', 'two', 'x'.repeat(100_000) + '!']) {
    client.send(word)
    expect(await client.readUntil(word.slice(-1))).toBe(word)
  }
  client.fin()
  expect(await client.readToEnd()).toBe('last words')
  await tunnels.settled()
  echo.stop(true)
})
