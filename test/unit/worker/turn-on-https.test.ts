// HTTP and TURN behind the TLS of one port, as a worker has them: who goes where, what counts for whom, and
// what becomes of clients when the config changes or the worker leaves. A door of the test's stands for the
// relay.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Config } from '../../../server/config/schema.ts'
import { Sockets } from '../../../server/control/sockets/sockets.ts'
import { duplicateFd } from '../../../server/lib/pass-fds.ts'
import type { InProcess } from '../../../server/worker/in-process.ts'
import { waitFor, within } from '../../support/wait.ts'
import { BINDING, certificateText, Door } from '../turn/stream-scene.ts'
import { config, folder, machine, planOf, serve, stop, stopMachines } from './machines.ts'

const path = join(folder, 'door-443')
let door: Door
let made: InProcess
const clients: Client[] = []
beforeEach(() => {
  rmSync(path, { force: true })
  door = new Door(path)
  made = machine()
})
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy()
  door.close()
  await stopMachines()
})

const turn = { bind: '127.0.0.1:0', protocol: 'turn', transports: ['udp'], realm: 'a', auth: 'none' }

const words = (web: object = {}, turnWords: object = {}, more: object = {}, rules: object[] = []): Config =>
  config({
    certificates: { own: { self_signed: true } },
    listeners: {
      web: { bind: '127.0.0.1:0', protocol: 'https', certificates: 'own', turn: 'turn', ...web },
      turn: { ...turn, relay: false, ...turnWords },
      ...more,
    },
    rules: [...rules, { name: 'all', match: { listener: 'web' }, respond: { status: 200, body: 'http' } }],
  })

let number = 0
const apply = (of: Config): Promise<void> =>
  serve(made, planOf(++number, of, { door: path, certificates: { own: certificateText() } }))

class Client {
  readonly socket: TLSSocket
  text = ''
  hasEnded = false
  isClosed = false
  error: string | null = null

  constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => void (this.text += bytes.toString('latin1')))
    socket.on('end', () => void (this.hasEnded = true))
    socket.on('error', (error) => void (this.error = (error as { code?: string }).code ?? error.message))
    socket.on('close', () => void (this.isClosed = true))
  }

  async has(text: string): Promise<void> {
    await waitFor(() => this.text.includes(text), { what: `"${text}" (so far "${this.text.slice(0, 200)}")` })
  }
}

/** A client whose handshake is done, or that was refused. */
async function connect(offered: readonly string[] = [], header = '', unix = ''): Promise<Client> {
  const port = made.plane.ports().get('web') ?? 0
  const raw = connectTcp(unix === '' ? { port, host: '127.0.0.1' } : { path: unix })
  if (header !== '') raw.write(header)
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connectTls({ socket: raw, rejectUnauthorized: false, ALPNProtocols: [...offered] }, resolve)
  socket.on('error', () => resolve())
  const client = new Client(socket)
  clients.push(client)
  await within(promise, 'a handshake')
  return client
}

/** A client that is with the relay. */
async function relayed(offered?: readonly string[], header?: string): Promise<Client> {
  const { length } = door.visits
  const client = await connect(offered, header)
  client.socket.write(BINDING)
  await door.visit(length)
  return client
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

async function expectHttp(offered?: readonly string[]): Promise<void> {
  const client = await connect(offered)
  client.socket.write(GET)
  await client.has('\r\n\r\nhttp')
  client.socket.destroy()
}

describe('who offers no protocol is led by the first byte', () => {
  test('of STUN to the turn listener, which has no address of its own for it; other ones to HTTP', async () => {
    await apply(words())
    await Promise.all([relayed(), expectHttp(), relayed(), expectHttp()])
    expect([...made.plane.ports().keys()]).toEqual(['web'])
    expect(door.visits.map(({ announced }) => announced)).toEqual(
      [1, 2].map(() => expect.objectContaining({ isTls: true, listener: 'turn', hasDescriptor: false })),
    )
  })

  test('and all that it said arrives as it was, in whatever pieces', async () => {
    await apply(words())
    const client = await connect()
    client.socket.setNoDelay(true)
    for (const [i, byte] of BINDING.entries()) {
      client.socket.write(Uint8Array.of(byte))
      const visit = await door.visit()
      await waitFor(() => visit.bytes === i + 1)
    }
    const visit = await door.visit()
    expect(Buffer.concat(visit.pieces)).toEqual(BINDING)
    visit.write('answer')
    await client.has('answer')
    const other = await connect()
    other.socket.setNoDelay(true)
    for (const byte of GET) {
      other.socket.write(byte)
      await new Promise((resolve) => void setImmediate(resolve))
    }
    await other.has('\r\n\r\nhttp')
  })

  test('what is neither is HTTP’s to refuse: bytes that STUN has not given out, and ChannelData', async () => {
    await apply(words())
    for (const first of [0x02, 0x03, 0x16, 0x40, 0x80]) {
      const client = await connect()
      client.socket.write(Buffer.concat([Buffer.of(first, 0, 0, 4), Buffer.from('abcd\r\n\r\n')]))
      await client.has('HTTP/1.1 400')
    }
    expect(door.visits).toEqual([])
  })
})

describe('who offers a protocol goes straight where that is spoken', () => {
  test('stun.turn and stun.nat-discovery to the turn listener', async () => {
    await apply(words())
    for (const offered of [['stun.turn'], ['stun.nat-discovery'], ['http/1.1', 'stun.turn']]) {
      const client = await relayed(offered)
      expect(client.socket.alpnProtocol).toBe(offered.at(-1)!)
    }
    const client = await connect(['stun.turn'])
    client.socket.write(GET)
    await waitFor(() => client.isClosed)
    expect(client.text).toBe('')
  })

  test('http/1.1 to HTTP, also beside what is not spoken', async () => {
    await apply(words())
    await expectHttp(['http/1.1'])
    const client = await connect(['h2', 'http/1.1'])
    expect(client.socket.alpnProtocol).toBe('http/1.1')
    client.socket.write(BINDING)
    client.socket.write('\r\n\r\n')
    await client.has('HTTP/1.1 400')
    expect(door.visits).toEqual([])
    expect((await connect(['h2'])).error).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
  })
})

describe('who says nothing', () => {
  test('is ended after timeouts.head, in order', async () => {
    await apply(words({ timeouts: { head: '50ms' } }))
    const client = await connect()
    await waitFor(() => client.hasEnded && client.isClosed)
    expect([client.error, client.text]).toEqual([null, ''])
    await waitFor(() => made.plane.openConnections === 0)
  })

  test('but that it ends, is answered with an end', async () => {
    await apply(words())
    const client = await connect()
    client.socket.end()
    await waitFor(() => client.hasEnded && client.isClosed)
    expect(client.error).toBeNull()
  })
})

test('a PROXY header before names the client, to the relay as well', async () => {
  await apply(words({ proxy_protocol: { trusted: ['127.0.0.1'] } }))
  await relayed([], 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n')
  expect((await door.visit()).announced).toMatchObject({
    client: '192.0.2.7',
    clientPort: 40_000,
    local: '198.51.100.1',
    localPort: 443,
  })
})

test('at a Unix socket a PROXY header gives the client an address; without one it is closed', async () => {
  const unix = join(folder, 'web.sock')
  const bind = `unix:${unix}`
  const sockets = new Sockets(() => false)
  made = machine((key) => {
    const { fd, port } = sockets.take(key, 0)
    return { fd: duplicateFd(fd), port }
  })
  const behindProxy = words({ bind, proxy_protocol: { trusted: ['unix:'] } })
  expect(sockets.stage(behindProxy.listeners, [0])).toEqual([])
  await apply(behindProxy)
  const named = await connect([], 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n', unix)
  named.socket.write(BINDING)
  expect((await door.visit()).announced).toMatchObject({ client: '192.0.2.7', clientPort: 40_000 })
  await apply(words({ bind }))
  const unnamed = await connect([], '', unix)
  unnamed.socket.write(BINDING)
  await waitFor(() => unnamed.isClosed)
  expect(door.visits.length).toBe(1)
  sockets.close()
})

test('a client of the relay counts for the turn listener, and no longer for the one where it came in', async () => {
  await apply(words({ limits: { connections: 1 } }, { limits: { connections: 2 } }))
  const first = await relayed()
  await relayed()
  await expectHttp()
  await waitFor(() => made.plane.openConnections === 2)
  const beyond = await connect()
  beyond.socket.write(BINDING)
  await waitFor(() => beyond.isClosed)
  expect(door.visits.length).toBe(2)
  ;(await door.visit()).socket.terminate()
  await waitFor(() => first.isClosed)
  await waitFor(() => made.plane.openConnections === 1)
  await relayed()
})

test('a tls listener may stand before the https one', async () => {
  const front = { bind: '127.0.0.1:0', protocol: 'tls' }
  const lead = { name: 'lead', match: { listener: 'front' }, listener: 'web' }
  await apply(words({}, {}, { front }, [lead]))
  const port = made.plane.ports().get('front')
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  clients.push(new Client(socket))
  socket.write(BINDING)
  expect((await door.visit()).announced).toMatchObject({ isTls: true, listener: 'turn', localPort: port })
})

describe('a reload', () => {
  test('without "turn" leaves who is with the relay there; who comes is HTTP’s', async () => {
    await apply(words())
    const kept = await relayed()
    const waiting = await connect()
    await apply(words({ turn: undefined }))
    ;(await door.visit()).write('still here')
    await kept.has('still here')
    const client = await connect()
    client.socket.write(BINDING)
    client.socket.write('\r\n\r\n')
    await client.has('HTTP/1.1 400')
    expect((await connect(['stun.turn'])).error).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
    // One that was let in before, and speaks now.
    waiting.socket.write(BINDING)
    await door.visit(1)
    await apply(words())
    await relayed()
  })

  test('to another turn listener leads who comes there', async () => {
    const other = { other: { ...turn, relay: false, realm: 'b' } }
    await apply(words({}, {}, other))
    await relayed()
    await apply(words({ turn: 'other' }, {}, other))
    await relayed()
    expect(door.visits.map(({ announced }) => announced?.listener)).toEqual(['turn', 'other'])
  })
})

test('a drain gives who is silent a moment, and waits for who is with the relay', async () => {
  await apply(words())
  const kept = await relayed()
  const silent = await connect()
  const cutOff = stop(made, 3000)
  await waitFor(() => silent.isClosed)
  expect(kept.isClosed).toBe(false)
  kept.socket.end()
  ;(await door.visit()).socket.shutdown()
  expect(await cutOff).toBe(0)
})
