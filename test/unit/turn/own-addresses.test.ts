// What of this machine clients reach: each other's relayed addresses, and nothing else that happens to be at
// the same address.
import { afterEach, describe, expect, test } from 'bun:test'
import { ATTRIBUTES, METHODS, TRANSPORTS } from '../../../server/turn/bytes/stun.ts'
import type { ConfigParts } from '../../support/turn-config.ts'
import { at } from '../../support/turn-network.ts'
import { codeOf, TestClient } from '../../support/turn-tester.ts'
import { World } from '../../support/turn-world.ts'

const RELAY = '10.1.2.3'
const PRIVATE: ConfigParts = { relay: { bind: [RELAY], tcp: true }, more: { peers: { allow: [], deny: [] } } }

let world: World
afterEach(() => world.close())

const use = (parts: ConfigParts = PRIVATE) => void (world = new World({ turn: parts }))
const client = (from: string, parts = {}) => new TestClient(world, from, parts)
const bytes = (text: string) => new TextEncoder().encode(text)
const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1))
/** A port of the relay's range where nobody is. */
const beside = (...taken: string[]) => {
  let port = 50_000
  while (taken.map(portOf).includes(port)) port++
  return `${RELAY}:${port}`
}

describe('a relay port that no allocation has', () => {
  test('is not reached by a channel', () => {
    use()
    const one = client('192.0.2.10:1000')
    const other = beside(one.relayed())
    expect(one.bind(0x4001, other)).toBe(403)
  })

  test('is not reached by Send, although the address has a permission', () => {
    use()
    const one = client('192.0.2.10:1000')
    const other = beside(one.relayed())
    expect(one.permit(other)).toBe(0)
    one.send(other, 'hello')
    expect(world.network.take(other)).toEqual([])
    expect(world.metric('turn_dropped_total', 'turn', 'refused_peer')).toBe(1)
  })

  test('sends nothing to a client that has permitted the address', () => {
    use()
    const one = client('192.0.2.10:1000')
    const relayed = one.relayed()
    one.permit(`${RELAY}:1`)
    world.network.deliver(beside(relayed), relayed, bytes('hello'))
    expect(one.heard()).toEqual([])
  })

  test('is reached again when an allocation has it, and not any more when that has ended', () => {
    use()
    const [one, two] = [client('192.0.2.10:1000'), client('192.0.2.11:1000')]
    const a = one.relayed()
    const b = two.relayed()
    expect(one.bind(0x4001, b)).toBe(0)
    expect(two.permit(a)).toBe(0)
    one.channelData(0x4001, '1')
    expect(two.heard()).toEqual([`${a}: 1`])
    two.refresh(0)
    one.channelData(0x4001, '2')
    expect(world.network.take(b)).toEqual([])
    expect(one.bind(0x4001, b)).toBe(403)
  })

  test('takes no connection, and none of a permitted address comes from it', () => {
    use()
    const one = client('192.0.2.10:1000', { stream: 'tcp' })
    const relayed = one.relayed(() => {}, TRANSPORTS.TCP)
    const other = beside(relayed)
    const connect = (peer: string) =>
      one.code(METHODS.CONNECT, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(peer)))
    expect(connect(other)).toBe(403)
    expect(one.permit(other)).toBe(0)
    expect(world.network.connectFrom(other, relayed)!.isClosed).toBe(true)
    // That of another client is.
    const two = client('192.0.2.11:1000', { stream: 'tcp' }).relayed(() => {}, TRANSPORTS.TCP)
    expect(world.network.connectFrom(two, relayed)!.isClosed).toBe(false)
  })

  test('of UDP is not opened by an allocation for TCP', () => {
    use()
    const tcp = client('192.0.2.10:1000', { stream: 'tcp' }).relayed(() => {}, TRANSPORTS.TCP)
    const one = client('192.0.2.11:1000')
    one.relayed()
    expect(one.bind(0x4001, tcp)).toBe(403)
  })

  test('is explained', () => {
    use()
    expect(world.turn.explain('turn', `${RELAY}:50000`)[0]!.why).toContain(
      'no allocation of this gateway is there now',
    )
    const relayed = client('192.0.2.10:1000').relayed()
    expect(world.turn.explain('turn', relayed)[0]!.allowed).toBe(true)
    const tcp = client('192.0.2.11:1', { stream: 'tcp' }).relayed(() => {}, TRANSPORTS.TCP)
    expect(world.turn.explain('turn', tcp)[0]!.allowed).toBe(true)
  })
})

test('an address where no allocation is gets no permission', () => {
  use({ relay: { bind: [RELAY, 'fd00::1'] }, more: PRIVATE.more! })
  const one = client('192.0.2.10:1000')
  one.allocate((w) => w.first8(ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, 2))
  expect(one.permit('[fd00::1]:1')).toBe(0)
  expect(one.permit('[fd00::2]:1')).toBe(403)
  one.refresh(0, (w) => w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 2))
  expect(one.permit(`${RELAY}:1`)).toBe(0)
  expect(world.turn.explain('turn', 'fd00::1')[0]!.allowed).toBe(false)
})

test('allocations that stay where config no longer makes any go on reaching each other', () => {
  use()
  const [one, two] = [client('192.0.2.10:1000'), client('192.0.2.11:1000')]
  const [a, b] = [one.relayed(), two.relayed()]
  world.apply({ turn: { ...PRIVATE, relay: { bind: ['10.1.2.4'] } } })
  expect(one.bind(0x4001, b)).toBe(0)
  expect(two.permit(a)).toBe(0)
  one.channelData(0x4001, 'hello')
  expect(two.heard()).toEqual([`${a}: hello`])
})

test('a listener is not reached by the address that the outside knows it by', () => {
  use({
    relay: { bind: ['198.51.100.1'], advertise: ['203.0.113.7'] },
    more: { peers: { allow: ['203.0.113.0/24'], deny: [] } },
  })
  expect(world.turn.explain('turn', '203.0.113.7:3478')[0]!.why).toContain('a listener of this gateway')
  expect(world.turn.explain('turn', '203.0.113.7:3479')[0]!.allowed).toBe(true)
})

test('an address that one listener has and another shows belongs to one allocation at a time', () => {
  const peers = { allow: ['198.51.100.0/24', '203.0.113.0/24'], deny: [] }
  world = new World({
    one: {
      relay: { bind: ['198.51.100.1'], advertise: ['198.51.100.2'], ports: '50000-50000' },
      more: { peers },
    },
    two: {
      relay: { bind: ['198.51.100.2'], advertise: ['203.0.113.7'], ports: '50000-50000' },
      more: { bind: '198.51.100.1:3479', peers },
    },
  })
  const one = client('192.0.2.10:1000')
  expect(one.relayed()).toBe('198.51.100.2:50000')
  expect(codeOf(client('192.0.2.11:1000', { server: '198.51.100.1:3479' }).allocate())).toBe(508)
  one.permit('198.51.100.2:50000')
  one.send('198.51.100.2:50000', 'echo')
  expect(one.heard()).toEqual(['198.51.100.2:50000: echo'])
})
