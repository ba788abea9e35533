// Clients of the relay over TCP and TLS through a whole gateway: workers accept them, the relay serves them.
import { afterEach, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { testCertificate } from '../support/certificate.ts'
import { rawClient } from '../support/client.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { isRunning, residentBytes, sendSignal } from '../support/processes.ts'
import * as stun from '../support/stun.ts'
import { tcpAllocate, TurnLine } from '../support/turn-line.ts'
import { waitFor, within } from '../support/wait.ts'
import { otherPemPair } from '../unit/turn/stream-certificates.ts'

const gateways: Gateway[] = []
const folders: string[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const turn = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  bind: '127.0.0.1:0',
  protocol: 'turn',
  realm: 'example.org',
  auth: { users: { test: 'test123' } },
  relay: { bind: ['127.0.0.1'], tcp: true },
  peers: { allow: ['127.0.0.0/8'] },
  tls: { bind: '127.0.0.1:0', cert: 'cert.pem', key: 'key.pem' },
  ...more,
})

/** A gateway with a certificate beside its config. */
async function start(
  listeners: Record<string, unknown>,
  options: Omit<Partial<GatewayOptions>, 'config'> = {},
  more: Record<string, unknown> = {},
): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'turn-streams-'))
  folders.push(folder)
  copyFileSync(testCertificate().cert, join(folder, 'cert.pem'))
  copyFileSync(testCertificate().key, join(folder, 'key.pem'))
  const gateway = await startGateway({ ...options, folder, config: { listeners, ...more } })
  gateways.push(gateway)
  return gateway
}

const open = (gateway: Gateway, transport: 'tcp' | 'tls'): Promise<TurnLine> =>
  TurnLine.open({ transport, port: gateway.port(transport === 'tls' ? 'turn.tls' : 'turn') })

/** The address that a client is told it has. */
async function mapped(line: TurnLine): Promise<unknown> {
  return stun.addressOf(await line.ask(new stun.StunWriter(stun.BINDING)), stun.XOR_MAPPED_ADDRESS)
}

/** Whose certificate is shown to a client that names nobody. */
async function shown(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  socket.on('secureConnect', () => resolve(String(socket.getPeerCertificate().subject.CN)))
  socket.on('error', reject)
  const name = await within(promise, 'a handshake')
  socket.destroy()
  return name
}

describe.each([
  ['worker processes of the sources', { binary: false }],
  ['one process of the sources', { binary: false, workers: 0 }],
  ['worker processes of the executable', { binary: true }],
  ['one process of the executable', { binary: true, workers: 0 }],
] as const)('in %s', (_, options) => {
  test('clients over TCP and TLS are told their own address, and allocate', async () => {
    const gateway = await start({ turn: turn() }, options)
    for (const transport of ['tcp', 'tls'] as const) {
      await using line = await open(gateway, transport)
      expect(await mapped(line)).toEqual({ host: '127.0.0.1', port: line.localPort })
      expect((await line.allocate()).port).toBeGreaterThan(0)
    }
  })
})

describe('certificates', () => {
  test('files that change are those of the next handshakes; who is there stays', async () => {
    const gateway = await start({ turn: turn() })
    await using line = await open(gateway, 'tls')
    const relayed = await line.allocate()
    const port = gateway.port('turn.tls')
    expect(await shown(port)).toBe('localhost')
    const { cert, key } = otherPemPair()
    // Between the two they do not fit together: then the old ones stay.
    writeFileSync(join(gateway.folder, 'cert.pem'), cert)
    await gateway.event('certificate_refused')
    expect(await shown(port)).toBe('localhost')
    writeFileSync(join(gateway.folder, 'key.pem'), key)
    await gateway.event('certificate_replaced')
    expect(await shown(port)).toBe('other')
    expect((await line.refresh(600)).code).toBe(0)
    expect(await mapped(line)).toEqual({ host: '127.0.0.1', port: line.localPort })
    expect(relayed.port).toBeGreaterThan(0)
  })

  test('a worker that is replaced has them, though the files are gone', async () => {
    const gateway = await start({ turn: turn() })
    rmSync(join(gateway.folder, 'key.pem'))
    await gateway.event('certificate_refused')
    const [before] = gateway.workers
    sendSignal(before, 'SIGKILL')
    await gateway.event('worker_replaced')
    expect(gateway.workers).not.toContain(before)
    expect(await shown(gateway.port('turn.tls'))).toBe('localhost')
    await using line = await open(gateway, 'tls')
    expect((await line.allocate()).port).toBeGreaterThan(0)
  })
})

test('a relay that died costs its clients their connections; who comes meanwhile is served by the next one', async () => {
  const gateway = await start({ turn: turn() })
  await using line = await open(gateway, 'tls')
  await line.allocate()
  const relay = gateway.relay as number
  sendSignal(relay, 'SIGKILL')
  await using next = await open(gateway, 'tcp')
  expect(await mapped(next)).toEqual({ host: '127.0.0.1', port: next.localPort })
  await waitFor(() => line.isClosed)
  expect(isRunning(relay)).toBe(false)
  expect((await next.allocate()).port).toBeGreaterThan(0)
})

test('an address goes from HTTP to TURN and back by reloads, with the same workers', async () => {
  const web = (bind: string): Record<string, unknown> => ({ web: { bind, backend: 'b' } })
  const backends = { b: { servers: [{ url: 'http://127.0.0.1:1' }] } }
  const folder = mkdtempSync(join(tmpdir(), 'turn-streams-'))
  folders.push(folder)
  const port = freePort()
  const bind = `127.0.0.1:${port}`
  const gateway = await startGateway({ folder, workers: 2, config: { listeners: web(bind), backends } })
  gateways.push(gateway)
  const workers = gateway.workers.toSorted()
  const words = turn({ bind })
  delete words['tls']
  for (let round = 0; round < 2; round++) {
    await using kept = await rawClient(port)
    expect((await kept.get('/')).status).toBe(502)
    expect(await gateway.apply({ workers: 2, listeners: { turn: words } })).toMatchObject({
      event: 'applied',
    })
    // Over all workers.
    for (let i = 0; i < 20; i++) {
      await using line = await TurnLine.open({ transport: 'tcp', port })
      expect(await mapped(line)).toEqual({ host: '127.0.0.1', port: line.localPort })
    }
    const isBack = await gateway.apply({ workers: 2, listeners: web(bind), backends })
    expect(isBack).toMatchObject({ event: 'applied' })
  }
  expect(gateway.workers.toSorted()).toEqual(workers)
})

test('connections are counted as those of HTTP are', async () => {
  const gateway = await start({ turn: turn() })
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text()
    return Number(new RegExp(`^lb_${name} (\\d+)$`, 'm').exec(text)?.[1])
  }
  const before = await metric('connections_total')
  await using plain = await open(gateway, 'tcp')
  await using tls = await open(gateway, 'tls')
  await Promise.all([mapped(plain), mapped(tls)])
  await waitFor(async () => (await metric('active_connections')) === 2)
  expect((await metric('connections_total')) - before).toBe(2)
  plain.close()
  await waitFor(async () => (await metric('active_connections')) === 1)
})

test('a stop ends those that have said nothing, waits for those that the relay has, and tells how many it cut off', async () => {
  const gateway = await start({ turn: turn() })
  await using silent = await open(gateway, 'tls')
  await using line = await open(gateway, 'tcp')
  await using other = await open(gateway, 'tls')
  await line.allocate()
  await other.allocate()
  gateway.signal('SIGTERM')
  await waitFor(() => silent.isClosed)
  expect(line.isClosed).toBe(false)
  expect((await line.refresh(600)).code).toBe(0)
  expect(await gateway.exited()).toBe(0)
  expect(line.isClosed).toBe(true)
  // Allocations: not their connections as well.
  expect(gateway.last('stopped')).toMatchObject({ aborted: 2 })
})

test('a client that speaks for the first time when the relay is gone does not hold up the stop', async () => {
  const gateway = await start({ turn: turn() }, {}, { drain: '1h' })
  await using line = await open(gateway, 'tcp')
  gateway.signal('SIGTERM')
  await gateway.event('relay_exited')
  line.send(new stun.StunWriter(stun.BINDING).done())
  expect(await gateway.exited()).toBe(0)
  expect(gateway.last('stopped')).toMatchObject({ aborted: 0 })
})

describe('TCP to peers (RFC 6062)', () => {
  const MIB = 1_048_576
  const hashOf = (bytes: Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

  /** A peer that sends back what it receives, when it has all of it. */
  function startPeer(): { port: number; stop(): void } {
    const unsent = new WeakMap<object, Buffer>()
    const flush = (socket: Bun.Socket): void => {
      const rest = unsent.get(socket) ?? Buffer.alloc(0)
      const taken = Math.max(0, socket.write(rest))
      unsent.set(socket, rest.subarray(taken))
    }
    const peer = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data(socket, bytes) {
          unsent.set(socket, Buffer.concat([unsent.get(socket) ?? Buffer.alloc(0), bytes]))
          flush(socket)
        },
        drain: flush,
      },
    })
    return { port: peer.port, stop: () => peer.stop(true) }
  }

  test.each(['tcp', 'tls'] as const)('32 MB there and back over %s, every byte', async (transport) => {
    const gateway = await start({ turn: turn() })
    const peer = startPeer()
    await using control = await open(gateway, transport)
    await control.allocate({ before: tcpAllocate })
    const answer = await control.request(stun.CONNECT, {
      before: (m) => m.xorAddress(stun.XOR_PEER_ADDRESS, '127.0.0.1', peer.port),
    })
    const id = stun.valueOf(answer, stun.CONNECTION_ID) as Buffer
    await using data = await open(gateway, transport)
    const bound = await data.request(stun.CONNECTION_BIND, { before: (m) => m.add(stun.CONNECTION_ID, id) })
    expect(stun.errorCode(bound)).toBe(0)
    data.isRaw = true
    const [worker] = gateway.workers
    const before = residentBytes(worker as number)
    const sent = Buffer.alloc(32 * MIB)
    crypto.getRandomValues(new Uint8Array(sent.buffer, 0, 65_536))
    for (let at = 65_536; at < sent.length; at *= 2) sent.copyWithin(at, 0, at)
    const had = data.received
    data.send(sent)
    await waitFor(() => data.received - had === sent.length, { what: 'all of it' })
    expect(hashOf(Buffer.concat(data.inbox))).toBe(hashOf(sent))
    // What passes does not stay; the rest is Bun's, which gives memory back late.
    expect(residentBytes(worker as number) - before).toBeLessThan(48 * MIB)
    peer.stop()
  })
})
