import { describe, expect, test } from 'bun:test'
import { ATTRIBUTES, METHODS, TRANSPORTS } from '../../../../server/turn/bytes/stun.ts'
import { client, use, world, worldForEach } from '../../../support/turn-each.ts'
import { at } from '../../../support/turn-network.ts'
import { codeOf, type Write } from '../../../support/turn-tester.ts'

worldForEach()

const udp: Write = (w) => w.first8(ATTRIBUTES.REQUESTED_TRANSPORT, 17)

describe('Allocate', () => {
  test('gives an address of the range, the mapped address, and ten minutes', () => {
    const answer = client().allocate()!
    expect(codeOf(answer)).toBe(0)
    const relayed = answer.address(ATTRIBUTES.XOR_RELAYED_ADDRESS)
    if (relayed === null || relayed === 'malformed') throw new Error('no address')
    expect(relayed.host).toBe('198.51.100.1')
    expect(relayed.port).toBeWithin(50_000, 51_000)
    expect(String(answer.xorMapped)).toBe('192.0.2.10:1000')
    expect(answer.lifetime).toBe(600)
    expect(answer.hasIntegrity).toBe(true)
    expect(world.network.sockets.has(relayed.toString())).toBe(true)
  })

  test('without credentials is answered 401 with realm and nonce, and leaves nothing behind', () => {
    const answer = client().askOpenly(METHODS.ALLOCATE, udp)!
    expect(codeOf(answer)).toBe(401)
    expect(answer.text(ATTRIBUTES.REALM)).toBe('example.org')
    expect(answer.text(ATTRIBUTES.NONCE)).toStartWith('obMatJos2')
    expect(answer.hasIntegrity).toBe(false)
    expect(world.turn.allocations).toBe(0)
    expect(world.network.binds).toBe(0)
  })

  test('with an unknown attribute is asked for credentials first, then told 420', () => {
    const write = (w: Parameters<Write>[0]) =>
      void w.first8(ATTRIBUTES.REQUESTED_TRANSPORT, 17).u32(0x7abc, 1)
    expect(codeOf(client().askOpenly(METHODS.ALLOCATE, write))).toBe(401)
    const answer = client().ask(METHODS.ALLOCATE, write)!
    expect(codeOf(answer)).toBe(420)
    expect(answer.unknownAttributes).toEqual([0x7abc])
  })

  test('a second one on the same five-tuple is 437', () => {
    const one = client()
    one.relayed()
    expect(codeOf(one.allocate())).toBe(437)
    expect(world.turn.allocations).toBe(1)
  })

  test('a repeated one gets the same answer from memory', () => {
    const one = client()
    const request = one.signed(METHODS.ALLOCATE, udp)
    one.give(request)
    const [first] = one.takeAll()
    one.give(request)
    const [again] = one.takeAll()
    expect(again).toEqual(first!)
    expect(world.turn.allocations).toBe(1)
  })

  test('after 40 s nothing of it is remembered', () => {
    const one = client()
    const request = one.signed(METHODS.ALLOCATE, udp)
    one.give(request)
    one.takeAll()
    world.advance(40_001)
    one.give(request)
    expect(codeOf(one.takeMessage())).toBe(437)
  })

  test('without or with a malformed REQUESTED-TRANSPORT is 400', () => {
    expect(client().code(METHODS.ALLOCATE)).toBe(400)
    expect(client().code(METHODS.ALLOCATE, (w) => w.u8(ATTRIBUTES.REQUESTED_TRANSPORT, 17))).toBe(400)
  })

  test('of another protocol is 442; TCP over UDP is 400', () => {
    expect(codeOf(client().allocate(() => {}, 99))).toBe(442)
    expect(codeOf(client().allocate(() => {}, TRANSPORTS.TCP))).toBe(400)
  })

  test('of TCP over TCP is 442 where that is not relayed', () => {
    expect(codeOf(client('192.0.2.10:1', { stream: 'tcp' }).allocate(() => {}, TRANSPORTS.TCP))).toBe(442)
  })

  test('of TCP takes no EVEN-PORT, RESERVATION-TOKEN or DONT-FRAGMENT', () => {
    use({ turn: { relay: { tcp: true } } })
    const tcp = client('192.0.2.10:1', { stream: 'tcp' })
    const code = (write: Write) => codeOf(tcp.allocate(write, TRANSPORTS.TCP))
    expect(code((w) => w.u8(ATTRIBUTES.EVEN_PORT, 0))).toBe(400)
    expect(code((w) => w.bytes(ATTRIBUTES.RESERVATION_TOKEN, new Uint8Array(8)))).toBe(400)
    expect(code((w) => w.empty(ATTRIBUTES.DONT_FRAGMENT))).toBe(400)
    expect(code(() => {})).toBe(0)
  })

  test('with DONT-FRAGMENT is granted', () => {
    expect(codeOf(client().allocate((w) => w.empty(ATTRIBUTES.DONT_FRAGMENT)))).toBe(0)
  })

  test('with a malformed LIFETIME is 400', () => {
    expect(codeOf(client().allocate((w) => w.bytes(ATTRIBUTES.LIFETIME, new Uint8Array(2))))).toBe(400)
  })

  for (const [asked, granted] of [
    [0, 600],
    [10, 600],
    [599, 600],
    [601, 601],
    [99_999, 3600],
  ] as const)
    test(`asked for ${asked} s gives ${granted} s`, () => {
      expect(client().allocate((w) => w.u32(ATTRIBUTES.LIFETIME, asked))!.lifetime).toBe(granted)
    })

  test('believes nothing that stands behind MESSAGE-INTEGRITY', () => {
    const one = client()
    one.give(one.signed(METHODS.ALLOCATE, udp, undefined, (w) => w.u32(ATTRIBUTES.LIFETIME, 1800)))
    expect(one.takeMessage()!.lifetime).toBe(600)
  })

  test('carries FINGERPRINT when the request had one', () => {
    const one = client()
    one.give(one.signed(METHODS.ALLOCATE, udp, undefined, (w) => w.fingerprint()))
    expect(one.takeMessage()!.hasFingerprint).toBe(true)
    expect(client('192.0.2.10:2').allocate()!.hasFingerprint).toBe(false)
  })

  test('says SOFTWARE only where it is configured', () => {
    expect(client().allocate()!.has(ATTRIBUTES.SOFTWARE)).toBe(false)
    use({ turn: { more: { software: 'Sluice' } } })
    expect(client().allocate()!.text(ATTRIBUTES.SOFTWARE)).toBe('Sluice')
  })

  test('is 405 with a ticket where mobility is off', () => {
    expect(codeOf(client().allocate((w) => w.empty(ATTRIBUTES.MOBILITY_TICKET)))).toBe(405)
  })
})

describe('families', () => {
  const family = (number: number) => (w: Parameters<Write>[0]) =>
    void w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, number)
  const additional = (number: number) => (w: Parameters<Write>[0]) =>
    void w.first8(ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, number)

  test('IPv6 is given when it is asked for', () => {
    expect(client().relayed(family(2))).toStartWith('[2001:db8:f::1]:')
  })

  test('an unknown family is 440, and so is IPv6 where there is none', () => {
    expect(codeOf(client().allocate(family(3)))).toBe(440)
    use({ turn: { relay: { bind: ['198.51.100.1'] } } })
    expect(codeOf(client().allocate(family(2)))).toBe(440)
  })

  test('IPv4 is meant when none is named: 440 where only IPv6 is relayed', () => {
    use({ turn: { relay: { bind: ['2001:db8:f::1'] } } })
    expect(codeOf(client().allocate())).toBe(440)
  })

  test('both are given with ADDITIONAL-ADDRESS-FAMILY', () => {
    const answer = client().allocate(additional(2))!
    const both = answer.addresses(ATTRIBUTES.XOR_RELAYED_ADDRESS)
    expect(Array.isArray(both) && both.map(({ host }) => host)).toEqual(['198.51.100.1', '2001:db8:f::1'])
    expect(answer.has(ATTRIBUTES.ADDRESS_ERROR_CODE)).toBe(false)
    expect(world.turn.list()[0]!.relayed).toHaveLength(2)
  })

  test("both are given to clients that ask by the draft's number", () => {
    const answer = client().allocate((w) => void w.first8(ATTRIBUTES.DRAFT_ADDITIONAL_ADDRESS_FAMILY, 2))!
    expect(answer.addresses(ATTRIBUTES.XOR_RELAYED_ADDRESS)).toHaveLength(2)
  })

  test('of both, the one that is not there is named in ADDRESS-ERROR-CODE: 440', () => {
    use({ turn: { relay: { bind: ['198.51.100.1'] } } })
    const answer = client().allocate(additional(2))!
    expect(codeOf(answer)).toBe(0)
    expect(answer.errorValue(ATTRIBUTES.ADDRESS_ERROR_CODE)).toMatchObject({ code: 440 })
    expect(answer.value(ATTRIBUTES.ADDRESS_ERROR_CODE)![0]).toBe(2)
  })

  test('of both, the one that has no port left is named in ADDRESS-ERROR-CODE: 508', () => {
    use({ turn: { relay: { ports: '50000-50000' } } })
    world.network.held.add('198.51.100.1:50000')
    const answer = client().allocate(additional(2))!
    expect(codeOf(answer)).toBe(0)
    expect(answer.errorValue(ATTRIBUTES.ADDRESS_ERROR_CODE)).toMatchObject({ code: 508 })
    expect(answer.value(ATTRIBUTES.ADDRESS_ERROR_CODE)![0]).toBe(1)
    expect(String(answer.address(ATTRIBUTES.XOR_RELAYED_ADDRESS))).toBe('[2001:db8:f::1]:50000')
  })

  test('ADDITIONAL-ADDRESS-FAMILY of IPv4, with REQUESTED-ADDRESS-FAMILY, or with a reserved pair is 400', () => {
    expect(codeOf(client().allocate(additional(1)))).toBe(400)
    expect(codeOf(client().allocate((w) => (family(1)(w), additional(2)(w))))).toBe(400)
    expect(codeOf(client().allocate((w) => (additional(2)(w), w.u8(ATTRIBUTES.EVEN_PORT, 0x80))))).toBe(400)
  })
})

describe('EVEN-PORT', () => {
  const even = (bits: number) => (w: Parameters<Write>[0]) => void w.u8(ATTRIBUTES.EVEN_PORT, bits)

  test('gives an even port', () => {
    for (let port = 1; port <= 10; port++)
      expect(at(client(`192.0.2.10:${port}`).relayed(even(0))).port % 2).toBe(0)
  })

  test('keeps the next port for who has the token', () => {
    const answer = client().allocate(even(0x80))!
    const first = answer.address(ATTRIBUTES.XOR_RELAYED_ADDRESS)
    const token = answer.value(ATTRIBUTES.RESERVATION_TOKEN)!
    expect(token).toHaveLength(8)
    const second = client('192.0.2.10:1001').relayed((w) => w.bytes(ATTRIBUTES.RESERVATION_TOKEN, token))
    expect(at(second).port).toBe(at(String(first)).port + 1)
  })

  test('a token is good once, for 30 s, for its user and its listener', () => {
    const reserve = (port: number) =>
      client(`192.0.2.10:${port}`).allocate(even(0x80))!.value(ATTRIBUTES.RESERVATION_TOKEN)!.slice()
    const claim = (token: Uint8Array, from: string, parts = {}) =>
      codeOf(client(from, parts).allocate((w) => w.bytes(ATTRIBUTES.RESERVATION_TOKEN, token)))
    const once = reserve(1)
    expect(claim(once, '192.0.2.10:2')).toBe(0)
    expect(claim(once, '192.0.2.10:3')).toBe(508)
    expect(claim(reserve(4), '192.0.2.10:5', { user: 'bob', password: 'berry' })).toBe(508)
    const late = reserve(6)
    world.advance(30_250)
    expect(claim(late, '192.0.2.10:7')).toBe(508)
    expect(claim(new Uint8Array(8), '192.0.2.10:8')).toBe(508)
  })

  test('with a token, and a token with a family, is 400; so is a token of another length', () => {
    const token = new Uint8Array(8)
    const code = (write: Write) => codeOf(client().allocate(write))
    expect(code((w) => w.bytes(ATTRIBUTES.RESERVATION_TOKEN, token).u8(ATTRIBUTES.EVEN_PORT, 0))).toBe(400)
    expect(
      code((w) =>
        w.bytes(ATTRIBUTES.RESERVATION_TOKEN, token).first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 1),
      ),
    ).toBe(400)
    expect(
      code((w) =>
        w.bytes(ATTRIBUTES.RESERVATION_TOKEN, token).first8(ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, 2),
      ),
    ).toBe(400)
    expect(code((w) => w.bytes(ATTRIBUTES.RESERVATION_TOKEN, new Uint8Array(4)))).toBe(400)
  })

  test('leaks no port: with and without a reservation, all of a small range come back, round after round', () => {
    use({ turn: { relay: { ports: '50000-50003', bind: ['198.51.100.1'] }, quotas: { user: 100 } } })
    for (let round = 0; round < 50; round++) {
      const one = client(`192.0.2.10:${1000 + round}`)
      expect(codeOf(one.allocate(even(round % 2 === 0 ? 0 : 0x80)))).toBe(0)
      one.refresh(0)
      if (round % 2 === 1) world.advance(30_250)
    }
    expect([...world.network.sockets.keys()]).toEqual(['198.51.100.1:3478'])
    const codes = [1, 2, 3, 4, 5].map((port) => codeOf(client(`192.0.2.11:${port}`).allocate()))
    expect(codes).toEqual([0, 0, 0, 0, 508])
  })

  test('a reserved port counts in quotas, so that nobody collects ports by reserving', () => {
    use({ turn: { quotas: { user: 3 } } })
    const one = client()
    expect(codeOf(one.allocate(even(0x80)))).toBe(0)
    one.refresh(0)
    expect(codeOf(one.allocate(even(0x80)))).toBe(0)
    one.refresh(0)
    expect(codeOf(one.allocate(even(0x80)))).toBe(486)
    world.advance(30_250)
    expect(codeOf(one.allocate(even(0x80)))).toBe(0)
  })
})

describe('ports', () => {
  test('none left is 508, and nothing is leaked by that', () => {
    use({ turn: { relay: { ports: '50000-50001' } } })
    const codes = [1, 2, 3].map((port) => codeOf(client(`192.0.2.10:${port}`).allocate()))
    expect(codes).toEqual([0, 0, 508])
    expect(world.turn.allocations).toBe(2)
    for (const { id } of world.turn.list()) world.turn.end(id)
    expect([4, 5].map((port) => codeOf(client(`192.0.2.10:${port}`).allocate()))).toEqual([0, 0])
  })

  test('that other processes hold are passed over', () => {
    use({ turn: { relay: { ports: '50000-50009' } } })
    for (let port = 50_000; port < 50_009; port++) world.network.held.add(`198.51.100.1:${port}`)
    expect(client().relayed()).toBe('198.51.100.1:50009')
    expect(codeOf(client('192.0.2.10:2').allocate())).toBe(508)
    const { binds } = world.network
    expect(binds).toBe(10)
    // Each was tried once: nobody makes us try them all again with each request.
    expect(codeOf(client('192.0.2.10:3').allocate())).toBe(508)
    expect(world.network.binds).toBe(binds)
  })

  test('are shown as the outside sees them', () => {
    use({ turn: { relay: { bind: ['198.51.100.1'], advertise: ['203.0.113.7'] } } })
    const relayed = client().relayed()
    expect(relayed).toStartWith('203.0.113.7:')
    expect(world.network.sockets.has(relayed.replace('203.0.113.7', '198.51.100.1'))).toBe(true)
  })

  test('come in an order that nobody foresees', () => {
    const ports = Array.from({ length: 8 }, (_, i) => at(client(`192.0.2.10:${i + 1}`).relayed()).port)
    expect(new Set(ports).size).toBe(8)
    expect(ports).not.toEqual(ports.toSorted((a, b) => a - b))
  })
})
