// Threat: a side that reads or sends too slowly, or asks too much at once, at the cost of everyone beside it.
//
// Who is slow but steady is waited for, who stalls is not, and nobody keeps others waiting.
import { describe, expect, spyOn, test } from 'bun:test'
import { ptr } from 'bun:ffi'
import type { Socket } from 'bun'
import type { Inbound } from '../../server/http1/inbound.ts'
import { libc, unsentBytes } from '../../server/lib/native.ts'
import { MSG_DONTWAIT } from '../../server/sockets/calls.ts'
import { type TestEngine, answering, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, pause, waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

/**
 * What is sent behind a full receive buffer of this size is far less than the third of a send buffer beyond
 * which the kernel tells that there is room; one that it tunes by itself may hold more than the other side.
 */
const RECEIVE_BYTES = 64 * 1024
const SIP_BYTES = 16 * 1024
const SOL_SOCKET = 1
const SO_RCVBUF = 8

/** A client that reads only when it is told to: one piece of at most 512 KiB each time, or a sip. */
async function pieceReader(port: number, receiveBytes = 0) {
  const state = { total: 0, closed: false }
  const size = new Int32Array([receiveBytes])
  const fdOf = (one: Socket): number => (one as Socket & { readonly fd: number }).fd
  const sipped = Buffer.alloc(SIP_BYTES)
  const socket: Socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open(one) {
        one.pause()
        if (receiveBytes > 0) libc().setsockopt(fdOf(one), SOL_SOCKET, SO_RCVBUF, ptr(size), 4)
      },
      data(one, bytes) {
        state.total += bytes.length
        one.pause()
      },
      close: () => void (state.closed = true),
    },
  })
  return {
    state,
    socket,
    /** How much it was. */
    sip: (): number => libc().recv(fdOf(socket), ptr(sipped), SIP_BYTES, MSG_DONTWAIT),
    async piece(): Promise<void> {
      const { total } = state
      socket.resume()
      await waitFor(() => state.total > total)
    },
  }
}

/** Waits until a stalled answer has filled all that is between the two ends. */
async function filled(count: () => number): Promise<void> {
  let last = -1
  let rounds = 0
  await waitFor(
    () => {
      rounds = count() === last && last > 0 ? rounds + 1 : 0
      last = count()
      return rounds > 5
    },
    { everyMs: 20, what: 'bytes to stop moving' },
  )
}

const clientsOf = (gateway: TestEngine): (() => Inbound[]) => {
  const opened = spyOn(gateway.engine, 'opened')
  return () => opened.mock.calls.map(([client]) => client as Inbound)
}

/** A server that begins a long answer as soon as it has the head of a request. */
const startEarly = () =>
  startOrigin(
    async (_request, reply) => {
      await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')
    },
    { when: 'head' },
  )

describe('a reader slower than the kernel tells', () => {
  test('keeps its answer as long as it reads at all', async () => {
    await using origin = startOrigin(answering(Buffer.alloc(60_000_000)))
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const clients = clientsOf(gateway)
    const reader = await pieceReader(gateway.port(), RECEIVE_BYTES)
    reader.socket.write(GET)
    await waitFor(() => clients()[0]?.waitingBytes)
    const { fd } = (clients()[0] as Inbound).socket as { fd: number }
    await filled(() => unsentBytes(fd))
    gateway.runAhead(5500)
    const { writeBytes, writeLastMs } = clients()[0] as Inbound
    const unsent = unsentBytes(fd)
    await waitFor(() => reader.sip() > 0 && unsentBytes(fd) < unsent)
    gateway.runAhead(11_000)
    // That nothing of it has reached us is what this test is about.
    expect((clients()[0] as Inbound).writeBytes).toBe(writeBytes)
    expect((clients()[0] as Inbound).writeLastMs).toBeGreaterThan(writeLastMs)
    gateway.runAhead(38_000)
    expect(gateway.log).toEqual([])
    gateway.runAhead(60_000)
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: 'client_stalled' })
    reader.socket.terminate()
    await gateway.settled()
  })

  test.each([
    ['keeps its upload', '240', []],
    ['loses its upload beneath timeouts.rate_min', '1GiB', ['server_stalled']],
  ])('that is a server %s', async (_what, rate_min, early) => {
    const held: Socket[] = []
    const sink = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open: (socket) => (held.push(socket), socket.pause()),
        data(socket, bytes) {
          read += bytes.length
          socket.pause()
        },
      },
    })
    let read = 0
    await using gateway = startEngine({
      config: toServers([`http://127.0.0.1:${sink.port}`], { timeouts: { rate_min, idle: '12s' } }),
      listener: { limits: { body: '1GiB' } },
    })
    const client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000000\r\n\r\n')
    client.send(Buffer.alloc(60_000_000))
    await waitFor(() => held[0])
    await filled(() => client.unsent)
    for (const ms of [5500, 11_000]) {
      gateway.runAhead(ms)
      const before = read
      held[0]?.resume()
      await waitFor(() => read > before)
    }
    gateway.runAhead(20_000)
    expect(gateway.log.map(({ fault }) => String(fault))).toEqual(early)
    gateway.runAhead(45_000)
    expect(await gateway.logged()).toMatchObject({ status: 504, fault: 'server_stalled' })
    sink.stop(true)
    await gateway.settled()
  })
})

test('a reader that takes nothing any more is given up after timeouts.idle, not after up to twice that', async () => {
  await using origin = startOrigin(answering(Buffer.alloc(20_000_000)))
  await using gateway = startEngine({
    config: toServers([origin.url]),
    listener: { timeouts: { idle: '6s' } },
  })
  const clients = clientsOf(gateway)
  const reader = await pieceReader(gateway.port())
  reader.socket.write(GET)
  await waitFor(() => clients()[0]?.waitingBytes)
  await filled(() => clients()[0]?.waitingBytes ?? 0)
  gateway.runAhead(7500)
  expect(gateway.log).toHaveLength(1) // at once: twice the time would pass by itself too
  expect(await gateway.logged()).toMatchObject({ status: 200, fault: 'client_stalled' })
  reader.socket.terminate()
  await gateway.settled()
})

describe('a sender', () => {
  test('a body that pauses after it had begun to come is given up when it has paused for so long, not at twice that', async () => {
    await using origin = startOrigin(() => undefined, { when: 'head' })
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { timeouts: { idle: '3s' } },
    })
    const clients = clientsOf(gateway)
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\na')
    await origin.begun()
    await pause(600) // the next look is now so much earlier than the end of the pause
    client.send('b')
    await waitFor(() => clients()[0]?.readBytes === 2)
    gateway.runAhead(3500)
    expect(gateway.log).toHaveLength(1) // at once: twice the time would pass by itself too
    expect(await gateway.logged()).toMatchObject({ status: 408, fault: 'request_timeout', bytesIn: 2 })
    await gateway.settled()
  })
})

describe('an answer that comes before its request is whole', () => {
  test('goes on for as long as its server sends, though that reads no more of the upload', async () => {
    const next = [makeGate(), makeGate()]
    const origin = Bun.listen<undefined>({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        async data(socket) {
          socket.pause()
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na')
          for (const gate of next) {
            await gate.opened
            socket.write('b')
          }
        },
      },
    })
    await using gateway = startEngine({
      config: toServers([`http://127.0.0.1:${origin.port}`]),
      listener: { limits: { body: '1GiB' } },
    })
    const client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000000\r\n\r\n')
    client.send(Buffer.alloc(50_000_000))
    await client.readUntil('\r\n\r\na')
    gateway.runAhead(20_000)
    next[0]?.open()
    await client.readUntil('b')
    // That the server takes no more of the request is no reason to end the answer.
    gateway.runAhead(29_000)
    next[1]?.open()
    await client.readUntil('b')
    // But in the end nobody waits for it, and the client gets rid of it.
    for (let ms = 29_000; gateway.log.length === 0; ms += 250) gateway.runAhead(ms)
    await waitFor(() => client.unsent === 0)
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: null, bytesOut: 3 })
    origin.stop(true)
    await gateway.settled()
  })

  test('ends when its client goes, also after the rest of the request has stalled', async () => {
    await using origin = startEarly()
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nslow')
    await client.readUntil('hello')
    gateway.runAhead(20_000)
    expect(gateway.log).toEqual([])
    client.send(Buffer.alloc(300_000)).fin()
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: 'client_abort', bytesIn: 300_004 })
    await gateway.settled()
  })

  test('ends when its client goes, also after the rest of the request was malformed', async () => {
    await using origin = startEarly()
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    await client.readUntil('hello')
    client.send('what is this?').send(Buffer.alloc(300_000)).fin()
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: 'client_abort' })
    await gateway.settled()
  })
})

describe('a refusal behind answers that are not read', () => {
  const big = Buffer.alloc(20_000_000, 'a')

  /**
   * A connection that has one answer waiting, though its exchange is over, and a request that is refused
   * behind it.
   */
  async function refusedBehind(
    gateway: TestEngine,
  ): Promise<{ reader: Awaited<ReturnType<typeof pieceReader>>; client: Inbound }> {
    const clients = clientsOf(gateway)
    const reader = await pieceReader(gateway.port())
    const client = await waitFor(() => clients()[0])
    // What a turn of pipelined answers has staged leaves after their exchanges, and may wait then: here
    // simply put there.
    client.write(big, 0, big.length)
    reader.socket.write('BAD\r\n\r\n')
    await waitFor(() => client.place === 'over')
    expect([client.waitingBytes > 0, client.isFinishing, gateway.log.length]).toEqual([true, false, 0])
    return { reader, client }
  }

  test('is sent once they are, and ends the connection', async () => {
    await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
    const { reader } = await refusedBehind(gateway)
    const pump = setInterval(() => reader.socket.resume(), 1)
    expect(await gateway.logged()).toMatchObject({ status: 400, fault: 'head_malformed' })
    await waitFor(() => reader.state.closed).finally(() => clearInterval(pump))
    expect(reader.state.total).toBeGreaterThan(big.length)
    await gateway.settled()
  })

  test('is given up with its client when that reads no more', async () => {
    await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
    const { reader } = await refusedBehind(gateway)
    gateway.runAhead(45_000)
    expect(await gateway.logged()).toMatchObject({ status: 400, fault: 'client_stalled' })
    expect(gateway.engine.openConnections).toBe(0)
    reader.socket.terminate()
    await gateway.settled()
  })
})

test('a connection that is gone leaves nothing on the wheel and no bytes behind', async () => {
  await using origin = startOrigin(answering(Buffer.alloc(20_000_000)))
  await using gateway = startEngine({ config: toServers([origin.url]) })
  const clients = clientsOf(gateway)
  const sends = [
    '',
    'GET / HTTP/1.1\r\nX-A: ',
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\na',
    GET,
  ]
  for (const [n, bytes] of sends.entries()) {
    const client = await gateway.client()
    if (bytes === GET) client.pause()
    client.send(bytes)
    const inbound = await waitFor(() => clients()[n])
    if (bytes === GET) await waitFor(() => inbound.waitingBytes)
    else await waitFor(() => (bytes === '' ? true : !inbound.isIdle))
    expect(inbound.filedTick).not.toBe(-1)
    client.rst()
    await waitFor(() => inbound.isClosed)
    expect([inbound.dueMs, inbound.filedTick, inbound.waitingBytes, inbound.waiting.length]).toEqual([
      0, -1, 0, 0,
    ])
  }
  await gateway.settled()
})

test('a request without a body sets the time to its answer once', async () => {
  await using origin = startOrigin()
  await using gateway = startEngine({ config: toServers([origin.url], { timeouts: { response: '47s' } }) })
  await using client = await gateway.client()
  await client.get('/first')
  const due = spyOn(gateway.engine.wheel, 'due')
  const before = performance.now()
  await client.get('/second')
  const after = performance.now()
  const times = due.mock.calls.map(([, dueMs]) => dueMs - 47_000)
  expect(times.filter((ms) => ms >= before - 5 && ms <= after)).toHaveLength(1)
})

describe('a client that sends a great many requests at once', () => {
  const config = {
    backends: {},
    rules: [{ name: 'all', respond: { body: 'ok' } }],
  }
  const listener = { limits: { requests: 1_000_000 } }

  test('lets others have their turn, and gets all its answers in order', async () => {
    const count = 8000
    await using gateway = startEngine({ config, listener })
    const [greedy, other] = [await gateway.client(), await gateway.client()]
    greedy.send(Array.from({ length: count }, (_, n) => `GET /${n} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''))
    other.send(GET)
    await other.readAnswer()
    expect(gateway.log.findIndex(({ target }) => target === '/')).toBeLessThan(count / 4)
    for (let n = 0; n < count; n++) expect((await greedy.readAnswer()).body).toBe('ok')
    const targets = gateway.log.map(({ target }) => target).filter((target) => target !== '/')
    expect(targets).toEqual(Array.from({ length: count }, (_, n) => `/${n}`))
    // And its connection serves on.
    expect((await greedy.get('/after')).body).toBe('ok')
    await gateway.settled()
  })

  test('is read on after the last of them, however they fall into turns', async () => {
    await using gateway = startEngine({ config, listener })
    const clients = clientsOf(gateway)
    const many = GET.replace('\r\n\r\n', `\r\nX-A: ${'a'.repeat(1200)}\r\n\r\n`)
    for (const [n, count] of [63, 64, 65, 127, 128, 129, 192].entries()) {
      const client = await gateway.client()
      const inbound = await waitFor(() => clients()[n])
      inbound.onData(Buffer.from(many.repeat(count))) // by one read, which a socket gives only at times
      for (let i = 0; i < count; i++) expect((await client.readAnswer()).body).toBe('ok')
      expect((await client.get('/after')).body).toBe('ok')
    }
    await gateway.settled()
  })

  for (const half_close of ['abort', 'answer']) {
    test(`and ends its half is answered to the end (half_close: ${half_close})`, async () => {
      await using gateway = startEngine({ config, listener: { ...listener, half_close } })
      const client = await gateway.client()
      client.send(GET.repeat(1000)).fin()
      const text = await client.readToEnd()
      expect(text.split('HTTP/1.1 200').length - 1).toBe(1000)
      expect(text.split('Connection: close').length - 1).toBe(1)
      await gateway.settled()
      expect(gateway.log).toHaveLength(1000)
    })
  }

  test('and resets is served no further', async () => {
    await using gateway = startEngine({ config, listener })
    const client = await gateway.client()
    client.send(GET.repeat(18_000))
    await waitFor(() => gateway.log.length > 0, { everyMs: 0 })
    client.rst()
    await gateway.settled()
    expect(gateway.log.length).toBeLessThan(18_000)
  })
})
