// Whatever way a request fails, what it took is given back: ports, places in quotas, connections, deadlines.
import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import type { Timed } from '../../../server/lib/wheel.ts'
import { ATTRIBUTES, METHODS, TRANSPORTS } from '../../../server/turn/bytes/stun.ts'
import type { ConfigParts } from '../../support/turn-config.ts'
import { at } from '../../support/turn-network.ts'
import { codeOf, TestClient, type Write } from '../../support/turn-tester.ts'
import { World } from '../../support/turn-world.ts'

const OWN = '198.51.100.1'
const PEER = '192.0.2.99:7000'

let world: World
let deadlines: Set<Timed>
beforeEach(() => use({}))
afterEach(() => world.close())

function use(parts: ConfigParts) {
  world?.close()
  world = new World({
    turn: {
      ...parts,
      relay: { bind: [OWN], ports: '50000-50003', tcp: true, ...(parts.relay === false ? {} : parts.relay) },
    },
  })
  deadlines = new Set()
  const { wheel } = world
  const due = wheel.due.bind(wheel)
  spyOn(wheel, 'due').mockImplementation((entry, dueMs) => {
    deadlines.add(entry)
    due(entry, dueMs)
  })
}

const client = (from = '192.0.2.10:1000', parts = {}) => new TestClient(world, from, parts)
const filed = () => [...deadlines].filter(({ filedTick }) => filedTick !== -1).length
const even =
  (bits: number): Write =>
  (w) =>
    w.u8(ATTRIBUTES.EVEN_PORT, bits)

/**
 * Nothing is held: no socket but the listener's, no deadline, and all four ports and four places can be had.
 */
function expectNothingHeld() {
  expect(world.turn.allocations).toBe(0)
  expect([...world.network.sockets.keys()]).toEqual([`${OWN}:3478`])
  expect([...world.network.listeners.keys()]).toEqual([])
  expect(filed()).toBe(0)
  world.apply({
    turn: {
      quotas: { user: 4, address: 4, realm: 4, total: 4 },
      relay: { bind: [OWN], ports: '50000-50003', tcp: true },
    },
  })
  world.advance(30_000)
  const codes = [1, 2, 3, 4, 5].map((port) => codeOf(client(`192.0.2.77:${port}`).allocate()))
  expect(codes).toEqual([0, 0, 0, 0, 486])
}

describe('an Allocate that fails', () => {
  const FAILS: readonly (readonly [string, Write, ConfigParts, number])[] = [
    ['for the user’s quota with a reserved port', even(0x80), { quotas: { user: 1 } }, 486],
    ['for the address’s quota with a reserved port', even(0x80), { quotas: { address: 1 } }, 486],
    ['for the realm’s quota with a reserved port', even(0x80), { quotas: { realm: 1 } }, 486],
    ['for the listener’s quota with a reserved port', even(0x80), { quotas: { total: 1 } }, 508],
    ['for ports that are no pair', even(0x80), { relay: { ports: '50001-50002' } }, 508],
    ['for ports that are not even', even(0), { relay: { ports: '50001-50001' } }, 508],
    ['for a token of nobody', (w) => w.bytes(ATTRIBUTES.RESERVATION_TOKEN, new Uint8Array(8)), {}, 508],
    ['for a family', (w) => w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 2), {}, 440],
    ['for a ticket', (w) => w.empty(ATTRIBUTES.MOBILITY_TICKET), {}, 405],
    ['for a lifetime', (w) => w.bytes(ATTRIBUTES.LIFETIME, new Uint8Array(2)), {}, 400],
    ['for an attribute', (w) => w.empty(0x7777), {}, 420],
  ]
  test.each(FAILS)('%s holds nothing', (_, write, parts, code) => {
    use(parts)
    const one = client()
    for (let i = 0; i < 6; i++) expect(codeOf(one.allocate(write))).toBe(code)
    expectNothingHeld()
  })

  test('as every port, or every second one, is another program’s holds nothing', () => {
    for (let port = 50_000; port < 50_004; port++) world.network.held.add(`${OWN}:${port}`)
    expect(codeOf(client().allocate())).toBe(508)
    for (const port of [50_000, 50_002]) world.network.held.delete(`${OWN}:${port}`)
    world.advance(30_000)
    expect(codeOf(client().allocate(even(0x80)))).toBe(508)
    world.network.held.clear()
    expectNothingHeld()
  })

  test('as the machine has the address no more, for either transport, holds nothing', () => {
    world.network.missing.add(OWN)
    expect(codeOf(client().allocate())).toBe(508)
    const tcp = client('192.0.2.10:1', { stream: 'tcp' })
    expect(codeOf(tcp.allocate(() => {}, TRANSPORTS.TCP))).toBe(508)
    tcp.stream!.gone(null)
    world.network.missing.clear()
    expectNothingHeld()
  })

  test('as it is drained, or sent elsewhere, holds nothing', () => {
    use({ more: { alternate: { servers: ['203.0.113.9:3478'], when: 'always' } } })
    expect(codeOf(client().allocate(even(0x80)))).toBe(300)
    expectNothingHeld()
  })

  test('with one of two families gives back the other when it ends', () => {
    use({ relay: { bind: [OWN, '2001:db8:f::1'] } })
    world.network.missing.add('2001:db8:f::1')
    const one = client()
    expect(codeOf(one.allocate((w) => w.first8(ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, 2)))).toBe(0)
    one.refresh(0)
    expectNothingHeld()
  })

  test('whose answer its connection does not take leaves no allocation', () => {
    const one = client('192.0.2.10:1', { stream: 'tcp' })
    const request = one.signed(METHODS.ALLOCATE, (w) => w.first8(ATTRIBUTES.REQUESTED_TRANSPORT, 17))
    one.stream!.take()
    one.stream!.send = () => false
    one.give(request)
    expect(one.stream!.isClosed).toBe(true)
    expectNothingHeld()
  })
})

describe('a reserved port', () => {
  test('that nobody takes, and one that is taken twice, are given back', () => {
    const one = client()
    const token = one.allocate(even(0x80))!.value(ATTRIBUTES.RESERVATION_TOKEN)!.slice()
    const two = client('192.0.2.10:1001')
    const take = (who: TestClient) =>
      codeOf(who.allocate((w) => w.bytes(ATTRIBUTES.RESERVATION_TOKEN, token)))
    expect(take(two)).toBe(0)
    expect(take(client('192.0.2.10:1002'))).toBe(508)
    two.refresh(0)
    one.refresh(0)
    expect(codeOf(one.allocate(even(0x80)))).toBe(0)
    one.refresh(0)
    world.advance(31_000)
    expectNothingHeld()
  })

  test('is given back at once where nothing is relayed any more', () => {
    client().allocate(even(0x80))
    world.apply({ turn: { relay: false } })
    expectNothingHeld()
  })
})

describe('a Connect that fails', () => {
  const begun = () => {
    const one = client('192.0.2.10:1', { stream: 'tcp' })
    const relayed = one.relayed(() => {}, TRANSPORTS.TCP)
    one.ask(METHODS.CONNECT, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(PEER)))
    return { one, relayed, peer: world.network.connects.at(-1) }
  }

  test('at once, later, or by time holds nothing, and its number names nothing', () => {
    const { one, relayed, peer } = begun()
    peer!.gone('refused')
    world.network.held.add(`${relayed} ${PEER}`)
    one.ask(METHODS.CONNECT, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(PEER)))
    world.network.held.clear()
    one.ask(METHODS.CONNECT, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(PEER)))
    world.advance(31_000)
    expect(world.network.connects.every(({ isClosed }) => isClosed)).toBe(true)
    one.stream!.gone(null)
    expectNothingHeld()
  })

  test('as its client goes away while it is made, or while it waits to be bound, holds nothing', () => {
    for (const isOpen of [false, true]) {
      const { one, peer } = begun()
      if (isOpen) peer!.sink.onOpen?.(peer!)
      one.stream!.gone('reset')
      expect(peer!.isClosed).toBe(true)
    }
    expectNothingHeld()
  })

  test('as its client ends its side, or its allocation, holds nothing', () => {
    const first = begun()
    first.one.stream!.end()
    first.one.stream!.gone(null)
    const second = begun()
    world.turn.end(world.turn.list()[0]!.id)
    expect([first.peer!.isClosed, second.peer!.isClosed]).toEqual([true, true])
    second.one.stream!.gone(null)
    expectNothingHeld()
  })
})

test('a joined connection that waits for bandwidth holds no deadline when it is over', () => {
  use({ quotas: { bandwidth: 1024 } })
  const one = client('192.0.2.10:1', { stream: 'tcp' })
  one.relayed(() => {}, TRANSPORTS.TCP)
  one.ask(METHODS.CONNECT, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(PEER)))
  const peer = world.network.connects.at(-1)!
  peer.sink.onOpen?.(peer)
  const id = Number(one.takeMessage()!.connectionId)
  const data = client('192.0.2.10:2', { stream: 'tcp' })
  expect(data.code(METHODS.CONNECTION_BIND, (w) => w.u32(ATTRIBUTES.CONNECTION_ID, id))).toBe(0)
  peer.come(new Uint8Array(5000))
  data.stream!.come(new Uint8Array(5000))
  expect([peer.isPaused, data.stream!.isPaused]).toEqual([true, true])
  one.stream!.gone('reset')
  expect([peer.isClosed, data.stream!.isClosed]).toEqual([true, true])
  expectNothingHeld()
})
