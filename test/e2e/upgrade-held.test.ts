// What is under way while one gateway hands over to another: each ends whole in the old one, or is cut off
// where its drain ends; who comes is served by the new one.
import { afterEach, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testCertificate } from '../support/certificate.ts'
import type { RawClient } from '../support/client.ts'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { type Origin, type Reply, startOrigin } from '../support/origin.ts'
import { isRunning } from '../support/processes.ts'
import { echoServer, RawServer } from '../support/raw-server.ts'
import { addressOf, openClient, type TestClient } from '../support/turn-client.ts'
import { echo } from '../support/udp.ts'
import { waitFor } from '../support/wait.ts'

const open: (AsyncDisposable | Disposable)[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed())
    await (Symbol.asyncDispose in one ? one[Symbol.asyncDispose]() : one[Symbol.dispose]())
})
const keep = <T extends AsyncDisposable | Disposable>(one: T): T => {
  open.push(one)
  return one
}

/** Takes what asks for an upgrade, and gives back what comes on it. */
async function takeUpgrades(connection: RawClient): Promise<void> {
  await connection.readUntil('\r\n\r\n')
  connection.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  for (;;) {
    const bytes = await connection.reader.some(1 << 20)
    if (bytes.length === 0) break
    connection.send(bytes)
  }
  connection.fin()
}

/** A server whose answers the test ends. */
class Slow {
  readonly replies = new Map<string, Reply>()
  readonly origin: Origin

  constructor() {
    this.origin = startOrigin(
      async (request, reply) => {
        this.replies.set(request.target, reply)
        if (request.target === '/events')
          await reply.raw('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
        else if (request.target === '/download')
          await reply.raw(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * PART.length}\r\n\r\n${PART}`)
        else if (await request.done) reply.send(200, String(request.bodyLength))
      },
      { when: 'head' },
    )
  }
}

const PART = 'x'.repeat(50_000)
const WORKERS = 4

/** `said`: what the listener answers by itself, so that it is seen which of the two did. */
const configOf = (said: string, drain: string, urls: Readonly<Record<string, string>>) => ({
  workers: WORKERS,
  drain,
  listeners: {
    web: { bind: '127.0.0.1:0', protocol: 'http' },
    raw: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'raw' },
    turn: {
      ...{ bind: '127.0.0.1:0', protocol: 'turn', realm: 'example.org' },
      ...{ auth: { users: { test: 'test123' } }, relay: { bind: ['127.0.0.1'] } },
      ...{
        peers: { allow: ['127.0.0.0/8'] },
        tls: { bind: '127.0.0.1:0', cert: 'cert.pem', key: 'key.pem' },
      },
    },
  },
  rules: [
    { name: 'said', match: { path: '/said' }, respond: { body: said } },
    { name: 'socket', match: { path: '/socket' }, backend: 'sockets' },
    { name: 'rest', backend: 'slow' },
  ],
  backends: {
    raw: { servers: [{ url: urls['raw'] }] },
    sockets: { servers: [{ url: urls['sockets'] }] },
    slow: { servers: [{ url: urls['slow'] }] },
  },
})

/** A gateway, and one of everything that may be under way. */
async function underWay(drain: string) {
  const slow = new Slow()
  keep(slow.origin)
  const sockets = keep(new RawServer((connection) => void takeUpgrades(connection)))
  const urls = {
    raw: keep(echoServer()).url,
    sockets: sockets.url.replace('tcp:', 'http:'),
    slow: slow.origin.url,
  }
  const folder = mkdtempSync(join(tmpdir(), 'upgrade-held-'))
  keep({ [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) })
  copyFileSync(testCertificate().cert, join(folder, 'cert.pem'))
  copyFileSync(testCertificate().key, join(folder, 'key.pem'))
  const gateway = keep(
    await startGateway({ folder, config: configOf('old', drain, urls), args: ['--no-watch'] }),
  )
  const client = async (name = 'web'): Promise<RawClient> => keep(await gateway.client(name))

  const idle = await client()
  expect((await idle.get('/said')).body).toBe('old')
  const socket = await client()
  socket.send('GET /socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  expect((await socket.readAnswer()).status).toBe(101)
  const events = await client()
  events.send('GET /events HTTP/1.1\r\nHost: h\r\n\r\n')
  const download = await client()
  download.send('GET /download HTTP/1.1\r\nHost: h\r\n\r\n')
  const upload = await client()
  upload.send(`POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: ${2 * PART.length}\r\n\r\n${PART}`)
  const raw = await client('raw')
  const peer = keep(await echo())
  const calls: TestClient[] = []
  for (const transport of ['tcp', 'tls'] as const) {
    const port = gateway.port(transport === 'tls' ? 'turn.tls' : 'turn')
    const call = keep(await openClient({ transport, port, host: '127.0.0.1' }))
    await call.allocate()
    await call.bind(0x4000, addressOf('127.0.0.1', peer.port))
    calls.push(call)
  }
  const all = { idle, socket, events, download, upload, raw, calls, slow }
  await waitFor(() => slow.origin.requests.length === 3 && slow.origin.bytesReceived > PART.length)
  await talk(all, 'before')
  return { ...all, gateway, newer: configOf('new', drain, urls) }
}

type UnderWay = Awaited<ReturnType<typeof underWay>>

/** What has two directions is used in both. */
async function talk(
  { socket, raw, calls, slow, events }: Pick<UnderWay, 'socket' | 'raw' | 'calls' | 'slow' | 'events'>,
  text: string,
): Promise<void> {
  for (const one of [socket, raw]) {
    one.send(text)
    expect((await one.reader.exactly(text.length)).toString()).toBe(text)
  }
  for (const call of calls) {
    call.send(0x4000, text)
    expect(Buffer.from((await call.receive()).bytes).toString()).toBe(text)
  }
  await slow.replies.get('/events')!.raw(`data: ${text}\n\n`)
  await events.readUntil(`data: ${text}\n\n`)
}

async function upgrade(gateway: Gateway): Promise<void> {
  const done = await runCommand(['upgrade', '-c', gateway.configFile, '--probation', '0.3'])
  expect(done).toMatchObject({ code: 0, stderr: '' })
}

async function areServedByTheNew(gateway: Gateway): Promise<void> {
  for (let n = 0; n < 4 * WORKERS; n++) {
    await using client = await gateway.client('web')
    expect((await client.get('/said')).body).toBe('new')
  }
  await using raw = await gateway.client('raw')
  raw.send('hello')
  expect((await raw.reader.exactly(5)).toString()).toBe('hello')
  for (const transport of ['tcp', 'tls'] as const) {
    await using call = await openClient({
      transport,
      port: gateway.port(transport === 'tls' ? 'turn.tls' : 'turn'),
    })
    expect((await call.allocate()).port).toBeGreaterThan(0)
  }
}

test('all that is under way goes on in the old one and ends whole, and new connections are the new one’s', async () => {
  const held = await underWay('10m')
  const { gateway, idle, socket, raw, events, download, upload, calls, slow } = held
  const old = gateway.pid
  await gateway.writeConfig(held.newer)
  await upgrade(gateway)

  // One that is kept is answered until its worker hears of it, or ended before that; it is reset in no case.
  const isLast = async (): Promise<boolean> => {
    idle.send('GET /said HTTP/1.1\r\nHost: h\r\n\r\n')
    const answer = await Promise.race([idle.readAnswer().catch(() => null), idle.ending().then(() => null)])
    if (answer !== null) expect(answer.body).toBe('old')
    return answer === null || answer.get('connection') === 'close'
  }
  await waitFor(isLast, { what: 'the old one to let go of what it keeps' })
  expect(await idle.ending()).toBe('fin')
  await areServedByTheNew(gateway)
  expect(isRunning(old)).toBe(true)
  await talk(held, 'behind it')

  upload.send(PART)
  expect(await upload.readAnswer()).toMatchObject({ status: 200, body: String(2 * PART.length) })
  slow.replies.get('/download')!.raw(PART)
  expect(await download.readAnswer()).toMatchObject({
    status: 200,
    complete: true,
    bodyLength: 2 * PART.length,
  })
  slow.replies.get('/events')!.fin()
  expect(await events.readToEnd()).toEndWith('0\r\n\r\n')
  for (const one of [socket, raw]) {
    one.send('the end')
    one.fin()
    expect([await one.readToEnd(), await one.ending()]).toEqual(['the end', 'fin'])
  }
  for (const call of calls) call.close()
  await waitFor(() => !isRunning(old), { what: 'the old one to end, long before its drain does' })
  await areServedByTheNew(gateway)
})

test('what outlasts the drain is cut off, and looks whole to nobody', async () => {
  const held = await underWay('500ms')
  const { gateway, socket, raw, events, download, upload, calls } = held
  const old = gateway.pid
  await gateway.writeConfig(held.newer)
  await upgrade(gateway)
  await waitFor(() => !isRunning(old), { what: 'the end of the drain' })
  await areServedByTheNew(gateway)
  for (const one of [socket, raw, upload]) await one.closed()
  expect((await download.readAnswer()).complete).toBe(false)
  expect(await events.readToEnd()).not.toEndWith('0\r\n\r\n')
  for (const call of calls) expect(await call.client.refresh(600)).toMatchObject({ silence: 'closed' })
})
