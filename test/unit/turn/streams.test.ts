import { describe, expect, test } from 'bun:test'
import { ATTRIBUTES, METHODS } from '../../../server/turn/bytes/stun.ts'
import { world, worldForEach } from '../../support/turn-each.ts'
import { at, FakeStream } from '../../support/turn-network.ts'
import { channelMessage, codeOf, TestClient } from '../../support/turn-tester.ts'

worldForEach()

const PEER = '192.0.2.99:7000'
const client = (from = '192.0.2.10:1000') => new TestClient(world, from, { stream: 'tcp' })

describe('a connection of a client', () => {
  test('takes requests byte by byte, and many at once', () => {
    const one = client()
    for (const byte of one.raw(METHODS.BINDING)) one.give(Uint8Array.of(byte))
    expect(one.takeAll()).toHaveLength(1)
    const three = [1, 2, 3].map(() => one.raw(METHODS.BINDING))
    one.give(Buffer.concat(three))
    expect(one.takeAll()).toHaveLength(3)
  })

  test('pads ChannelData to four bytes both ways', () => {
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4001, PEER)
    one.give(Buffer.concat(['a', 'ab', 'abc', 'abcd', ''].map((data) => channelMessage(0x4001, data, true))))
    expect(world.network.take(PEER).map(({ bytes }) => bytes.length)).toEqual([1, 2, 3, 4, 0])
    for (const data of ['a', 'ab', 'abc', 'abcd', ''])
      world.network.deliver(PEER, relayed, new TextEncoder().encode(data))
    const out = one.stream!.take()
    expect(out.toHex()).toBe(
      ['4001000161000000', '4001000261620000', '4001000361626300', '4001000461626364', '40010000'].join(''),
    )
  })

  for (const [what, bytes] of [
    ['HTTP', new TextEncoder().encode('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n')],
    ['TLS', Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1)],
    ['a bad cookie', Uint8Array.of(0, 1, 0, 0, 1, 2, 3, 4, ...new Uint8Array(12))],
    [
      'a length that is not of four bytes',
      Uint8Array.of(0, 1, 0, 3, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(15)),
    ],
    ['ChannelData without an allocation', channelMessage(0x4001, 'abcd', true)],
  ] as const)
    test(`is closed when it begins with ${what}`, () => {
      const one = client()
      one.give(bytes)
      expect(one.stream!.isClosed).toBe(true)
      expect(world.metric('turn_connections', 'turn')).toBe(0)
      expect(world.metric('turn_dropped_total', 'turn', 'malformed')).toBe(1)
    })

  test('is closed when it loses count later', () => {
    const one = client()
    one.relayed()
    one.bind(0x4001, PEER)
    // Unpadded, as over UDP: what follows is read at the wrong place.
    one.give(
      Buffer.concat([channelMessage(0x4001, 'a', false), one.raw(METHODS.BINDING), one.raw(METHODS.BINDING)]),
    )
    expect(one.stream!.isClosed).toBe(true)
    expect(world.turn.allocations).toBe(0)
  })

  test('may have ChannelData on its way when its allocation ends: that is dropped, and the connection goes on', () => {
    const one = client()
    one.relayed()
    one.bind(0x4001, PEER)
    world.turn.end(world.turn.list()[0]!.id)
    one.channelData(0x4001, 'late')
    expect(one.stream!.isClosed).toBe(false)
    expect(world.network.take(PEER)).toEqual([])
    expect(world.metric('turn_dropped_total', 'turn', 'no_allocation')).toBe(1)
    expect(codeOf(one.allocate())).toBe(0)
  })

  test('ends its allocation at once when it is closed', () => {
    for (const end of [
      (s: FakeStream) => s.end(),
      (s: FakeStream) => s.gone(null),
      (s: FakeStream) => s.gone('reset'),
    ]) {
      const one = client()
      one.relayed()
      expect(world.turn.allocations).toBe(1)
      end(one.stream!)
      expect(world.turn.allocations).toBe(0)
    }
    expect(world.metric('turn_allocations_ended_total', 'turn', 'example.org', 'connection_closed')).toBe(3)
    expect([...world.network.sockets.keys()]).toEqual(['198.51.100.1:3478'])
  })

  test('without an allocation is closed when it is silent for the time of the config', () => {
    const one = client()
    world.advance(59_000)
    one.askOpenly(METHODS.BINDING)
    world.advance(59_000)
    expect(one.stream!.isClosed).toBe(false)
    world.advance(1_250)
    expect(one.stream!.why).toBe('idle')
  })

  test('gains no time by bytes that make no message', () => {
    const one = client()
    const request = one.raw(METHODS.BINDING)
    for (const byte of request.subarray(0, 10)) {
      one.give(Uint8Array.of(byte))
      world.advance(6_250)
    }
    expect(one.stream!.isClosed).toBe(true)
  })

  test('with an allocation may be silent, and is judged again when that has ended', () => {
    const one = client()
    one.relayed()
    world.advance(590_000)
    expect(one.stream!.isClosed).toBe(false)
    world.advance(11_000)
    expect(world.turn.allocations).toBe(0)
    expect(one.stream!.isClosed).toBe(false)
    world.advance(60_250)
    expect(one.stream!.isClosed).toBe(true)
  })

  test('whose client does not read loses data, which is counted, and nothing else', () => {
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4001, PEER)
    one.stream!.isBlocked = true
    for (let i = 0; i < 300; i++) world.network.deliver(PEER, relayed, new Uint8Array(1200))
    const [facts] = world.turn.list()
    expect(facts!.dropped).toBeGreaterThan(50)
    expect(facts!.packets_to_client + facts!.dropped).toBe(300)
    expect(world.metric('turn_dropped_total', 'turn', 'slow_client')).toBe(facts!.dropped)
    one.stream!.drain()
    expect(one.takeAll()).toHaveLength(facts!.packets_to_client)
    expect(codeOf(one.refresh())).toBe(0)
  })

  test('whose client asks and asks and does not read is closed', () => {
    const one = client()
    one.stream!.isBlocked = true
    const request = one.raw(METHODS.ALLOCATE)
    for (let i = 0; i < 10_000 && !one.stream!.isClosed; i++) one.give(request)
    expect(one.stream!.isClosed).toBe(true)
  })

  test('of a listener that is not there is closed', () => {
    const stream = new FakeStream(
      { onBytes: () => 0, onClose() {} },
      at('192.0.2.10:1'),
      at('198.51.100.1:1'),
      { listener: 'other' },
    )
    world.turn.accept(stream)
    expect(stream.isClosed).toBe(true)
  })

  test('gets the words of an error, as its address is no invention', () => {
    const answer = client().askOpenly(METHODS.ALLOCATE)!
    expect(answer.errorCode).toEqual({ code: 401, reason: 'Unauthenticated' })
    expect(answer.has(ATTRIBUTES.NONCE)).toBe(true)
  })
})
