// A tcp listener joins each connection to one of a server: bytes, ends and breaks pass both ways.
import { describe, expect, test } from 'bun:test'
import { bufferedBytes } from '../../server/lib/buffers.ts'
import { freePort } from '../support/kernel.ts'
import { echoServer, RawServer } from '../support/raw-server.ts'
import { joined, relayTo } from '../support/tcp-relay.ts'
import { waitFor } from '../support/wait.ts'

const unused = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`

describe('bytes', () => {
  test('pass both ways, and are counted', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url])
    const [client, behind] = await joined(gateway, server)
    client.send('hello')
    expect(await behind.readUntil('hello')).toBe('hello')
    behind.send('welcome')
    expect(await client.readUntil('welcome')).toBe('welcome')
    client.fin()
    expect(await behind.ending()).toBe('fin')
    behind.fin()
    expect(await client.closed()).toBe('fin')
    const { bytesIn, bytesOut, attempts, fault, server: used } = await gateway.connectionLogged()
    expect({ bytesIn, bytesOut, attempts, fault }).toEqual({
      bytesIn: 5,
      bytesOut: 7,
      attempts: 1,
      fault: null,
    })
    expect(used?.name).toBe(server.url)
    await gateway.settled()
  })

  test('of a server that speaks first come before the client has said anything', async () => {
    using server = new RawServer((connection) => void connection.send('220 ready\r\n'))
    await using gateway = relayTo([server.url])
    const client = await gateway.client()
    expect(await client.readUntil('\n')).toBe('220 ready\r\n')
  })

  test('of a client whose server is not there yet wait, and no more than a bounded amount of them', async () => {
    using server = new RawServer()
    await using gateway = relayTo([{ url: server.url, max_connections: 1 }], { queue: { timeout: '1m' } })
    const [first] = await joined(gateway, server)
    const client = await gateway.client()
    const sent = Buffer.alloc(32 << 20, 'early ')
    client.send(sent)
    await waitFor(() => gateway.backend().queue.length === 1)
    let before = -1
    await waitFor(() => {
      const isSteady = client.unsent === before
      before = client.unsent
      return isSteady
    })
    expect(client.unsent).toBeGreaterThan(8 << 20)
    expect(bufferedBytes()).toBeLessThan(1 << 20)
    first.rst()
    client.fin()
    expect((await (await server.next()).readToEnd()) === sent.toString('latin1')).toBe(true)
  })

  test('of a client that sends and ends at once arrive', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url])
    const client = await gateway.client()
    client.send('all of it').fin()
    const behind = await server.next()
    expect(await behind.readToEnd()).toBe('all of it')
    behind.send('thanks').fin()
    expect(await client.readToEnd()).toBe('thanks')
    await gateway.settled()
  })

  test('in volume come back as they were sent', async () => {
    using server = echoServer()
    await using gateway = relayTo([server.url])
    const client = await gateway.client()
    const sent = Buffer.alloc(8 << 20)
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE((at * 2_654_435_761) >>> 0, at)
    client.send(sent).fin()
    const back = Buffer.from(await client.readToEnd(), 'latin1')
    expect(back.length).toBe(sent.length)
    expect(back.equals(sent)).toBe(true)
    await waitFor(() => gateway.connectionLog[0])
    expect(gateway.connectionLog[0]).toMatchObject({ bytesIn: sent.length, bytesOut: sent.length })
  })
})

describe('ends', () => {
  test.each(['client', 'server'] as const)('the end of a %s leaves the other way open', async (who) => {
    using server = new RawServer()
    await using gateway = relayTo([server.url])
    const both = await joined(gateway, server)
    const [one, other] = who === 'client' ? both : both.toReversed()
    one!.fin()
    expect(await other!.ending()).toBe('fin')
    for (const text of ['still', 'there']) {
      other!.send(text)
      expect(await one!.readUntil(text)).toBe(text)
    }
    other!.fin()
    expect(await one!.closed()).toBe('fin')
    await gateway.settled()
  })

  test.each([
    ['client', 'client_abort'],
    ['server', 'server_reset'],
  ] as const)('a reset by the %s is passed on', async (who, fault) => {
    using server = new RawServer()
    await using gateway = relayTo([server.url])
    const both = await joined(gateway, server)
    const [one, other] = who === 'client' ? both : both.toReversed()
    one!.send('x')
    await other!.readUntil('x')
    one!.rst()
    expect(await other!.closed()).toBe('rst')
    expect((await gateway.connectionLogged()).fault).toBe(fault)
    await gateway.settled()
  })

  test('a client that goes while its server is dialled leaves nothing behind', async () => {
    using server = new RawServer()
    await using gateway = relayTo([{ url: server.url, max_connections: 1 }])
    const [first] = await joined(gateway, server)
    const second = await gateway.client()
    await waitFor(() => gateway.backend().queue.length === 1)
    second.rst()
    expect((await gateway.connectionLogged()).fault).toBe('client_abort')
    expect(gateway.backend().queue.length).toBe(0)
    first.rst()
    await gateway.settled()
  })
})

describe('a server', () => {
  test('that refuses is made good by another', async () => {
    using server = echoServer()
    await using gateway = relayTo([await unused(), server.url])
    for (const text of ['one', 'two']) {
      const client = await gateway.client()
      client.send(text).fin()
      expect(await client.readToEnd()).toBe(text)
    }
    const attempts = [await gateway.connectionLogged(), await gateway.connectionLogged()].map(
      (one) => one.attempts,
    )
    expect(attempts.sort()).toEqual([1, 2])
  })

  test('none of which can be reached is a reset and a fault', async () => {
    await using gateway = relayTo([await unused(), await unused()], {
      retry: { attempts: 2, backoff: '1ms' },
    })
    const client = await gateway.client()
    expect(await client.closed()).toBe('rst')
    const { fault, attempts, tries } = await gateway.connectionLogged()
    expect({ fault, attempts }).toEqual({ fault: 'connect_refused', attempts: 2 })
    expect(tries?.map(({ phase }) => phase)).toEqual(['connect', 'connect'])
    await gateway.settled()
  })

  test('that is full has its clients wait, and gives its place to the next', async () => {
    using server = echoServer()
    await using gateway = relayTo([{ url: server.url, max_connections: 1 }])
    const [first] = await joined(gateway, server)
    const second = await gateway.client()
    second.send('waited').fin()
    await waitFor(() => gateway.backend().queue.length === 1)
    first.fin()
    expect(await second.readToEnd()).toBe('waited')
    await gateway.connectionLogged()
    expect((await gateway.connectionLogged()).queueMs).toBeGreaterThan(0)
    await gateway.settled()
  })

  test('whose queue is full or slow refuses', async () => {
    using server = new RawServer()
    await using gateway = relayTo([{ url: server.url, max_connections: 1 }], {
      queue: { size: 1, timeout: '1s' },
    })
    await joined(gateway, server)
    const late = await gateway.client()
    await waitFor(() => gateway.backend().queue.length === 1)
    const refused = await gateway.client()
    expect(await refused.closed()).toBe('rst')
    expect(await late.closed()).toBe('rst')
    const lines = [await gateway.connectionLogged(), await gateway.connectionLogged()]
    expect(lines.map(({ fault, detail }) => [fault, detail])).toEqual([
      ['queue_full', 'backends.origin.queue.size: 1 waiting, each server is at max_connections'],
      ['queue_timeout', 'backends.origin.queue.timeout: 1000 ms, each server is at max_connections'],
    ])
    expect(gateway.events.map(({ event, limit }) => [event, limit])).toEqual([
      ['limit_reached', 'backends.origin.queue.size'],
      ['limit_reached', 'backends.origin.queue.timeout'],
    ])
  })
})

describe('clients', () => {
  test.each([
    [{ deny: ['127.0.0.0/8'] }],
    [{ allow: ['10.0.0.0/8'] }],
    [{ allow: ['127.0.0.0/8'], deny: ['127.0.0.1'] }],
  ])('that are not let in by %j are reset', async (rules) => {
    using server = new RawServer()
    await using gateway = relayTo([server.url], {}, rules)
    const client = await gateway.client()
    expect(await client.closed()).toBe('rst')
    expect(await gateway.connectionLogged()).toMatchObject({ fault: 'denied', attempts: 0, server: null })
    expect(server.all).toEqual([])
  })

  test('of one address go to one server where that is hashed', async () => {
    using one = new RawServer()
    using two = new RawServer()
    await using gateway = relayTo([one.url, two.url], { algorithm: 'ip_hash' })
    for (let i = 0; i < 4; i++) await gateway.client()
    await waitFor(() => one.all.length + two.all.length === 4)
    expect(Math.max(one.all.length, two.all.length)).toBe(4)
  })
})

describe('a connection', () => {
  test('that is silent too long is ended, and one that half-closed sooner', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url], {}, { timeouts: { idle: '60s', half_close: '5s' } })
    const [client, behind] = await joined(gateway, server)
    const [half, other] = await joined(gateway, server)
    half.fin()
    await other.ending()
    gateway.runAhead(6000)
    expect(await other.closed()).toBe('rst')
    expect((await gateway.connectionLogged()).fault).toBe('half_close_timeout')
    client.send('x')
    await behind.readUntil('x')
    gateway.runAhead(70_000)
    expect([await client.closed(), await behind.closed()]).toEqual(['rst', 'rst'])
    expect((await gateway.connectionLogged()).fault).toBe('idle_timeout')
    await gateway.settled()
  })

  test('whose client does not read costs no more than a bounded amount', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url])
    const [client, behind] = await joined(gateway, server)
    client.pause()
    behind.send(Buffer.alloc(64 << 20))
    // What the kernel and we hold is full once the server's socket takes no more.
    let before = -1
    await waitFor(() => {
      const { unsent } = behind
      const isSteady = unsent === before && unsent > 0
      before = unsent
      return isSteady
    })
    expect(behind.unsent).toBeGreaterThan(32 << 20)
    client.resume()
    behind.fin()
    expect((await client.readToEnd()).length).toBe(64 << 20)
  })

  test('lives as long as a drain lets it', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url])
    const [client, behind] = await joined(gateway, server)
    const drained = Promise.withResolvers<number>()
    gateway.connections.drain(60_000, drained.resolve)
    client.send('still')
    await behind.readUntil('still')
    client.fin()
    behind.fin()
    expect(await drained.promise).toBe(0)
  })

  test('that outlives the drain is reset and told as stopped', async () => {
    using server = new RawServer()
    await using gateway = relayTo([server.url])
    const [client] = await joined(gateway, server)
    const drained = Promise.withResolvers<number>()
    gateway.connections.drain(1, drained.resolve)
    expect(await client.closed()).toBe('rst')
    expect(await drained.promise).toBe(1)
    expect((await gateway.connectionLogged()).fault).toBe('stopped')
  })
})

test('what passes is counted while it does, and what became of connections once they are over', async () => {
  using server = new RawServer()
  await using gateway = relayTo([server.url])
  const [client, behind] = await joined(gateway, server)
  client.send('12345')
  await behind.readUntil('12345')
  const read = (name: 'tcp_bytes_total' | 'tcp_connections_total', ...more: string[]): number =>
    gateway.registry.counter(name, ['web', 'origin', server.url, ...more]).value
  gateway.registry.read()
  expect(read('tcp_bytes_total', 'in')).toBe(5)
  expect(read('tcp_connections_total', 'done')).toBe(0)
  client.fin()
  behind.fin()
  await gateway.connectionLogged()
  expect(read('tcp_connections_total', 'done')).toBe(1)
  expect(read('tcp_bytes_total', 'in')).toBe(5)
})
