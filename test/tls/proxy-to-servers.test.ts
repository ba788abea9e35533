// Servers by TLS that are told by the PROXY protocol who the client is: before the handshake, by requests,
// connections and health checks alike; and servers by TLS at Unix sockets.
import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newProbe, type ServerCheck } from '../../server/control/health/probe.ts'
import { readProxyHeader } from '../../server/lib/proxy-header.ts'
import { parseServerUrl, schemeOf } from '../../server/lib/server-url.ts'
import { ClientTls, ServerTls } from '../../server/tls/server-tls.ts'
import { Authority } from '../support/authority.ts'
import { serverIs } from '../support/backends.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { startHaproxyReceiver, startNginxReceiver } from '../support/front-proxy.ts'
import { startGateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { needs } from '../support/needs.ts'
import { RawServer } from '../support/raw-server.ts'
import { relayTo } from '../support/tcp-relay.ts'
import { healthCheck } from '../unit/control/health/checks.ts'
import { expecting } from '../unit/control/health/samples.ts'

const authority = new Authority()
const local = authority.issue({ names: 'DNS:localhost, DNS:app.example' })
const pem = join(authority.folder, 'haproxy.pem')
writeFileSync(pem, local.cert + local.key)

type Words = Readonly<Record<string, unknown>>
const TRUST = { tls: { ca: authority.file } }

/** Whom the server behind a gateway was told of, by a request of this port. */
async function toldOf(url: string, words: Words): Promise<[told: string, client: number]> {
  await using gateway = startEngine({ config: toServers([url], { ...TRUST, ...words }) })
  await using client = await gateway.client()
  const { body } = await client.get('/')
  expect((await client.get('/')).body).toBe(body)
  await gateway.logged()
  return [body, client.localPort]
}

needs('nginx')(
  'nginx is told before the handshake, in both versions, and again by none of the next',
  async () => {
    const port = freePort()
    await using _ = await startNginxReceiver({ listen: `127.0.0.1:${port}`, certificate: local })
    for (const proxy_protocol of ['v1', 'v2']) {
      const [told, client] = await toldOf(`https://localhost:${port}`, { proxy_protocol })
      expect(told).toMatch(new RegExp(`^127\\.0\\.0\\.1 ${client} \\d+ localhost$`))
    }
  },
)

needs('haproxy')('and so is HAProxy, behind a listener of each kind', async () => {
  const port = freePort()
  await using _ = await startHaproxyReceiver(port, `ssl crt ${pem}`)
  for (const proxy_protocol of ['v1', 'v2']) {
    const [told, client] = await toldOf(`https://localhost:${port}`, { proxy_protocol })
    expect(told).toBe(`127.0.0.1 ${client}`)
    await using relay = relayTo([`tls://localhost:${port}`], { ...TRUST, proxy_protocol })
    await using through = await relay.client()
    expect((await through.get('/')).body).toBe(`127.0.0.1 ${through.localPort}`)
  }
})

test('a backend of tcp and tls servers tells both, and a server that is asked after another has failed', async () => {
  using plain = new RawServer()
  const nowhere = `tls://localhost:${freePort()}`
  await using gateway = relayTo([nowhere, plain.url], {
    ...TRUST,
    proxy_protocol: 'v1',
    algorithm: 'first_available',
  })
  await using client = await gateway.client()
  client.send('hello')
  const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.localPort} ${gateway.port()}\r\n`
  expect(await (await plain.next()).readUntil('hello')).toBe(`${line}hello`)
})

needs('nginx')('a server by TLS at a Unix socket is asked for the name that its backend says', async () => {
  const path = join(authority.folder, 'app.sock')
  await using _ = await startNginxReceiver({ listen: `unix:${path}`, certificate: local })
  const tls = { ca: authority.file, server_name: 'app.example' }
  const [told, client] = await toldOf(`https://unix:${path}`, { proxy_protocol: 'v1', tls })
  expect(told).toMatch(new RegExp(`^127\\.0\\.0\\.1 ${client} \\d+ app\\.example$`))
  await using relay = relayTo([`tls://unix:${path}`], { proxy_protocol: 'v2', tls })
  await using through = await relay.client()
  expect((await through.get('/')).body).toStartWith(`127.0.0.1 ${through.localPort} `)
  const other = startEngine({
    config: toServers([`https://unix:${path}`], { tls: { ...tls, server_name: 'b.example' } }),
  })
  await using wrong = await other.client()
  // Without a header nginx does not begin a handshake: it says so before it looks at a name.
  expect((await wrong.get('/')).status).toBe(502)
  expect(await other.logged()).toMatchObject({ fault: 'tls_closed' })
  await other[Symbol.asyncDispose]()
})

test('a socket that is not there is told with its path', async () => {
  const path = join(authority.folder, 'none.sock')
  const tls = { ca: authority.file, server_name: 'app.example' }
  await using gateway = startEngine({ config: toServers([`https://unix:${path}`], { tls }) })
  await using client = await gateway.client()
  expect((await client.get('/')).status).toBe(502)
  expect(await gateway.logged()).toMatchObject({ fault: 'connect_failed', detail: `${path}: no such file` })
})

/** What becomes of a check of this server; null: it passes. */
function checked(url: string, change: Partial<ServerCheck>): Promise<string | null> {
  const check = healthCheck(change)
  const texts = { ca: [authority.text], cert: null, key: null }
  const address = parseServerUrl(url)
  const tls = schemeOf(url)?.isTls ? new ServerTls(new ClientTls(undefined, texts), address.host) : null
  const probe = newProbe({ lookup: (_host, done) => done(['127.0.0.1'], null) })
  return new Promise((resolve) => void probe({ ...address, check, tls }, resolve))
}

needs('nginx')('health checks say that they are our own, where a server expects to be told', async () => {
  const [plain, secure] = [freePort(), freePort()]
  await using servers = new AsyncDisposableStack()
  servers.use(await startNginxReceiver({ listen: `127.0.0.1:${plain}` }))
  servers.use(await startNginxReceiver({ listen: `127.0.0.1:${secure}`, certificate: local }))
  for (const proxy_protocol of ['v1', 'v2'] as const) {
    const http = { ...expecting({ status: ['200'] }), proxy_protocol }
    expect(await checked(`http://127.0.0.1:${plain}`, http)).toBe(null)
    expect(await checked(`https://localhost:${secure}`, http)).toBe(null)
    const send = 'GET / HTTP/1.0\\r\\n\\r\\n'
    const tcp = { ...expecting({ data: '200 OK' }), type: 'tcp', send, proxy_protocol } as const
    expect(await checked(`tcp://127.0.0.1:${plain}`, tcp)).toBe(null)
    expect(await checked(`tls://localhost:${secure}`, tcp)).toBe(null)
  }
  // And without, a server that expects it takes none.
  expect(await checked(`http://127.0.0.1:${plain}`, expecting({ status: ['200'] }))).not.toBe(null)
})

test('by LOCAL, and in a line by UNKNOWN; also where nothing but a connection is asked', async () => {
  using server = new RawServer()
  expect(await checked(server.url, { type: 'tcp', proxy_protocol: 'v1' })).toBe(null)
  expect(await (await server.next()).readToEnd()).toBe('PROXY UNKNOWN\r\n')
  expect(await checked(server.url, { type: 'tcp', proxy_protocol: 'v2' })).toBe(null)
  const bytes = Buffer.from(await (await server.next()).readToEnd(), 'latin1')
  expect(bytes[12]).toBe(0x20)
  expect(readProxyHeader(bytes, 0, bytes.length)).toMatchObject({ length: 16, client: null })
})

needs('nginx')('a gateway checks such servers by what their backend says', async () => {
  const port = freePort()
  await using _ = await startNginxReceiver({ listen: `127.0.0.1:${port}`, certificate: local })
  const health_check = { interval: '50ms', expect: { status: 200 } }
  const backend = { ...TRUST, proxy_protocol: 'v2', health_check }
  await using gateway = await startGateway({
    config: {
      ...toServers([`https://localhost:${port}`], backend),
      listeners: { web: { bind: '127.0.0.1:0', backend: 'origin' } },
    },
  })
  await serverIs(gateway.admin, `https://localhost:${port}`, 'up')
})
