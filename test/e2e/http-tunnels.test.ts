// Upgrade: once a server switches protocols, bytes pass both ways as they are, each half with its own end.
import { describe, expect, test } from 'bun:test'
import type { RawClient } from '../support/client.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { pause, waitFor, within } from '../support/wait.ts'

const UPGRADE =
  'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo/1\r\nSec-WebSocket-Key: k\r\n\r\n'
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\nX-A: 1\r\n\r\n'

/** A server of raw bytes: the test holds the other end of the tunnel. */
class RawServer implements AsyncDisposable {
  got = ''
  bytes = 0
  ended: 'fin' | 'rst' | null = null
  socket: Bun.Socket | null = null
  isCounting = false
  readonly onHead: (server: RawServer) => void
  readonly listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: {
      open: (socket: Bun.Socket) => void (this.socket = socket),
      data: (_socket: Bun.Socket, bytes: Buffer) => {
        this.bytes += bytes.length
        if (this.isCounting) return
        const hadHead = this.got.includes('\r\n\r\n')
        this.got += bytes.toString('latin1')
        if (!hadHead && this.got.includes('\r\n\r\n')) this.onHead(this)
      },
      end: () => void (this.ended ??= 'fin'),
      close: (_socket: Bun.Socket, error?: Error) =>
        void (this.ended = error ? 'rst' : (this.ended ?? 'fin')),
      error() {},
    },
  } as unknown as Bun.TCPSocketListenOptions<undefined>)

  constructor(onHead: (server: RawServer) => void = (server) => server.send(SWITCHED)) {
    this.onHead = onHead
  }
  get url(): string {
    return `http://127.0.0.1:${this.listener.port}`
  }
  send(text: string): void {
    this.socket?.write(Buffer.from(text, 'latin1'))
  }
  /** What came after the request's head. */
  get after(): string {
    return this.got.slice(this.got.indexOf('\r\n\r\n') + 4)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.socket?.terminate()
    this.listener.stop(true)
  }
}

async function upgraded(gateway: TestEngine): Promise<RawClient> {
  const client = await gateway.client()
  client.send(UPGRADE)
  const head = await client.readUntil('\r\n\r\n')
  expect(head).toStartWith('HTTP/1.1 101 Switching Protocols\r\n')
  expect(head.toLowerCase()).toContain('connection: upgrade')
  expect(head).toContain('Upgrade: echo/1')
  return client
}

describe('a tunnel', () => {
  test('carries bytes both ways, those right behind the heads too', async () => {
    await using server = new RawServer((raw) => raw.send(`${SWITCHED}first`))
    await using gateway = startEngine({ config: toServers([server.url]) })
    await using client = await gateway.client()
    client.send(`${UPGRADE}early`)
    expect(await client.readUntil('first')).toContain('X-A: 1')
    await waitFor(() => server.after === 'early')
    expect(server.got).toContain('Sec-WebSocket-Key: k')
    expect(server.got).toMatch(/connection: upgrade\r\n/i)
    client.send('\0\xff GET / HTTP/1.1\r\n\r\n')
    await waitFor(() => server.after === 'early\0\xff GET / HTTP/1.1\r\n\r\n')
    server.send('more')
    expect(await client.readUntil('more')).toBe('more')
    expect(gateway.inFlight).toBe(1)
    client.fin()
    await waitFor(() => server.ended === 'fin')
    server.socket?.shutdown()
    expect(await client.closed()).toBe('fin')
    expect(await gateway.logged()).toMatchObject({ status: 101, fault: null, bytesIn: 26, bytesOut: 9 })
    await gateway.settled()
  })

  test('goes on in one direction when the other has ended, whichever it is', async () => {
    await using server = new RawServer()
    await using gateway = startEngine({ config: toServers([server.url]) })
    const first = await upgraded(gateway)
    first.fin()
    await waitFor(() => server.ended === 'fin')
    server.send('still here')
    expect(await first.readUntil('here')).toBe('still here')
    server.socket?.shutdown()
    await first.closed()
    server.ended = null
    server.got = ''
    const second = await upgraded(gateway)
    server.socket?.shutdown()
    expect(await second.ending()).toBe('fin')
    second.send('and so am I')
    await waitFor(() => server.after === 'and so am I')
    second.fin()
    await waitFor(() => server.ended === 'fin')
    await waitFor(() => gateway.log.length === 2)
    expect(gateway.log.map(({ fault }) => fault)).toEqual([null, null])
    await gateway.settled()
  })

  test('a reset of one side resets the other', async () => {
    await using server = new RawServer()
    await using gateway = startEngine({ config: toServers([server.url]) })
    const first = await upgraded(gateway)
    first.rst()
    await waitFor(() => server.ended === 'rst')
    expect((await gateway.logged()).fault).toBe('client_abort')
    server.got = ''
    const second = await upgraded(gateway)
    server.socket?.terminate()
    expect(await second.closed()).toBe('rst')
    expect((await gateway.logged()).fault).toBe('server_truncated')
    await gateway.settled()
  })

  test('that its server resets does not make that server a failing one', async () => {
    await using server = new RawServer()
    await using gateway = startEngine({ config: toServers([server.url]) })
    const client = await upgraded(gateway)
    server.socket?.terminate()
    expect(await client.closed()).toBe('rst')
    expect(await gateway.logged()).toMatchObject({ status: 101, fault: 'server_truncated' })
    const { slot } = gateway.servers[0]!
    expect([gateway.board.attempts(slot), gateway.board.lastFault(slot)]).toEqual([1, null])
    await gateway.settled()
  })

  test('both sides may end at once', async () => {
    await using server = new RawServer()
    await using gateway = startEngine({ config: toServers([server.url]) })
    for (let round = 0; round < 20; round++) {
      server.got = ''
      const client = await upgraded(gateway)
      client.send('bye').fin()
      server.send('bye')
      server.socket?.shutdown()
      expect(await client.readToEnd()).toBe('bye')
      await waitFor(() => gateway.inFlight === 0)
    }
    expect(gateway.log.filter(({ fault }) => fault !== null)).toEqual([])
    await gateway.settled()
  })

  test('a side that does not read stops the other, and nothing is lost', async () => {
    await using server = new RawServer()
    await using gateway = startEngine({ config: toServers([server.url]) })
    const client = await upgraded(gateway)
    server.isCounting = true
    const before = server.bytes
    server.socket?.pause()
    const size = 30_000_000
    client.send(Buffer.alloc(size, 'c')).fin()
    // It stops with most of it still in the client's hands.
    let seen = -1
    await waitFor(
      () => {
        const total = gateway.board.bytesIn(0)
        const isStill = total === seen
        seen = total
        return isStill
      },
      { everyMs: 50 },
    )
    server.socket?.resume()
    await waitFor(() => server.bytes - before === size && server.ended === 'fin')
    server.socket?.shutdown()
    expect(await gateway.logged()).toMatchObject({ bytesIn: size, fault: null })
    await gateway.settled()
  })

  test('ends after it was silent for its time, however busy it was before', async () => {
    await using server = new RawServer()
    await using gateway = startEngine({
      config: toServers([server.url]),
      listener: { timeouts: { tunnel: '1s', idle: '100ms' } },
    })
    const client = await upgraded(gateway)
    for (let n = 0; n < 3; n++) {
      await pause(400)
      server.send('.')
      await client.readUntil('.')
    }
    expect(await client.closed()).toBe('rst')
    expect(await gateway.logged()).toMatchObject({ status: 101, fault: 'tunnel_timeout' })
    await gateway.settled()
  })
})

test('a refused upgrade is an ordinary answer on a connection that stays', async () => {
  await using server = new RawServer((raw) => raw.send('HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno'))
  await using gateway = startEngine({ config: toServers([server.url]) })
  await using client = await gateway.client()
  client.send(UPGRADE)
  const answer = await client.readAnswer()
  expect([answer.status, answer.body, answer.get('connection')]).toEqual([400, 'no', null])
  expect(gateway.outbound).toEqual({ open: 1, idle: 1 })
  await gateway.settled()
})

test('h2c, HTTP/1.0 and an upgrade that Connection does not name are not passed on', async () => {
  await using server = new RawServer((raw) => {
    raw.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    raw.socket?.shutdown()
  })
  await using gateway = startEngine({ config: toServers([server.url], { keep_alive: { idle: '0s' } }) })
  for (const request of [
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket, H2C\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: h\r\nUpgrade: echo/1\r\n\r\n',
    'GET / HTTP/1.0\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n',
  ]) {
    server.got = ''
    const client = await gateway.client()
    client.send(request)
    expect((await client.readAnswer()).status).toBe(200)
    expect(server.got.toLowerCase()).not.toMatch(/upgrade|http2-settings/)
  }
  await gateway.settled()
})

for (const [name, framing, body, sent] of [
  ['a length', 'Content-Length: 4\r\n', 'body', 'body'],
  ['chunks', 'Transfer-Encoding: chunked\r\n', '4\r\nbody\r\n0\r\n\r\n', '4\r\nbody\r\n0\r\n\r\n'],
] as const)
  test(`an upgrade with a body of ${name} is passed on, and switches behind it`, async () => {
    await using server = new RawServer(() => {})
    await using gateway = startEngine({ config: toServers([server.url]) })
    const client = await gateway.client()
    client.send(
      `POST /exec HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n${framing}\r\n${body.slice(0, -2)}`,
    )
    await waitFor(() => server.after.length > 0)
    // The last of the body and the first of the other protocol come in one packet.
    client.send(`${body.slice(-2)}in`)
    await waitFor(() => server.after === sent)
    expect(server.got).toContain('Connection: upgrade\r\nUpgrade: tcp\r\n')
    server.send('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nout')
    expect(await client.readUntil('out')).toContain('Upgrade: tcp')
    await waitFor(() => server.after === `${sent}in`)
    client.fin()
    server.socket?.shutdown()
    expect(await gateway.logged()).toMatchObject({ status: 101, fault: null, bytesIn: 6, bytesOut: 3 })
    await gateway.settled()
  })

test('a switch before the request is whole is refused', async () => {
  await using server = new RawServer()
  await using gateway = startEngine({ config: toServers([server.url], { retry: { attempts: 1 } }) })
  await using client = await gateway.client()
  client.send(UPGRADE.replace('\r\n\r\n', '\r\nContent-Length: 9\r\n\r\n'))
  expect((await client.readAnswer()).status).toBe(502)
})

test('a switch to another protocol than was asked for is refused', async () => {
  await using server = new RawServer((raw) => {
    raw.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n')
  })
  await using gateway = startEngine({ config: toServers([server.url], { retry: { attempts: 1 } }) })
  await using client = await gateway.client()
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  expect((await client.readAnswer()).status).toBe(502)
  await gateway.settled()
})

test('a switch that nobody asked for is refused', async () => {
  await using server = new RawServer()
  await using gateway = startEngine({ config: toServers([server.url], { retry: { attempts: 1 } }) })
  await using client = await gateway.client()
  expect((await client.get('/')).status).toBe(502)
  expect((await gateway.logged()).fault).toBe('server_malformed')
  await gateway.settled()
})

test('a tunnel whose server speaks and ends before a response step is done loses nothing', async () => {
  const gate = Promise.withResolvers<void>()
  await using server = new RawServer((raw) => {
    raw.send(`${SWITCHED}all of it`)
    raw.socket?.shutdown()
  })
  await using gateway = startEngine({
    config: toServers([server.url]),
    steps: [{ name: 'slow', response: () => gate.promise }],
  })
  await using client = await gateway.client()
  client.send(UPGRADE)
  await waitFor(() => server.got !== '')
  await pause(20)
  gate.resolve()
  expect(await within(client.readToEnd(), 'the end')).toEndWith('\r\n\r\nall of it')
  client.fin()
  expect(await gateway.logged()).toMatchObject({ status: 101, fault: null, bytesOut: 9 })
  await gateway.settled()
})
