// Servers of http listeners that are told by the PROXY protocol who the client of a connection is: what such
// a connection says, whom it serves, and when it ends.
import { expect, test } from 'bun:test'
import { readProxyHeader } from '../../server/lib/proxy-header.ts'
import { type RawClient, rawClient } from '../support/client.ts'
import { startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { startHaproxyReceiver, startNginxReceiver } from '../support/front-proxy.ts'
import { startGateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { needs } from '../support/needs.ts'
import { RawServer } from '../support/raw-server.ts'
import { waitFor } from '../support/wait.ts'

type Words = Readonly<Record<string, unknown>>

const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const engineTo = (url: string, backend: Words = {}, listener: Words = {}): TestEngine =>
  startEngine({ config: toServers([url], { proxy_protocol: 'v1', ...backend }), listener })

const httpUrl = ({ port }: { readonly port: number }): string => `http://127.0.0.1:${port}`

/** Gets a request of this client through: what came before its head on the server's connection. */
async function servedBy(client: RawClient, behind: RawClient, fields = ''): Promise<string> {
  client.send(`${GET}${fields}\r\n`)
  const came = await behind.readUntil('\r\n\r\n')
  behind.send(OK)
  expect((await client.readAnswer()).status).toBe(200)
  return came.slice(0, came.indexOf('GET / '))
}

/** The same on a new connection, which is given back. */
async function servedAnew(client: RawClient, server: RawServer, fields = ''): Promise<[string, RawClient]> {
  client.send(`${GET}${fields}\r\n`)
  const behind = await server.next()
  const came = await behind.readUntil('\r\n\r\n')
  behind.send(OK)
  expect((await client.readAnswer()).status).toBe(200)
  return [came.slice(0, came.indexOf('GET / ')), behind]
}

test('a connection says once whose it is, and serves the requests of that client', async () => {
  using server = new RawServer()
  await using gateway = engineTo(httpUrl(server))
  await using client = await gateway.client()
  const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.localPort} ${gateway.port()}\r\n`
  const [told, behind] = await servedAnew(client, server)
  expect(told).toBe(line)
  for (let i = 0; i < 3; i++) expect(await servedBy(client, behind)).toBe('')
  expect(server.all).toHaveLength(1)
})

test('a client has one to each server that it is led to', async () => {
  using one = new RawServer()
  using other = new RawServer()
  const words = { proxy_protocol: 'v1', keep_alive: { idle: '60s' } }
  await using gateway = startEngine({ config: toServers([httpUrl(one), httpUrl(other)], words) })
  await using client = await gateway.client()
  const [, toOne] = await servedAnew(client, one)
  const [, toOther] = await servedAnew(client, other)
  for (const behind of [toOne, toOther, toOne, toOther]) expect(await servedBy(client, behind)).toBe('')
  expect([one.all.length, other.all.length]).toEqual([1, 1])
})

test('another client has another connection, also where one is idle', async () => {
  using server = new RawServer()
  await using gateway = engineTo(httpUrl(server))
  await using one = await gateway.client()
  await using other = await gateway.client()
  const [, ofOne] = await servedAnew(one, server)
  const [told, ofOther] = await servedAnew(other, server)
  expect(told).toContain(` ${other.localPort} `)
  expect(await servedBy(one, ofOne)).toBe('')
  expect(await servedBy(other, ofOther)).toBe('')
  expect(server.all).toHaveLength(2)
})

test('and it ends with the connection of its client', async () => {
  using server = new RawServer()
  await using gateway = engineTo(httpUrl(server), { keep_alive: { idle: '60s' } })
  const client = await gateway.client()
  const [, behind] = await servedAnew(client, server)
  client.fin()
  expect(await behind.readToEnd()).toBe('')
  behind.fin()
  await gateway.settled()
})

test('in version 2 it says so in bytes', async () => {
  using server = new RawServer()
  await using gateway = engineTo(httpUrl(server), { proxy_protocol: 'v2' })
  await using client = await gateway.client()
  client.send(`${GET}\r\n`)
  const bytes = await (await server.next()).reader.exactly(28)
  expect(readProxyHeader(bytes, 0, bytes.length)).toMatchObject({
    length: bytes.length,
    client: { host: '127.0.0.1', port: client.localPort },
    local: { host: '127.0.0.1', port: gateway.port() },
  })
})

test('each client that a trusted proxy names has connections of its own; who is hidden is nobody', async () => {
  using server = new RawServer()
  const backend = { keep_alive: { idle: '60s' } }
  await using gateway = engineTo(httpUrl(server), backend, { trusted_proxies: ['127.0.0.1'] })
  await using proxy = await gateway.client()
  const of = (address: string): string => `X-Forwarded-For: ${address}\r\n`
  const [first, behind] = await servedAnew(proxy, server, of('192.0.2.7'))
  expect(first).toBe(`PROXY TCP4 192.0.2.7 127.0.0.1 0 ${gateway.port()}\r\n`)
  expect(await servedBy(proxy, behind, of('192.0.2.7'))).toBe('')
  const [second] = await servedAnew(proxy, server, of('192.0.2.8'))
  expect(second).toStartWith('PROXY TCP4 192.0.2.8 ')
  // That of the one before waits for nobody: he may never come again.
  expect(await behind.readToEnd()).toBe('')
  const [third] = await servedAnew(proxy, server, of('unknown'))
  expect(third).toBe('PROXY UNKNOWN\r\n')
})

test('a server may have so many idle ones as its pool has places: the oldest makes room', async () => {
  using server = new RawServer()
  await using gateway = engineTo(httpUrl(server), { keep_alive: { connections: 2, idle: '60s' } })
  const clients = await Promise.all([gateway.client(), gateway.client(), gateway.client()])
  const behind: RawClient[] = []
  for (const client of clients) behind.push((await servedAnew(client, server))[1])
  expect(await behind[0]?.readToEnd()).toBe('')
  const [, second, third] = behind
  expect(await servedBy(clients[1] as RawClient, second as RawClient)).toBe('')
  expect(await servedBy(clients[2] as RawClient, third as RawClient)).toBe('')
  for (const client of clients) client.rst()
})

test('one that its server had closed is made anew, and says the same', async () => {
  using server = new RawServer()
  await using gateway = engineTo(httpUrl(server), { keep_alive: { idle: '60s' } })
  await using client = await gateway.client()
  const [told, behind] = await servedAnew(client, server)
  behind.rst()
  expect((await servedAnew(client, server))[0]).toBe(told)
  expect(gateway.log).toHaveLength(2)
  await waitFor(() => gateway.log.every(({ attempts }) => attempts === 1), { what: 'one attempt for each' })
})

needs('nginx')('nginx takes it', async () => {
  const port = freePort()
  await using _ = await startNginxReceiver({ listen: `127.0.0.1:${port}` })
  for (const proxy_protocol of ['v1', 'v2']) {
    await using gateway = engineTo(`http://127.0.0.1:${port}`, { proxy_protocol })
    await using client = await gateway.client()
    const bodies = [await client.get('/'), await client.get('/')].map(({ body }) => body.split(' '))
    expect(bodies[0]?.slice(0, 2)).toEqual(['127.0.0.1', String(client.localPort)])
    expect(bodies[1]).toEqual(bodies[0])
    // Families that differ: a client of IPv6 whom a proxy names, of which no port is known.
    const listener = { trusted_proxies: ['127.0.0.1'] }
    await using behind = engineTo(`http://127.0.0.1:${port}`, { proxy_protocol }, listener)
    await using proxy = await behind.client()
    expect((await proxy.get('/', 'X-Forwarded-For: 2001:db8::7\r\n')).body).toStartWith('2001:db8::7  ')
  }
})

needs('haproxy')('and so does HAProxy', async () => {
  const port = freePort()
  await using _ = await startHaproxyReceiver(port, '')
  for (const proxy_protocol of ['v1', 'v2']) {
    await using gateway = engineTo(`http://127.0.0.1:${port}`, { proxy_protocol })
    await using client = await gateway.client()
    expect((await client.get('/')).body).toBe(`127.0.0.1 ${client.localPort}`)
    const listener = { trusted_proxies: ['127.0.0.1'] }
    await using behind = engineTo(`http://127.0.0.1:${port}`, { proxy_protocol }, listener)
    await using proxy = await behind.client()
    expect((await proxy.get('/', 'X-Forwarded-For: 2001:db8::7\r\n')).body).toBe('2001:db8::7 ')
  }
})

test('a reload that turns it on or off leaves nobody a connection that began otherwise', async () => {
  using server = new RawServer()
  const config = (backend: Words): Record<string, unknown> => ({
    ...toServers([httpUrl(server)], { keep_alive: { idle: '60s' }, ...backend }),
    listeners: { web: { bind: '127.0.0.1:0', backend: 'origin' } },
  })
  await using gateway = await startGateway({ config: config({}), workers: 1 })
  await using client = await rawClient(gateway.port())
  expect((await servedAnew(client, server))[0]).toBe('')
  expect(await gateway.apply(config({ proxy_protocol: 'v1' }))).toMatchObject({ event: 'applied' })
  const [told, behind] = await servedAnew(client, server)
  expect(told).toStartWith(`PROXY TCP4 127.0.0.1 127.0.0.1 ${client.localPort} `)
  expect(await servedBy(client, behind)).toBe('')
  expect(await gateway.apply(config({}))).toMatchObject({ event: 'applied' })
  expect((await servedAnew(client, server))[0]).toBe('')
})
