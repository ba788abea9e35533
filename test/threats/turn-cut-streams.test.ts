// Threat: TURN clients over TCP and TLS whose frames are cut, glued or broken, so that bytes are lost,
// misread or pile up.
//
// Clients over TCP and TLS that cut, glue and break what they send.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { residentBytes } from '../support/processes.ts'
import { isCoturnRun, startTurn, type TurnServer } from '../support/turn.ts'
import * as stun from '../support/stun.ts'
import { TurnLine, udpAllocate } from '../support/turn-line.ts'
import { type Echo, startEcho } from '../support/uclient.ts'
import { pause, staysTrue, waitFor } from '../support/wait.ts'

let server: TurnServer
let echo: Echo

beforeAll(async () => {
  server = await startTurn({
    main: { tls: true },
    hasty: { tls: true, ours: { timeouts: { idle: '1s' } } },
    crowded: { ours: { limits: { connections: 4, unauthenticated: 100_000 } } },
  })
  echo = await startEcho()
})

afterAll(async () => {
  echo.close()
  await server[Symbol.asyncDispose]()
})

const TRANSPORTS = ['tcp', 'tls'] as const
type Transport = (typeof TRANSPORTS)[number]

const open = (transport: Transport, listener = 'main'): Promise<TurnLine> =>
  TurnLine.open({
    transport,
    port: transport === 'tls' ? server.tlsPort(listener) : server.port(listener),
  })

/** A channel to the echo. */
async function bound(transport: Transport): Promise<TurnLine> {
  const line = await open(transport)
  await line.allocate()
  expect(await line.bind(0x4000, '127.0.0.1', echo.port)).toBe(0)
  return line
}

/** coturn shows in the padding what was there before. */
const shown = (frame: Buffer): Buffer => {
  if (isCoturnRun) frame.fill(0, 4 + frame.readUInt16BE(2))
  return frame
}

const isChannelData = (bytes: Buffer): boolean => bytes[0] === 0x40

const closes = (line: TurnLine): Promise<boolean> =>
  waitFor(() => line.isClosed, { what: 'the server to close' })

const isSound = async (): Promise<boolean> => {
  await using line = await open('tcp')
  return (await line.allocate()).port > 0
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a request that comes byte by byte is answered', async () => {
    await using line = await open(transport)
    await line.greet()
    const message = line.signed(stun.ALLOCATE, { before: udpAllocate })
    const bytes = message.done()
    for (let at = 0; at < bytes.length; at++) {
      line.send(bytes.subarray(at, at + 1))
      // A turn of the loop between them, so that they leave one by one.
      await pause(0)
    }
    const answer = stun.parseStun(await line.next())!
    expect([answer.type, answer.id]).toEqual([stun.ALLOCATE | stun.SUCCESS, message.id])
  })

  test('three requests in one segment have three answers, in their order', async () => {
    await using line = await open(transport)
    const messages = [1, 2, 3].map(() => new stun.StunWriter(stun.BINDING))
    line.send(Buffer.concat(messages.map((message) => message.done())))
    for (const message of messages) expect(stun.parseStun(await line.next())!.id).toEqual(message.id)
  })

  test('an answer needs not be waited for: permission, channel and data follow the Allocate at once', async () => {
    await using line = await open(transport)
    await line.greet()
    const at = (m: stun.StunWriter): stun.StunWriter =>
      m.xorAddress(stun.XOR_PEER_ADDRESS, '127.0.0.1', echo.port)
    line.send(
      Buffer.concat([
        line.signed(stun.ALLOCATE, { before: udpAllocate }).done(),
        line.signed(stun.CREATE_PERMISSION, { before: at }).done(),
        line
          .signed(stun.CHANNEL_BIND, { before: (m) => at(m.add(stun.CHANNEL_NUMBER, 0x4000 << 16)) })
          .done(),
        stun.channelData(0x4000, Buffer.from('hello')),
      ]),
    )
    const data = await line.next(isChannelData)
    expect(shown(data)).toEqual(stun.channelData(0x4000, Buffer.from('hello')))
  })

  test.each([0, 1, 2, 3, 4, 5, 1199, 16_000])(
    'channel data of %d bytes is padded both ways',
    async (length) => {
      await using line = await bound(transport)
      const frame = stun.channelData(0x4000, Buffer.alloc(length, 'x'))
      for (let i = 0; i < 3; i++) line.send(frame)
      for (let i = 0; i < 3; i++) expect(shown(await line.next(isChannelData))).toEqual(frame)
    },
  )

  test('channel data whose padding comes later waits for it', async () => {
    await using line = await bound(transport)
    line.send(stun.channelData(0x4000, Buffer.from('hello'), false))
    expect(await staysTrue(() => line.inbox.length === 0, 100)).toBe(true)
    line.send(Buffer.alloc(3))
    expect(shown(await line.next(isChannelData))).toEqual(stun.channelData(0x4000, Buffer.from('hello')))
  })

  test('channel data without padding: the connection is closed at the first bad frame', async () => {
    await using line = await bound(transport)
    // Eight bytes are wanted, nine are said to follow: what comes next stands three bytes early.
    for (let i = 0; i < 8; i++) line.send(stun.channelData(0x4000, Buffer.from('hello'), false))
    await closes(line)
    expect(await isSound()).toBe(true)
  })

  test.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n')],
    ['garbage', Buffer.alloc(64, 0xff)],
    [
      'a classic STUN request, without the magic cookie',
      Buffer.concat([Buffer.from([0, 1, 0, 0]), Buffer.alloc(16, 1)]),
    ],
    [
      'a STUN length that is no multiple of four',
      Buffer.from([0, 1, 0, 3, 0x21, 0x12, 0xa4, 0x42, ...Buffer.alloc(15)]),
    ],
    [
      'a first byte between STUN and channels',
      Buffer.concat([Buffer.from([0x10, 1, 0, 0]), Buffer.alloc(16)]),
    ],
  ])('%s: the connection is closed', async (_name, bytes) => {
    await using line = await open(transport)
    line.send(bytes)
    await closes(line)
    expect(line.inbox).toEqual([])
    expect(await isSound()).toBe(true)
  })

  test('a bad frame behind a good one: the connection is closed', async () => {
    await using line = await open(transport)
    const message = new stun.StunWriter(stun.BINDING)
    line.send(Buffer.concat([message.done(), Buffer.alloc(20, 0xff)]))
    await closes(line)
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a header', new stun.StunWriter(stun.BINDING).done().subarray(0, 11)],
    ['half a request', udpAllocate(new stun.StunWriter(stun.ALLOCATE)).done().subarray(0, 24)],
  ])('%s and silence: closed when it has been idle', async (_name, bytes) => {
    await using line = await open(transport, 'hasty')
    const sinceMs = performance.now()
    line.send(bytes)
    await closes(line)
    expect(performance.now() - sinceMs).toBeGreaterThan(600)
  })

  test('a header that promises more than any message has: closed', async () => {
    await using line = await open(transport, 'hasty')
    line.send(Buffer.from([0, 3, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42, ...Buffer.alloc(12)]))
    await closes(line)
  })

  test('a byte now and then does not keep a connection without an allocation alive for ever', async () => {
    await using line = await open(transport, 'hasty')
    const bytes = udpAllocate(new stun.StunWriter(stun.ALLOCATE)).done()
    let at = 0
    await waitFor(
      () => {
        if (!line.isClosed && at < bytes.length - 1) line.send(bytes.subarray(at, ++at))
        return line.isClosed
      },
      { everyMs: 400, what: 'the server to lose patience' },
    )
    expect(at).toBeLessThan(bytes.length - 1)
  })

  test('a connection with an allocation may be silent', async () => {
    await using line = await open(transport, 'hasty')
    await line.allocate()
    expect(await staysTrue(() => !line.isClosed, 2500)).toBe(true)
    expect((await line.refresh()).code).toBe(0)
  })

  test('a client that hangs up in any way leaves no allocation', async () => {
    for (let i = 0; i < 10; i++) {
      const line = await open(transport, 'hasty')
      await line.allocate()
      line.close()
    }
    if (server.gateway !== null) {
      const { admin } = server.gateway
      await waitFor(async () => (await gauge(admin, 'turn_allocations', 'hasty')) === 0)
      await waitFor(async () => (await gauge(admin, 'turn_connections', 'hasty')) === 0)
    }
  })
})

test('connections beyond the limit are closed at once, others go on', async () => {
  const lines: TurnLine[] = []
  try {
    for (let i = 0; i < 4; i++) lines.push(await open('tcp', 'crowded'))
    for (const line of lines) await line.allocate()
    // Closed before or after it could be used.
    const fifth = await open('tcp', 'crowded').catch(() => null)
    if (fifth !== null) {
      lines.push(fifth)
      await closes(fifth)
    }
    for (const line of lines.slice(0, 4)) expect((await line.refresh()).code).toBe(0)
  } finally {
    for (const line of lines) line.close()
  }
  // And when they are gone there is room again.
  const isLetIn = async (): Promise<boolean> => {
    await using line = await open('tcp', 'crowded')
    return (await line.allocate()).port > 0
  }
  await waitFor(() => isLetIn().catch(() => false), { everyMs: 50 })
})

test.each(TRANSPORTS)(
  'a client over %s that does not read: its memory is bounded, others do not wait, and it is not cut apart',
  async (transport) => {
    await using line = await bound(transport)
    const relayed = await relayedOf(line)
    await using other = await bound('tcp')
    const flood = await Bun.udpSocket({ hostname: '127.0.0.1', port: 0, socket: { data() {}, error() {} } })
    const datagram = Buffer.alloc(1200, 'x')
    const batch = Array.from({ length: 32 }, () => [datagram, relayed.port, relayed.host]).flat()
    const pour = async (): Promise<void> => {
      // 77 MB, a little at a time.
      for (let round = 0; round < 2000; round++) {
        flood.sendMany(batch)
        if (round % 50 === 0) await pause(1)
      }
    }
    line.pause()
    await pour()
    // Now all is full. More of it changes nothing.
    const before = memory()
    await pour()
    other.send(stun.channelData(0x4000, Buffer.from('hello')))
    expect(shown(await other.next(isChannelData))).toEqual(stun.channelData(0x4000, Buffer.from('hello')))
    // Of 77 MB: a collector that has not run yet accounts for a few.
    expect(memory() - before).toBeLessThan(16 << 20)
    flood.close()
    line.resume()
    line.send(stun.channelData(0x4000, Buffer.from('still there')))
    const isIt = (bytes: Buffer): boolean =>
      shown(bytes).equals(stun.channelData(0x4000, Buffer.from('still there')))
    await line.next(isIt)
    // What it was not sent is missing as a whole: every frame is one of those that were sent.
    for (const frame of line.inbox) {
      const message = stun.parseStun(frame)
      expect(message?.type).toBe(stun.DATA)
      expect(stun.valueOf(message!, stun.DATA_ATTRIBUTE)).toEqual(datagram)
    }
  },
  20_000,
)

/** Where a client relays: a Refresh does not say. */
async function relayedOf(line: TurnLine): Promise<{ host: string; port: number }> {
  line.send(stun.channelData(0x4000, Buffer.from('who')))
  await line.next(isChannelData)
  return echo.lastSender()
}

const memory = (): number => server.pids().reduce((sum, pid) => sum + residentBytes(pid), 0)

/** The sum of a gauge over a listener's series. */
async function gauge(admin: string, name: string, listener: string): Promise<number> {
  const metrics = await (await fetch(`${admin}/metrics`)).text()
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`lb_${name}{`) && line.includes(`listener="${listener}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
