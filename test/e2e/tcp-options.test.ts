// What a tcp listener and its backend may be told beside where connections go.
import { describe, expect, test } from 'bun:test'
import { readProxyHeader } from '../../server/lib/proxy-header.ts'
import { STATE_DOWN } from '../../server/scoreboard/states.ts'
import { rawClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { RawServer } from '../support/raw-server.ts'
import { joined, relayTo } from '../support/tcp-relay.ts'
import { waitFor } from '../support/wait.ts'

describe('the PROXY protocol to servers', () => {
  test('says in version 1 who the client is, before its bytes', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url], { proxy_protocol: 'v1' })
    const [client, behind] = await joined(gateway, server)
    client.send('hello')
    const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.localPort} ${gateway.port()}\r\n`
    expect(await behind.readUntil('hello')).toBe(`${line}hello`)
    client.rst()
    expect((await gateway.connectionLogged()).bytesIn).toBe(5)
  })

  test('and in version 2, also where the client says nothing', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url], { proxy_protocol: 'v2' })
    const [client, behind] = await joined(gateway, server)
    const bytes = await behind.reader.exactly(28)
    const header = readProxyHeader(bytes, 0, bytes.length)
    if (typeof header === 'string') throw new Error(header)
    expect(header).toMatchObject({ length: 28, client: { host: '127.0.0.1', port: client.localPort } })
    expect(header.local).toMatchObject({ host: '127.0.0.1', port: gateway.port() })
  })

  test('passes on whom a proxy in front has named', async () => {
    using server = new RawServer()
    const trusted = { proxy_protocol: { trusted: ['127.0.0.1'] }, deny: ['203.0.113.9'] }
    await using gateway = relayTo([server.url], { proxy_protocol: 'v1' }, trusted)
    const client = await gateway.client()
    client.send('PROXY TCP4 198.51.100.7 192.0.2.1 4711 5432\r\nhello')
    const got = await (await server.next()).readUntil('hello')
    expect(got).toBe('PROXY TCP4 198.51.100.7 192.0.2.1 4711 5432\r\nhello')
    const denied = await gateway.client()
    denied.send('PROXY TCP4 203.0.113.9 192.0.2.1 4711 5432\r\nhello')
    expect(await denied.closed()).toBe('rst')
    expect(await gateway.connectionLogged()).toMatchObject({ client: '203.0.113.9', fault: 'denied' })
  })
})

describe('limits', () => {
  test('a rate of connections is of each address', async () => {
    using server = new RawServer()
    const limits = { rate: { connections: 2, per: '1h' } }
    await using gateway = relayTo([server.url], {}, { limits })
    await joined(gateway, server)
    await joined(gateway, server)
    const third = await gateway.client()
    expect(await third.closed()).toBe('rst')
    expect((await gateway.connectionLogged()).fault).toBe('rate_limited')
    expect(gateway.events).toMatchObject([
      { event: 'limit_reached', limit: 'listeners.web.limits.rate', value: 2 },
    ])
    await using other = await rawClient(gateway.port(), '127.0.0.1', '127.0.0.2')
    const behind = await server.next()
    other.send('x')
    expect(await behind.readUntil('x')).toBe('x')
  })

  test('connections beyond theirs are closed, and told', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url], {}, { limits: { connections: 1 } })
    await joined(gateway, server)
    expect(await (await gateway.client()).closed()).toBe('rst')
    expect(gateway.events).toEqual([
      { event: 'limit_reached', limit: 'listeners.web.limits.connections', value: 1, refused: 1 },
    ])
  })

  test('bandwidth is that of each direction, and what waits for its time is bounded', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url], {}, { limits: { bandwidth: '4MiB' } })
    const [client, behind] = await joined(gateway, server)
    const sent = Buffer.alloc(3 << 20, 'abcdefg')
    const began = performance.now()
    behind.send(sent).fin()
    client.fin()
    const back = await client.readToEnd()
    expect(back === sent.toString('latin1')).toBe(true)
    // A quarter of a second's worth may go at once.
    expect(performance.now() - began).toBeGreaterThan(450)
    await gateway.settled()
  })
})

test('a server that goes down keeps its connections, and gets no others', async () => {
  using one = new RawServer()
  using two = new RawServer()
  await using gateway = relayTo([one.url, two.url], { algorithm: 'first_available' })
  const [client, behind] = await joined(gateway, one)
  gateway.setState(gateway.servers[0]!, STATE_DOWN)
  await joined(gateway, two)
  client.send('still')
  expect(await behind.readUntil('still')).toBe('still')
})

test('where all servers are down the log says which, and why', async () => {
  using server = new RawServer()
  await using gateway = relayTo([{ url: server.url, name: 'one' }])
  gateway.setState(gateway.servers[0]!, STATE_DOWN)
  const client = await gateway.client()
  expect(await client.closed()).toBe('rst')
  expect(await gateway.connectionLogged()).toMatchObject({
    fault: 'no_server',
    detail: 'backend origin: one: down',
  })
})

test('a reload leaves connections to what they began with, also to a server that it takes away', async () => {
  using one = new RawServer((connection) => void connection.send('one'))
  using two = new RawServer((connection) => void connection.send('two'))
  const config = (url: string) => ({
    listeners: { db: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'b' } },
    backends: { b: { servers: [{ url }] } },
  })
  await using gateway = await startGateway({ workers: 1, config: config(one.url) })
  await using client = await rawClient(gateway.port('db'))
  expect(await client.readUntil('one')).toBe('one')
  await gateway.apply(config(two.url))
  await using next = await rawClient(gateway.port('db'))
  expect(await next.readUntil('two')).toBe('two')
  const [behind] = one.all
  client.send('still')
  expect(await behind!.readUntil('still')).toBe('still')
  client.fin()
  behind!.fin()
  const line = await waitFor(async () => (await gateway.accessLog()).find(({ server }) => server === one.url))
  expect(line).toMatchObject({
    listener: 'db',
    client: '127.0.0.1',
    protocol: 'TCP',
    backend: 'b',
    bytes_in: 5,
    bytes_out: 3,
    attempts: 1,
    fault: null,
  })
})
