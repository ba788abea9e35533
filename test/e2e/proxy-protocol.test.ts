// Listeners behind proxies that speak the PROXY protocol: who the client is then, whom it is believed of, and
// what becomes of headers that do not come as they should.
import { afterEach, describe, expect, test } from 'bun:test'
import { type RawClient, rawClient } from '../support/client.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { startHaproxy } from '../support/front-proxy.ts'
import { needs } from '../support/needs.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { staysTrue, waitFor } from '../support/wait.ts'
import { makeHeader, tlv } from '../unit/turn/sockets/headers.ts'

/** The address of ours that proxies have; others are strangers. */
const PROXY = '127.0.0.1'
const STRANGER = '127.0.0.9'
const LINE = 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 8443\r\n'
const GET = 'GET /a HTTP/1.1\r\nHost: shop.example\r\n\r\n'

let origin: Origin
let gateway: TestEngine
function start(listener: object = {}): TestEngine {
  origin = startOrigin()
  gateway = startEngine({
    config: {
      ...toServers([origin.url]),
      rules: [
        {
          name: 'denied',
          match: { path: '/denied' },
          middleware: [{ ip: { deny: ['192.0.2.7'] } }],
          respond: {},
        },
        { name: 'all', backend: 'origin' },
      ],
    },
    listener: { proxy_protocol: { trusted: [PROXY] }, ...listener },
  })
  return gateway
}
afterEach(async () => {
  await gateway.settled()
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

const connect = (from = PROXY): Promise<RawClient> => rawClient(gateway.port(), '127.0.0.1', from)
const told = (event: string) => gateway.events.filter((one) => one['event'] === event)

/** Connects, sends this and waits until the gateway has ended it; what it was answered. */
async function refused(bytes: string, from = PROXY): Promise<string> {
  await using client = await connect(from)
  client.send(bytes)
  return await client.readToEnd()
}

describe('a trusted proxy', () => {
  test('names the client: for rules, the log, and the servers; the port is that which the client asked for', async () => {
    start()
    await using client = await connect()
    client.send(`${LINE}${GET}`)
    expect((await client.readAnswer()).status).toBe(200)
    const seen = await origin.received(1)
    expect(seen.all('x-forwarded-for')).toEqual(['192.0.2.7'])
    expect(seen.all('x-forwarded-port')).toEqual(['8443'])
    expect((await gateway.logged()).client).toBe('192.0.2.7')
    client.send('GET /denied HTTP/1.1\r\nHost: a\r\n\r\n')
    expect((await client.readAnswer()).status).toBe(403)
  })

  test('in version 2, of IPv6, in as many pieces as bytes, with TLVs', async () => {
    start()
    const header = makeHeader({ client: '2001:db8::7:40000', local: '2001:db8::1:80' })
    await using client = await connect()
    for (const byte of header) client.send(Uint8Array.of(byte))
    client.send(GET)
    expect((await client.readAnswer()).status).toBe(200)
    expect((await origin.received(1)).all('x-forwarded-for')).toEqual(['2001:db8::7'])
  })

  test('that asks for itself (LOCAL, UNKNOWN) is the client', async () => {
    start()
    for (const header of ['PROXY UNKNOWN\r\n', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0']) {
      await using client = await connect()
      client.send(header + GET)
      expect((await client.readAnswer()).status).toBe(200)
      expect((await gateway.logged()).client).toBe(PROXY)
    }
  })

  test('cannot be talked over by its client: fields that name one are dropped', async () => {
    start()
    await using client = await connect()
    client.send(
      `${LINE}GET /a HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\n\r\n`,
    )
    expect((await client.readAnswer()).status).toBe(200)
    const seen = await origin.received(1)
    expect([seen.all('x-forwarded-for'), seen.all('x-real-ip')]).toEqual([['192.0.2.7'], []])
  })

  test('a second header is bytes of the client, and no request', async () => {
    start()
    await using client = await connect()
    client.send(`${LINE}${LINE}${GET}`)
    expect((await client.readAnswer()).status).toBe(400)
    expect(origin.requests.length).toBe(0)
  })

  test('with client_from, whom the header names may be a proxy that names the client in a field', async () => {
    start({ trusted_proxies: ['192.0.2.0/24'], client_from: 'x_forwarded_for' })
    await using client = await connect()
    client.send(`${LINE}GET /a HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n`)
    expect((await client.readAnswer()).status).toBe(200)
    expect((await gateway.logged()).client).toBe('203.0.113.9')
    expect((await origin.received(1)).all('x-forwarded-for')).toEqual(['203.0.113.9, 192.0.2.7'])
  })
})

describe('a stranger', () => {
  test('is served without a header, as who it is', async () => {
    start()
    await using client = await connect(STRANGER)
    client.send(GET)
    expect((await client.readAnswer()).status).toBe(200)
    expect((await gateway.logged()).client).toBe(STRANGER)
  })

  test.each([LINE, Buffer.from(makeHeader()).toString('latin1')])(
    'cannot name anybody: %j is a malformed request',
    async (header) => {
      start()
      await using client = await connect(STRANGER)
      client.send(header + GET)
      expect((await client.readAnswer()).status).toBe(400)
      expect(origin.requests.length).toBe(0)
      expect((await gateway.logged()).client).toBe(STRANGER)
    },
  )

  test('nor can a proxy where the listener has none', async () => {
    start({ proxy_protocol: undefined })
    await using client = await connect()
    client.send(LINE + GET)
    expect((await client.readAnswer()).status).toBe(400)
    expect(origin.requests.length).toBe(0)
  })
})

describe('a header of a trusted proxy', () => {
  test.each([
    ['missing', GET],
    ['malformed', 'PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n'],
    ['too_long', `PROXY UNKNOWN ${'x'.repeat(100)}`],
    ['malformed', '\r\n\r\n\0\r\nQUIT\n\x21\x41\0\0'],
    ['too_long', '\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff'],
    ['bad_checksum', Buffer.from(makeHeader({ more: [tlv(3, new Uint8Array(4))] })).toString('latin1')],
  ])('that is %s closes the connection, without an answer, and is told', async (reason, bytes) => {
    start()
    expect(await refused(bytes)).toBe('')
    expect(origin.requests.length).toBe(0)
    const hint = reason === 'missing' ? expect.stringContaining('send-proxy') : undefined
    expect(told('proxy_header_refused')).toEqual([
      { event: 'proxy_header_refused', listener: 'web', reason, proxy: PROXY, refused: 1, hint },
    ])
    expect(gateway.board.activeConnections()).toBe(0)
  })

  test('that is cut off is told; a connection without a byte, as health checks make it, is not', async () => {
    start()
    await using silent = await connect()
    silent.fin()
    await silent.closed()
    await using cut = await connect()
    cut.send('PROXY TCP4 192.0.2')
    cut.fin()
    await cut.closed()
    expect(told('proxy_header_refused').map(({ reason }) => reason)).toEqual(['cut_off'])
  })

  test('that drips is waited for until the timeout, which is told as a limit', async () => {
    start({ proxy_protocol: { trusted: [PROXY], timeout: '1s' } })
    await using client = await connect()
    client.send('PROXY TCP4')
    await waitFor(() => gateway.board.activeConnections() === 1)
    expect(await staysTrue(() => gateway.board.activeConnections() === 1, 50)).toBe(true)
    gateway.runAhead(1500)
    await client.closed()
    expect(told('limit_reached')).toMatchObject([
      { limit: 'listeners.web.proxy_protocol.timeout', value: 1000 },
    ])
    expect(gateway.board.activeConnections()).toBe(0)
  })

  test('is counted in the limit of connections while it is waited for', async () => {
    start({ limits: { connections: 2 } })
    await using first = await connect()
    await using second = await connect()
    await waitFor(() => gateway.board.activeConnections() === 2)
    await using third = await connect()
    await third.closed()
    expect(told('limit_reached')).toMatchObject([{ limit: 'listeners.web.limits.connections', value: 2 }])
    first.send(LINE + GET)
    expect((await first.readAnswer()).status).toBe(200)
    second.rst()
  })
})

const REQUESTS = 20

describe('HAProxy', () => {
  const test = needs('haproxy')
  test.each(['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options unique-id,crc32c'])(
    'with %s names its clients, connection by connection',
    async (how) => {
      start()
      await using proxy = await startHaproxy(gateway.port(), 'mode tcp', how)
      for (let n = 0; n < REQUESTS; n++) {
        const from = `127.0.0.${100 + n}`
        await using client = await rawClient(proxy.port, '127.0.0.1', from)
        client.send(GET)
        expect((await client.readAnswer()).status).toBe(200)
        expect((await gateway.logged()).client).toBe(from)
      }
    },
  )
})

describe('curl', () => {
  const test = needs('curl')
  test('with --haproxy-protocol names itself', async () => {
    start()
    const url = `http://127.0.0.1:${gateway.port()}/a`
    const curl = Bun.spawn(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--haproxy-protocol', url])
    expect(await new Response(curl.stdout).text()).toBe('200')
    expect((await gateway.logged()).client).toBe('127.0.0.1')
  })
})
