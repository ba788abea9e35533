// Threat: the relay as a way to peers that it must not reach, or to another client's allocation, ports and
// quota.
//
// What strangers and clients of bad will have tried on TURN servers: peers they must not reach, words that
// nobody vouches for, what stays behind, and how much comes out for what goes in. Each runs over real
// sockets.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startTurn, type TurnServer } from '../support/turn.ts'
import * as stun from '../support/stun.ts'
import { TurnLine, tcpAllocate, udpAllocate } from '../support/turn-line.ts'
import { type Echo, startEcho } from '../support/uclient.ts'
import { staysTrue } from '../support/wait.ts'

/** Below the ports that the kernel gives away: a relay with these ports never has an echo's. */
const PORTS = '20000-20999'
const FEW = '21000-21007'

let server: TurnServer
let echo: Echo
let echo6: Echo

beforeAll(async () => {
  server = await startTurn({
    open: { ports: PORTS },
    closed: { allow: [], ports: PORTS, tcp: true },
    closed6: { allow: [], ports: PORTS, host: '::1', tcp: true },
    denied: { deny: ['127.0.0.9'], ports: PORTS },
    few: { ports: FEW, ours: { relay: { bind: ['127.0.0.1'], ports: FEW } } },
    mobile: { mobility: true, userQuota: 2, ports: PORTS },
  })
  echo = await startEcho()
  echo6 = await startEcho('::1')
})

afterAll(async () => {
  echo.close()
  echo6.close()
  await server[Symbol.asyncDispose]()
})

const open = (listener: string): Promise<TurnLine> =>
  TurnLine.open({ host: server.host(listener), port: server.port(listener) })

const onSix = (message: stun.StunWriter): stun.StunWriter =>
  udpAllocate(message).add(stun.ADDRESS_FAMILY, Uint8Array.of(2, 0, 0, 0))

const tcpOnSix = (message: stun.StunWriter): stun.StunWriter =>
  tcpAllocate(message).add(stun.ADDRESS_FAMILY, Uint8Array.of(2, 0, 0, 0))

const peer = (host: string, port: number) => (message: stun.StunWriter) =>
  message.xorAddress(stun.XOR_PEER_ADDRESS, host, port)

async function connectTo(line: TurnLine, host: string, port: number): Promise<number> {
  return stun.errorCode(await line.request(stun.CONNECT, { before: peer(host, port) }))
}

/** A Send indication. */
const sendTo = (host: string, port: number, data: string): Buffer =>
  peer(host, port)(new stun.StunWriter(stun.SEND)).add(stun.DATA_ATTRIBUTE, data).done()

const isData = (bytes: Buffer): boolean => stun.parseStun(bytes)?.type === stun.DATA

describe('a peer that nobody has allowed', () => {
  // 127.0.0.1 itself is where this server relays: below.
  const FOUR = [
    ...['127.0.0.2', '127.255.255.255', '0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '169.254.169.254'],
    ...['172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1'],
    ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
  ]
  const SIX = [
    ...['::', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '::ffff:0.0.0.0'],
    ...[
      '::127.0.0.1',
      '::10.0.0.1',
      '2002:7f00:1::',
      '2002:a00:1::1',
      '2002:a9fe:a9fe::1',
      '2002:808:808::1',
    ],
    ...['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::7f00:1', '2001::1', '2001:0:808:808::1'],
    ...['2001:db8::1', '100::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1'],
  ]

  test.each(FOUR)('%s: 403 to CreatePermission and ChannelBind', async (host) => {
    await using line = await open('closed')
    await line.allocate()
    expect(await line.permit(host)).toBe(403)
    expect(await line.permit(host, echo.port)).toBe(403)
    expect(await line.bind(0x4000, host, echo.port)).toBe(403)
  })

  test.each(SIX)('%s: 403 to CreatePermission and ChannelBind', async (host) => {
    await using line = await open('closed6')
    await line.allocate({ before: onSix })
    // IPv4 in disguise may as well be called a peer of another family.
    const codes = host.startsWith('::ffff:') ? [403, 443] : [403]
    expect(codes).toContain(await line.permit(host))
    expect(codes).toContain(await line.bind(0x4000, host, echo6.port))
  })

  test.each(['127.0.0.2', '0.0.0.0', '10.0.0.1', '169.254.169.254'])('%s: 403 to Connect', async (host) => {
    await using line = await TurnLine.open({ port: server.port('closed'), transport: 'tcp' })
    await line.allocate({ before: tcpAllocate })
    expect(await connectTo(line, host, 80)).toBe(403)
  })

  test.each(['::', '::ffff:127.0.0.1', '2002:7f00:1::', '64:ff9b::7f00:1'])(
    '%s: 403 to Connect',
    async (host) => {
      await using line = await TurnLine.open({ host: '::1', port: server.port('closed6'), transport: 'tcp' })
      await line.allocate({ before: tcpOnSix })
      expect([403, 443]).toContain(await connectTo(line, host, 80))
    },
  )

  test('services on the very address that allocations are made on are not reached: neither IPv4 nor IPv6', async () => {
    for (const [listener, host, at, before] of [
      ['closed', '127.0.0.1', echo, udpAllocate],
      ['closed6', '::1', echo6, onSix],
    ] as const) {
      await using line = await open(listener)
      await line.allocate({ before })
      // The address as such may be permitted: other clients of this server are behind it. This port is none
      // of theirs.
      await line.permit(host)
      expect(await line.bind(0x4000, host, at.port)).toBe(403)
      for (let i = 0; i < 5; i++) {
        line.send(sendTo(host, at.port, 'hello'))
        line.send(stun.channelData(0x4000, Buffer.from('hello')))
      }
      expect(await staysTrue(() => line.inbox.length === 0, 150)).toBe(true)
    }
  })

  test('two clients of a server that relays from a loopback address reach each other', async () => {
    await using a = await open('closed')
    await using b = await open('closed')
    const [atA, atB] = [await a.allocate(), await b.allocate()]
    expect(await a.bind(0x4000, atB.host, atB.port)).toBe(0)
    expect(await b.permit(atA.host)).toBe(0)
    a.send(stun.channelData(0x4000, Buffer.from('hello')))
    const indication = stun.parseStun(await b.next(isData))!
    expect(stun.valueOf(indication, stun.DATA_ATTRIBUTE)?.toString()).toBe('hello')
    expect(stun.addressOf(indication, stun.XOR_PEER_ADDRESS)).toEqual(atA)
  })

  test('a denied address in an allowed range is refused, its neighbours are not', async () => {
    await using line = await open('denied')
    await line.allocate()
    expect(await line.permit('127.0.0.9')).toBe(403)
    expect(await line.bind(0x4000, '127.0.0.9', echo.port)).toBe(403)
    expect(await line.permit('127.0.0.8')).toBe(0)
    expect(await line.permit('127.0.0.10')).toBe(0)
  })

  test('a refused peer in a list of good ones: nothing of it is installed', async () => {
    await using line = await open('denied')
    await line.allocate()
    const before = (m: stun.StunWriter): unknown => peer('127.0.0.9', 0)(peer('127.0.0.1', 0)(m))
    expect(stun.errorCode(await line.request(stun.CREATE_PERMISSION, { before }))).toBe(403)
    line.send(sendTo('127.0.0.1', echo.port, 'hello'))
    expect(await staysTrue(() => line.inbox.length === 0, 150)).toBe(true)
  })

  test('public addresses are not refused', async () => {
    await using line = await open('closed')
    await line.allocate()
    for (const host of [
      '1.1.1.1',
      '9.9.9.9',
      '172.32.0.1',
      '100.128.0.1',
      '192.167.255.255',
      '223.255.255.254',
    ])
      expect(await line.permit(host)).toBe(0)
    await using six = await open('closed6')
    await six.allocate({ before: onSix })
    for (const host of ['2606:4700::1111', '2a00:1450::1', '2001:4860::8888', '64:ff9b::808:808'])
      expect([host, await six.permit(host)]).toEqual([host, host.startsWith('64:') ? 403 : 0])
  })
})

describe('what stands behind MESSAGE-INTEGRITY is not believed', () => {
  test('a LIFETIME, be it in an Allocate or a Refresh', async () => {
    await using line = await open('open')
    const longer = (m: stun.StunWriter): unknown => m.add(stun.LIFETIME, 1800)
    const answer = await line.request(stun.ALLOCATE, { before: udpAllocate, after: longer })
    expect(stun.valueOf(answer, stun.LIFETIME)?.readUInt32BE(0)).toBe(600)
    expect(await line.refresh(undefined, longer)).toEqual({ code: 0, lifetimeS: 600 })
    expect(await line.refresh(1200, (m) => void m.add(stun.LIFETIME, 0))).toEqual({
      code: 0,
      lifetimeS: 1200,
    })
  })

  test('a peer', async () => {
    await using line = await open('open')
    await line.allocate()
    const answer = await line.request(stun.CREATE_PERMISSION, { after: peer('127.0.0.1', 0) })
    expect(stun.errorCode(answer)).toBe(400)
    const both = await line.request(stun.CREATE_PERMISSION, {
      before: peer('127.0.0.77', 0),
      after: peer('127.0.0.1', 0),
    })
    expect(stun.errorCode(both)).toBe(0)
    line.send(sendTo('127.0.0.1', echo.port, 'hello'))
    expect(await staysTrue(() => line.inbox.length === 0, 150)).toBe(true)
  })

  test('a user name, a transport, an unknown attribute that must be understood', async () => {
    await using line = await open('open')
    const user = await line.request(stun.ALLOCATE, {
      before: udpAllocate,
      after: (m) =>
        void m
          .add(stun.USERNAME, 'somebody')
          .add(0x7fff, 'x')
          .add(stun.REQUESTED_TRANSPORT, 99 << 24),
    })
    expect(stun.errorCode(user)).toBe(0)
  })

  test('but what stands before it is: the same words are obeyed there', async () => {
    await using line = await open('open')
    await line.allocate()
    expect(await line.refresh(1800)).toEqual({ code: 0, lifetimeS: 1800 })
    expect(await line.permit('127.0.0.1')).toBe(0)
    line.send(sendTo('127.0.0.1', echo.port, 'hello'))
    expect(isData(await line.next())).toBe(true)
  })

  test('a changed byte under the MAC: 401, and nothing has happened', async () => {
    await using line = await open('open')
    await line.allocate()
    const message = line.signed(stun.REFRESH, { before: (m) => void m.add(stun.LIFETIME, 0) })
    const bytes = message.done()
    const lifetimeAt = bytes.indexOf(Buffer.from([0, stun.LIFETIME, 0, 4]))
    bytes.writeUInt32BE(7, lifetimeAt + 4)
    line.send(bytes)
    const answer = await line.next((one) => stun.parseStun(one)?.id.equals(message.id) === true)
    expect(stun.errorCode(stun.parseStun(answer)!)).toBe(401)
    expect((await line.refresh()).code).toBe(0)
  })
})

describe('ports come back', () => {
  const odd = (reserve: boolean) => (message: stun.StunWriter) =>
    udpAllocate(message).add(stun.EVEN_PORT, Uint8Array.of(reserve ? 0x80 : 0))

  test('EVEN-PORT over and over costs none: afterwards all eight can be had, and a ninth is refused with 508', async () => {
    for (let round = 0; round < 40; round++) {
      await using line = await open('few')
      const { port } = await line.allocate({ before: odd(false) })
      expect(port % 2).toBe(0)
      expect((await line.refresh(0)).code).toBe(0)
    }
    const lines = await Promise.all(Array.from({ length: 9 }, () => open('few')))
    try {
      const ports = new Set<number>()
      for (const line of lines.slice(0, 8)) ports.add((await line.allocate()).port)
      expect([...ports].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((n) => 21_000 + n))
      expect(stun.errorCode(await lines[8]!.request(stun.ALLOCATE, { before: udpAllocate }))).toBe(508)
    } finally {
      for (const line of lines) await line.refresh(0).catch(() => {})
      for (const line of lines) line.close()
    }
  })

  test('a reserved port goes only to who has its token, once', async () => {
    await using first = await open('few')
    const answer = await first.request(stun.ALLOCATE, { before: odd(true) })
    const { port } = stun.addressOf(answer, stun.XOR_RELAYED_ADDRESS)!
    const token = stun.valueOf(answer, stun.RESERVATION_TOKEN)!
    const withToken = (m: stun.StunWriter): unknown => udpAllocate(m).add(stun.RESERVATION_TOKEN, token)
    await using second = await open('few')
    expect((await second.allocate({ before: withToken })).port).toBe(port + 1)
    await using third = await open('few')
    expect(stun.errorCode(await third.request(stun.ALLOCATE, { before: withToken }))).toBe(508)
    for (const line of [first, second]) expect((await line.refresh(0)).code).toBe(0)
  })

  test('ports are drawn by chance, nonces are never the same', async () => {
    const ports: number[] = []
    const nonces = new Set<string>()
    for (let i = 0; i < 24; i++) {
      await using line = await open('open')
      ports.push((await line.allocate()).port)
      nonces.add(line.nonce.toString())
      await line.refresh(0)
    }
    expect(nonces.size).toBe(24)
    const steps = ports.slice(1).map((port, i) => Math.abs(port - ports[i]!))
    // Of a thousand ports: neighbours would be a rule, not chance.
    expect(steps.filter((step) => step <= 2).length).toBeLessThan(4)
    expect(new Set(ports).size).toBeGreaterThan(18)
  })
})

describe('mobility', () => {
  const ticketOf = (answer: stun.Stun): Buffer => Buffer.from(stun.valueOf(answer, stun.MOBILITY_TICKET)!)
  const asking = (m: stun.StunWriter): unknown => udpAllocate(m).add(stun.MOBILITY_TICKET, '')
  const moving = (ticket: Buffer) => (m: stun.StunWriter) => m.add(stun.MOBILITY_TICKET, ticket)

  test('who moves does not escape the quota, and leaves nothing behind', async () => {
    let line = await open('mobile')
    const lines = [line]
    const first = await line.request(stun.ALLOCATE, { before: asking })
    expect(stun.errorCode(first)).toBe(0)
    let ticket = ticketOf(first)
    for (let move = 0; move < 5; move++) {
      const next = await open('mobile')
      lines.push(next)
      const answer = await next.request(stun.REFRESH, { before: moving(ticket) })
      expect(stun.errorCode(answer)).toBe(0)
      ticket = ticketOf(answer)
      line = next
    }
    await using other = await open('mobile')
    expect(stun.errorCode(await other.request(stun.ALLOCATE, { before: asking }))).toBe(0)
    await using third = await open('mobile')
    expect(stun.errorCode(await third.request(stun.ALLOCATE, { before: asking }))).toBe(486)
    // Where it came from it is not any more.
    expect((await lines[0]!.refresh()).code).toBe(437)
    expect((await line.refresh(0)).code).toBe(0)
    expect((await other.refresh(0)).code).toBe(0)
    await using fourth = await open('mobile')
    await fourth.allocate()
    await using fifth = await open('mobile')
    await fifth.allocate()
    for (const one of [fourth, fifth]) expect((await one.refresh(0)).code).toBe(0)
    for (const one of lines) one.close()
  })

  test('a ticket that was made up, or used before, moves nothing', async () => {
    await using line = await open('mobile')
    const ticket = ticketOf(await line.request(stun.ALLOCATE, { before: asking }))
    await using next = await open('mobile')
    const changed = Buffer.from(ticket)
    changed[changed.length - 1]! ^= 1
    const refused = await next.request(stun.REFRESH, { before: moving(changed) })
    expect([400, 437]).toContain(stun.errorCode(refused))
    expect((await line.refresh()).code).toBe(0)
    expect(stun.errorCode(await next.request(stun.REFRESH, { before: moving(ticket) }))).toBe(0)
    expect((await next.refresh()).code).toBe(0)
    await using late = await open('mobile')
    expect([400, 437]).toContain(stun.errorCode(await late.request(stun.REFRESH, { before: moving(ticket) })))
    expect((await next.refresh(0)).code).toBe(0)
  })
})
