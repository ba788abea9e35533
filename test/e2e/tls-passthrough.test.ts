// A tls listener: clients are led on by what they ask for, and not one byte of theirs is touched; or their
// TLS ends at another listener.
import { afterEach, describe, expect, test } from 'bun:test'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { type RawClient, rawClient } from '../support/client.ts'
import type { TestEngine } from '../support/engine.ts'
import { hello, inRecords, names } from '../support/hello.ts'
import { asking, nameEntry, Passthrough } from '../support/passthrough.ts'
import { makePair } from '../support/pki.ts'
import { waitFor, within } from '../support/wait.ts'
import { helloOf } from '../vectors/hellos.ts'

const theirs = makePair(['shop.example'])

let world: Passthrough
let gateway: TestEngine
const start = (...how: ConstructorParameters<typeof Passthrough>): void => {
  world = new Passthrough(...how)
  gateway = world.gateway
}
afterEach(() => world[Symbol.asyncDispose]())

async function inSegments(client: RawClient, bytes: Buffer, count: number): Promise<void> {
  const size = Math.ceil(bytes.length / count)
  for (let at = 0; at < bytes.length; at += size) {
    client.send(bytes.subarray(at, at + size))
    await new Promise((resolve) => void setImmediate(resolve))
  }
}

describe('what is passed on', () => {
  test('800 hellos in 1, 2 and 5 segments reach the server of their name, byte for byte', async () => {
    start()
    const { port } = world
    const kinds: readonly (readonly [Buffer, string])[] = [
      [helloOf('openssl'), 'a'], // www.example.org
      [helloOf('curl'), 'b'], // app.example.org
      [helloOf('chromium'), 'b'], // shop.example.org, in two packets of most networks
      [asking('b.example', 'h2'), 'a'],
      [asking('b.example', 'http/1.1'), 'b'],
    ]
    let right = 0
    const one = async (number: number): Promise<void> => {
      const [bytes, name] = kinds[number % kinds.length]!
      const client = await rawClient(port)
      await inSegments(client, bytes, [1, 2, 5][number % 3]!)
      const back = await within(client.reader.exactly(2 + bytes.length), 'what came back')
      if (back.equals(Buffer.concat([Buffer.from(`${name}:`), bytes]))) right++
      client.fin()
      await client.closed()
    }
    for (let from = 0; from < 800; from += 40)
      await Promise.all(Array.from({ length: 40 }, (_, i) => one(from + i)))
    expect(right).toBe(800)
    const { connectionLog } = gateway
    await waitFor(() => connectionLog.length === 800)
    expect(connectionLog.every(({ fault, listener }) => fault === null && listener.name === 'web')).toBe(true)
    expect(new Set(connectionLog.map(({ askedFor }) => askedFor))).toEqual(
      new Set(['www.example.org', 'app.example.org', 'shop.example.org', 'b.example']),
    )
  }, 60_000)

  test('a hello that comes byte by byte, in records of one byte each', async () => {
    start()
    const client = await gateway.client()
    const bytes = inRecords(hello({ extensions: [names(nameEntry('a.example'))] }), 1)
    for (const byte of bytes) {
      client.send(Uint8Array.of(byte))
      await new Promise((resolve) => void setImmediate(resolve))
    }
    expect(await within(client.reader.exactly(2 + bytes.length), 'the echo')).toEqual(
      Buffer.concat([Buffer.from('a:'), bytes]),
    )
  })

  test('ends and breaks of either side, and what came behind the hello at once', async () => {
    start()
    const client = await gateway.client()
    const bytes = Buffer.concat([asking('a.example'), Buffer.alloc(300_000, 'more')])
    client.send(bytes).fin()
    const back = Buffer.from(await client.readToEnd(), 'latin1')
    expect(back.equals(Buffer.concat([Buffer.from('a:'), bytes]))).toBe(true)
    const other = await gateway.client()
    other.send(asking('a.example'))
    await other.readUntil('a:')
    world.a.all.at(-1)?.rst()
    await other.closed()
  })

  test('a PROXY header before it is taken, in one packet with the hello and in pieces', async () => {
    start({ proxy_protocol: { trusted: ['127.0.0.1'] } })
    const header = Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n')
    const bytes = asking('a.example')
    for (const count of [1, 9]) {
      const client = await gateway.client()
      await inSegments(client, Buffer.concat([header, bytes]), count)
      expect(await within(client.reader.exactly(2 + bytes.length), 'the echo')).toEqual(
        Buffer.concat([Buffer.from('a:'), bytes]),
      )
      client.fin()
      expect(await gateway.connectionLogged()).toMatchObject({ client: '192.0.2.7' })
    }
  })

  test('TLS with the server, from one end to the other', async () => {
    const shop = createTlsServer({ ...theirs, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
      socket.on('error', () => {})
      socket.end(`shop ${socket.servername}`)
    })
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    const { port } = shop.address() as { port: number }
    start({}, { shop: `tcp://127.0.0.1:${port}` })
    const socket = await shake('shop.example', ['h2'])
    expect(socket.getPeerCertificate().subject.CN).toBe('shop.example')
    expect(socket.alpnProtocol).toBe('h2')
    expect(await textOf(socket)).toBe('shop shop.example')
    shop.close()
  })
})

describe('what ends at another listener', () => {
  test('goes on there, beside what is passed on: its certificate, its rules, its log, its count', async () => {
    start()
    const names = ['site.example', 'www.site.example']
    for (const name of names) {
      const socket = await shake(name)
      expect(socket.getPeerCertificate().subject.CN).toBe('site.example')
      expect(await get(socket, name)).toStartWith('HTTP/1.1 200')
      const beside = await gateway.client()
      expect(await beside.send(asking('b.example', 'http/1.1')).readUntil('b:')).toBe('b:')
      beside.fin()
      await beside.closed()
    }
    const { log, handshakes, board } = gateway
    expect(log.map(({ host, client }) => [host, client])).toEqual(names.map((name) => [name, '127.0.0.1']))
    expect(handshakes.map((told) => told.split(' ')[0])).toEqual(['site', 'site'])
    await waitFor(() => board.activeConnections() === 0)
  })

  test('many at once, with their requests in pieces and their ends', async () => {
    start()
    const one = async (number: number): Promise<boolean> => {
      const socket = await shake('site.example')
      const text = await get(socket, 'site.example', 'x'.repeat(number * 100))
      return text.startsWith('HTTP/1.1 200')
    }
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => one(i)))
    expect(all.every(Boolean)).toBe(true)
  })

  test('which may be one of tcp: its servers get what was in it', async () => {
    start()
    const socket = await shake('inner.example')
    const text = textOf(socket)
    socket.end('hello')
    expect(await text).toBe('a:hello')
    expect(await gateway.connectionLogged()).toMatchObject({ listener: { name: 'inner' }, bytesIn: 5 })
  })

  test('within the limit of connections of that listener', async () => {
    start({}, { site: { limits: { connections: 1 } } })
    const first = await shake('site.example')
    await expect(shake('www.site.example')).rejects.toThrow()
    expect(gateway.events).toContainEqual(
      expect.objectContaining({ event: 'limit_reached', limit: 'listeners.site.limits.connections' }),
    )
    first.destroy()
    const { board } = gateway
    await waitFor(() => board.activeConnections() === 0)
  })

  test('with the client that a PROXY header named', async () => {
    start({ proxy_protocol: { trusted: ['127.0.0.1'] } })
    const client = connectPlain('PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n')
    const socket = await shake('site.example', [], await client)
    expect(await get(socket, 'site.example')).toStartWith('HTTP/1.1 200')
    expect((await gateway.logged()).client).toBe('192.0.2.7')
  })
})

async function connectPlain(first: string): Promise<Socket> {
  const socket = connectTcp(world.port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(first)
  return socket
}

function shake(servername: string, alpn: string[] = [], socket?: Socket): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const where = socket === undefined ? { port: world.port, host: '127.0.0.1' } : { socket }
  const tls = connectTls(
    { ...where, servername, rejectUnauthorized: false, ...(alpn.length > 0 && { ALPNProtocols: alpn }) },
    () => resolve(tls),
  )
  tls.on('error', reject)
  tls.once('close', () => reject(new Error('closed')))
  return within(promise, 'a handshake')
}

function textOf(socket: TLSSocket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => void (text += part))
  return within(new Promise((resolve) => void socket.once('end', () => resolve(text))), 'the end')
}

function get(socket: TLSSocket, host: string, body = ''): Promise<string> {
  const text = textOf(socket)
  socket.write(
    `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  socket.write(body)
  return text
}
