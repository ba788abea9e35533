// Handshakes with servers that come to nothing: each way is told apart, in words, and nothing of a request
// was sent.
import { afterEach, expect, test } from 'bun:test'
import type { Socket, SocketHandler } from 'bun'
import type { AskAnswer, AskFailure } from '../../server/http1/ask.ts'
import { HttpClient } from '../../server/http1/client.ts'
import { outboundWorld } from '../../server/http1/dial-server.ts'
import { Suspects } from '../../server/lib/address-race.ts'
import { tick } from '../../server/lib/clock.ts'
import { flush } from '../../server/lib/stage.ts'
import { Wheel } from '../../server/lib/wheel.ts'
import { ClientTls, ServerTls } from '../../server/tls/server-tls.ts'
import type { ServerTlsWords } from '../../server/tls/server-tls.options.ts'
import { Authority } from '../support/authority.ts'
import { answering, type EngineOptions, startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { TlsFront } from '../support/tls-front.ts'
import { waitFor } from '../support/wait.ts'

const authority = new Authority()
const local = authority.issue({ names: 'DNS:localhost' })
const ours = authority.issue({ names: 'DNS:gateway' })

type Words = Readonly<Record<string, unknown>>
type Found = (addresses: readonly string[], why: string | null) => void

const engineTo = (urls: readonly string[], tls: Words = {}, backend: Words = {}): TestEngine =>
  startEngine({
    config: toServers(urls, { tls: { ca: authority.file, ...tls }, ...backend }),
  } as EngineOptions)

const open: { stop(force: boolean): void }[] = []
afterEach(() => open.splice(0).forEach((listener) => listener.stop(true)))

/** A server that does this with what comes first. */
function rawServer(onData: (socket: Socket, bytes: Buffer) => void, more: SocketHandler = {}): string {
  const socket = { data: onData, error() {}, ...more } as SocketHandler
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket })
  open.push(listener)
  return `https://localhost:${listener.port}`
}

/** What becomes of a request, asked once. */
async function fateAt(url: string, tls: Words = {}, timeouts: Words = {}) {
  await using gateway = engineTo([url], tls, { retry: { attempts: 1 }, timeouts })
  const client = await gateway.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi')
  if (timeouts['connect'] !== undefined) {
    await waitFor(() => gateway.outbound.open === 1)
    await waitFor(() => silent > 0)
    gateway.runAhead(5500)
  }
  const { status } = await client.readAnswer()
  const { fault, detail, sent } = await gateway.logged()
  await gateway.settled()
  return [status, fault, detail, sent]
}
/** Hellos that are not answered. */
let silent = 0

test('what speaks no TLS is told by what it says', async () => {
  const http = rawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
  expect(await fateAt(http)).toEqual([
    ...[502, 'tls_not_spoken', 'it answers in plain HTTP (HTTP/1.1 400 Bad Request)', false],
  ])
  const greeting = rawServer(() => {}, { open: (socket) => void socket.write('220 mail ESMTP\r\n') })
  expect(await fateAt(greeting)).toEqual([502, 'tls_not_spoken', 'it says "220 mail ESMTP"', false])
  const noise = rawServer((socket) => void socket.write(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8])))
  expect(await fateAt(noise)).toEqual([502, 'tls_not_spoken', 'it says something else', false])
})

test('a server that ends the connection in the handshake, in order or by a reset', async () => {
  expect(await fateAt(rawServer((socket) => void socket.end()))).toEqual([502, 'tls_closed', null, false])
  const reset = await fateAt(rawServer((socket) => socket.terminate()))
  expect(reset).toEqual([502, 'tls_closed', 'it reset the connection', false])
})

test('a handshake that is not over when a connection must stand', async () => {
  silent = 0
  const url = rawServer(() => void silent++)
  expect(await fateAt(url, {}, { connect: '5s' })).toEqual([504, 'tls_timeout', null, false])
})

/** A record of an alert (RFC 8446 §6). */
const alert = (description: number): Buffer => Buffer.from([0x15, 3, 3, 0, 2, 2, description])

test.each([
  [40, 'tls_alert', 'alert: handshake failure'],
  [70, 'tls_too_old', 'it does not speak TLSv1.2 or newer'],
  [80, 'tls_alert', 'alert: internal error'],
  [112, 'tls_alert', 'alert: unrecognized name'],
])('alert %i', async (description, code, detail) => {
  const url = rawServer((socket) => void socket.end(alert(description)))
  expect(await fateAt(url)).toEqual([502, code, detail, false])
})

test('a server that speaks older versions only', async () => {
  await using front = await TlsFront.start(1, { ...local, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
  expect(await fateAt(front.url, { min_version: 'TLSv1.3' })).toEqual([
    ...[502, 'tls_too_old', 'it does not speak TLSv1.3 or newer', false],
  ])
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const asking = {
    ...local,
    ...{ ca: authority.text, requestCert: true, rejectUnauthorized: true },
    ...{ minVersion: version, maxVersion: version },
  }

  test(`a server that asks for our certificate gets it, and says so where it gets none (${version})`, async () => {
    await using origin = startOrigin(answering('hello'))
    const server = await opensslServer(version)
    try {
      const [status, fault, , sent] = await fateAt(server.url)
      expect([status, fault, sent]).toEqual([502, 'tls_client_certificate', false])
      const stranger = new Authority('Somebody else').issue({ names: 'DNS:gateway' })
      const refused = await fateAt(server.url, { cert: stranger.certFile, key: stranger.keyFile })
      expect(refused).toEqual([502, 'tls_alert', 'our certificate is refused, alert: unknown ca', false])
    } finally {
      await server.stop()
    }
    await using front = await TlsFront.start(origin.port, asking)
    await using gateway = engineTo([front.url], { cert: ours.certFile, key: ours.keyFile })
    const client = await gateway.client()
    expect((await client.get('/')).body).toBe('hello')
    expect(front.handshakes.map((one) => one.client)).toEqual(['gateway'])
  })
}

/** OpenSSL's own server, which lets nobody in without a certificate. */
async function opensslServer(
  version: 'TLSv1.2' | 'TLSv1.3',
): Promise<{ url: string; stop(): Promise<unknown> }> {
  const child = Bun.spawn(
    [
      ...['openssl', 's_server', '-accept', '127.0.0.1:0', '-cert', local.certFile, '-key', local.keyFile],
      ...['-Verify', '1', '-verify_return_error', '-CAfile', authority.file, '-www'],
      version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3',
    ],
    { stdout: 'pipe', stderr: 'ignore', stdin: 'ignore' },
  )
  let said = ''
  const reading = (async () => {
    for await (const bytes of child.stdout) said += Buffer.from(bytes).toString()
  })()
  const port = await waitFor(() => /ACCEPT .*:(\d+)/.exec(said)?.[1])
  const stop = async (): Promise<unknown> => {
    child.kill()
    return Promise.all([reading, child.exited])
  }
  return { url: `https://localhost:${port}`, stop }
}

test('a request whose handshake failed goes to another server, whatever its method', async () => {
  await using origin = startOrigin(answering('hello'))
  await using good = await TlsFront.start(origin.port, local)
  const other = authority.issue({ names: 'DNS:a.example' })
  await using bad = await TlsFront.start(origin.port, other)
  await using gateway = engineTo([bad.url, good.url], {}, { algorithm: 'first_available' })
  const client = await gateway.client()
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi')
  expect((await client.readAnswer()).body).toBe('hello')
  const { tries, attempts } = await gateway.logged()
  expect(attempts).toBe(2)
  expect(tries?.map(({ fault, phase }) => [fault, phase])).toEqual([
    ['tls_name_mismatch', 'tls'],
    [null, null],
  ])
  expect(origin.requests).toHaveLength(1)
})

test('of several addresses the next is tried while one is silent in its handshake, which is no suspect for that', async () => {
  silent = 0
  const { port } = new URL(rawServer(() => void silent++))
  await using origin = startOrigin(answering('hello'))
  await using front = await TlsFront.start(origin.port, local, { hostname: '127.0.0.2', port: Number(port) })
  const suspects = new Suspects()
  const wheel = new Wheel(tick, flush)
  wheel.start()
  const resolver = { lookup: (_: string, done: Found) => done(['127.0.0.1', '127.0.0.2'], null) }
  const client = new HttpClient(outboundWorld({ resolver, wheel, suspects }))
  const words: ServerTlsWords = { verify: true, ca: [], pin: [], min_version: 'TLSv1.2', resume: true }
  const tls = new ServerTls(
    new ClientTls(words, { ca: [authority.text], cert: null, key: null }),
    'localhost',
  )
  const target = { host: 'localhost', port: front.port, authority: 'localhost', tls }
  const request = { method: 'GET', target: '/', fields: [], body: null }
  const { promise, resolve } = Promise.withResolvers<AskAnswer | AskFailure>()
  client.ask(target, request, { total: 20_000, body: 100 }, resolve)
  expect(await promise).toMatchObject({ status: 200 })
  expect(silent).toBe(1)
  expect(suspects.isSuspect('127.0.0.1', front.port, performance.now())).toBe(false)
  wheel.stop()
})

test('a client that leaves in the handshake ends it', async () => {
  silent = 0
  let gone = 0
  const url = rawServer(() => void silent++, { close: () => void gone++ })
  await using gateway = engineTo([url])
  const client = await gateway.client()
  client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await waitFor(() => silent === 1)
  client.rst()
  await waitFor(() => gone === 1)
  expect((await gateway.logged()).fault).toBe('client_abort')
  await gateway.settled()
})
