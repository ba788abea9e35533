import { describe, expect, test } from 'bun:test'
import { ATTRIBUTES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { client, use, world, worldForEach } from '../../../support/turn-each.ts'
import { codeOf, type TestClient } from '../../../support/turn-tester.ts'

worldForEach({ turn: { relay: { mobility: true } } })

describe('Refresh', () => {
  test('without credentials is 401, without an allocation 437', () => {
    expect(codeOf(client().askOpenly(METHODS.REFRESH))).toBe(401)
    expect(codeOf(client().refresh())).toBe(437)
  })

  test('without LIFETIME gives the default, else what is asked for within the bounds', () => {
    const one = client()
    one.relayed()
    expect(one.refresh()!.lifetime).toBe(600)
    expect(one.refresh(10)!.lifetime).toBe(600)
    expect(one.refresh(1200)!.lifetime).toBe(1200)
    expect(one.refresh(99_999)!.lifetime).toBe(3600)
  })

  test('with a malformed LIFETIME is 400', () => {
    const one = client()
    one.relayed()
    expect(codeOf(one.refresh(null, (w) => w.bytes(ATTRIBUTES.LIFETIME, new Uint8Array(2))))).toBe(400)
  })

  test('keeps an allocation that would have ended', () => {
    const one = client()
    one.relayed()
    world.advance(599_000)
    expect(codeOf(one.refresh())).toBe(0)
    world.advance(599_000)
    expect(world.turn.allocations).toBe(1)
    world.advance(2_000)
    expect(world.turn.allocations).toBe(0)
    expect(world.events('turn_allocation')[0]).toMatchObject({ reason: 'expired' })
  })

  test('to zero deletes at once: the next one is 437', () => {
    const one = client()
    const relayed = one.relayed()
    expect(one.refresh(0)!.lifetime).toBe(0)
    expect(world.turn.allocations).toBe(0)
    expect(world.network.sockets.has(relayed)).toBe(false)
    expect(codeOf(one.refresh())).toBe(437)
    expect(codeOf(one.refresh(0))).toBe(437)
    expect(codeOf(one.allocate())).toBe(0)
  })

  test('to zero, repeated because its answer was lost, is answered once more', () => {
    const one = client()
    one.relayed()
    const request = one.signed(METHODS.REFRESH, (w) => w.u32(ATTRIBUTES.LIFETIME, 0))
    one.give(request)
    const [first] = one.takeAll()
    world.advance(5_000)
    one.give(request)
    expect(one.takeAll()).toEqual([first!])
    world.advance(40_000)
    one.give(request)
    expect(codeOf(one.takeMessage())).toBe(437)
  })

  test('to zero, of which a copy comes late, does not end the next allocation', () => {
    const one = client()
    one.relayed()
    const request = one.signed(METHODS.REFRESH, (w) => w.u32(ATTRIBUTES.LIFETIME, 0))
    one.give(request)
    one.takeAll()
    one.relayed()
    one.give(request)
    expect(one.takeMessage()!.lifetime).toBe(0)
    expect(world.turn.allocations).toBe(1)
  })

  test('by another user is 441', () => {
    client().relayed()
    expect(codeOf(client('192.0.2.10:1000', { user: 'bob', password: 'berry' }).refresh())).toBe(441)
    expect(codeOf(client('192.0.2.10:1000', { user: 'bob', password: 'berry' }).refresh(0))).toBe(441)
    expect(world.turn.allocations).toBe(1)
  })

  test('of a family that the allocation does not have is 443', () => {
    const one = client()
    one.relayed()
    expect(codeOf(one.refresh(null, (w) => w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 2)))).toBe(443)
    expect(codeOf(one.refresh(null, (w) => w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 1)))).toBe(0)
    expect(codeOf(one.refresh(null, (w) => w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 9)))).toBe(443)
  })

  test('to zero of one family of two leaves the other', () => {
    const one = client()
    one.allocate((w) => w.first8(ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, 2))
    expect(one.permit('192.0.2.99:1', '[2001:db8::9]:1')).toBe(0)
    expect(one.bind(0x4000, '192.0.2.99:1')).toBe(0)
    expect(codeOf(one.refresh(0, (w) => w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 1)))).toBe(0)
    const [facts] = world.turn.list()
    expect(facts!.relayed).toHaveLength(1)
    expect(facts!.relayed[0]).toStartWith('[2001:db8:f::1]:')
    expect(facts!.peers.map(({ address }) => address)).toEqual(['2001:db8::9'])
    expect(one.permit('192.0.2.99:1')).toBe(443)
    expect(codeOf(one.refresh(0))).toBe(0)
    expect([...world.network.sockets.keys()]).toEqual(['198.51.100.1:3478'])
  })
})

describe('mobility', () => {
  const ticketed = (one: TestClient) =>
    one
      .allocate((w) => w.empty(ATTRIBUTES.MOBILITY_TICKET))!
      .value(ATTRIBUTES.MOBILITY_TICKET)!
      .slice()
  const moveBy = (one: TestClient, ticket: Uint8Array, lifetime: number | null = null) =>
    one.refresh(lifetime, (w) => w.bytes(ATTRIBUTES.MOBILITY_TICKET, ticket))

  test('a client that comes with its ticket from elsewhere takes its allocation along', () => {
    const one = client()
    const ticket = ticketed(one)
    one.permit('192.0.2.99:1')
    const relayed = world.turn.list()[0]!.relayed[0]!
    const moved = client('192.0.2.20:7')
    const answer = moveBy(moved, ticket)!
    expect(codeOf(answer)).toBe(0)
    expect(answer.value(ATTRIBUTES.MOBILITY_TICKET)).not.toEqual(ticket)
    expect(world.turn.list()[0]).toMatchObject({ client: '192.0.2.20:7' })
    // Data comes and goes by the new five-tuple only.
    world.network.deliver('192.0.2.99:1', relayed, new TextEncoder().encode('hello'))
    expect(moved.heard()).toEqual(['192.0.2.99:1: hello'])
    expect(one.heard()).toEqual([])
    one.send('192.0.2.99:1', 'from the old one')
    expect(world.network.take('192.0.2.99:1')).toEqual([])
    expect(codeOf(one.refresh())).toBe(437)
  })

  test('an answer that was lost is repeated, although its ticket is used up', () => {
    const ticket = ticketed(client())
    const moved = client('192.0.2.20:7')
    const request = moved.signed(METHODS.REFRESH, (w) => w.bytes(ATTRIBUTES.MOBILITY_TICKET, ticket))
    moved.give(request)
    const [first] = moved.takeAll()
    moved.give(request)
    expect(moved.takeAll()).toEqual([first!])
  })

  test('a ticket is good once', () => {
    const ticket = ticketed(client())
    moveBy(client('192.0.2.20:7'), ticket)
    expect(codeOf(moveBy(client('192.0.2.21:7'), ticket))).toBe(400)
    expect(world.turn.list()[0]).toMatchObject({ client: '192.0.2.20:7' })
  })

  test('a ticket of nobody is 400, of another user 441, and on a five-tuple with an allocation 437', () => {
    const ticket = ticketed(client())
    expect(codeOf(moveBy(client('192.0.2.20:7'), new Uint8Array(16)))).toBe(400)
    expect(codeOf(moveBy(client('192.0.2.20:7', { user: 'bob', password: 'berry' }), ticket))).toBe(441)
    const other = client('192.0.2.21:7')
    other.relayed()
    expect(codeOf(moveBy(other, ticket))).toBe(437)
    expect(world.turn.allocations).toBe(2)
  })

  test('an allocation that was made without a ticket does not move', () => {
    client().relayed()
    expect(codeOf(moveBy(client('192.0.2.20:7'), new Uint8Array(0)))).toBe(400)
  })

  test('a ticket that is not empty in Allocate is 400', () => {
    expect(codeOf(client().allocate((w) => w.bytes(ATTRIBUTES.MOBILITY_TICKET, new Uint8Array(4))))).toBe(400)
  })

  test('is 405 where it was turned off', () => {
    const ticket = ticketed(client())
    world.apply({ turn: {} })
    expect(codeOf(moveBy(client('192.0.2.20:7'), ticket))).toBe(405)
  })

  test('does not escape the quota of an address', () => {
    use({ turn: { relay: { mobility: true }, quotas: { address: 1 } } })
    const ticket = ticketed(client())
    client('192.0.2.20:1').relayed()
    expect(codeOf(moveBy(client('192.0.2.20:2'), ticket))).toBe(486)
    expect(codeOf(moveBy(client('192.0.2.21:1'), ticket))).toBe(0)
    // The place at the old address is free, the one at the new is taken.
    expect(codeOf(client('192.0.2.10:5').allocate())).toBe(0)
    expect(codeOf(client('192.0.2.21:5').allocate())).toBe(486)
  })

  test('that is refused for its family has moved nothing', () => {
    const one = client()
    const ticket = ticketed(one)
    const moved = client('192.0.2.20:7')
    for (const family of [2, 9]) {
      const answer = moved.refresh(null, (w) =>
        w.bytes(ATTRIBUTES.MOBILITY_TICKET, ticket).first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, family),
      )
      expect(codeOf(answer)).toBe(443)
    }
    expect(world.turn.list()[0]).toMatchObject({ client: '192.0.2.10:1000' })
    expect(codeOf(one.refresh())).toBe(0)
    expect(codeOf(moveBy(moved, ticket))).toBe(0)
  })

  test('to zero deletes it', () => {
    const ticket = ticketed(client())
    expect(codeOf(moveBy(client('192.0.2.20:7'), ticket, 0))).toBe(0)
    expect(world.turn.allocations).toBe(0)
    expect([...world.network.sockets.keys()]).toEqual(['198.51.100.1:3478'])
  })

  test('a connection that is lost leaves its allocation for 30 s, so that the client may come back', () => {
    const one = client('192.0.2.10:1', { stream: 'tcp' })
    const ticket = ticketed(one)
    one.stream!.gone('reset')
    expect(world.turn.allocations).toBe(1)
    world.advance(29_000)
    expect(codeOf(moveBy(client('192.0.2.20:7', { stream: 'tls' }), ticket))).toBe(0)
    world.advance(300_000)
    expect(world.turn.list()).toMatchObject([{ transport: 'tls', client: '192.0.2.20:7' }])
    expect(world.metric('turn_allocations', 'turn', 'example.org', 'tcp')).toBe(0)
    expect(world.metric('turn_allocations', 'turn', 'example.org', 'tls')).toBe(1)
  })

  test('an allocation whose client does not come back is no orphan: it ends after 30 s', () => {
    const one = client('192.0.2.10:1', { stream: 'tcp' })
    ticketed(one)
    one.stream!.gone('reset')
    expect(world.turn.list()[0]).toMatchObject({ expires_s: 30 })
    world.advance(30_250)
    expect(world.turn.allocations).toBe(0)
    expect([...world.network.sockets.keys()]).toEqual(['198.51.100.1:3478'])
  })
})
