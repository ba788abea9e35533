// The whole engine against bytes that nobody wrote on purpose: it never throws, and gives back all that it
// took.
import { afterEach, describe, expect, test } from 'bun:test'
import { ATTRIBUTES, CLASSES, METHODS, TRANSPORTS } from '../../../server/turn/bytes/stun.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { at } from '../../support/turn-network.ts'
import { TestClient } from '../../support/turn-tester.ts'
import { World } from '../../support/turn-world.ts'

const seed = seedOfRun()
const random = seededRandom(seed)
let world: World
afterEach(() => world.close())

const TYPES = Object.values(ATTRIBUTES)
const METHOD_LIST = Object.values(METHODS)
const PEERS = [
  '192.0.2.99:1',
  '192.0.2.99:2',
  '192.0.2.98:0',
  '127.0.0.1:80',
  '[2001:db8::9]:1',
  '198.51.100.1:50001',
]

/** A request with attributes by chance, right and wrong ones, with good credentials. */
function anything(one: TestClient): Uint8Array {
  return one.signed(random.pick(METHOD_LIST), (w) => {
    for (let left = random.below(6); left > 0; left--) {
      const kind = random.below(6)
      if (kind === 0) w.bytes(random.pick(TYPES), random.bytes(random.below(24)))
      else if (kind === 1) w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(random.pick(PEERS)))
      else if (kind === 2) w.first16(ATTRIBUTES.CHANNEL_NUMBER, 0x4000 + random.below(4))
      else if (kind === 3)
        w.first8(ATTRIBUTES.REQUESTED_TRANSPORT, random.pick([TRANSPORTS.UDP, TRANSPORTS.TCP]))
      else if (kind === 4) w.u32(ATTRIBUTES.LIFETIME, random.pick([0, 600, 4000]))
      else
        w.first8(
          random.pick([ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, ATTRIBUTES.REQUESTED_ADDRESS_FAMILY]),
          1 + random.below(3),
        )
    }
  })
}

/** What a client does that knows what it is doing. */
function something(one: TestClient): void {
  const act = random.below(5)
  // Hours pass, and nonces with them.
  if (random.below(20) === 0) one.nonce = null
  const isTcp = one.stream !== null && random.below(2) === 0
  if (act === 0) one.allocate(() => {}, isTcp ? TRANSPORTS.TCP : TRANSPORTS.UDP)
  else if (act === 1) one.permit(random.pick(PEERS.slice(0, 3)))
  else if (act === 2) one.bind(0x4000 + random.below(4), random.pick(PEERS.slice(0, 2)))
  else if (act === 3) one.channelData(0x4000 + random.below(4), 'x'.repeat(random.below(9)))
  else
    one.ask(METHODS.CONNECT, (w) =>
      w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(random.pick(PEERS.slice(0, 2)))),
    )
}

function mangled(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice(0, random.below(3) === 0 ? random.below(bytes.length + 1) : bytes.length)
  for (let left = random.below(4); left > 0 && copy.length > 0; left--)
    copy[random.below(copy.length)] = random.below(256)
  return copy
}

describe(`bytes by chance (seed ${seed})`, () => {
  test('never make the engine throw, by datagrams, by connections and from peers', () => {
    world = new World({
      turn: {
        relay: { tcp: true, mobility: true, ports: '50000-50019' },
        limits: { unauthenticated: 1_000_000 },
        more: { discovery: '198.51.100.2:3479' },
      },
    })
    const make = (n: number, isStream: boolean) =>
      new TestClient(world, `192.0.2.${n}:1000`, isStream ? { stream: n % 2 === 0 ? 'tcp' : 'tls' } : {})
    const clients = Array.from({ length: 10 }, (_, n) => make(n + 1, n > 5))
    for (let round = 0; round < 8000; round++) {
      const place = random.below(clients.length)
      const one = clients[place]!
      const act = random.below(8)
      if (one.stream?.isClosed) clients[place] = make(place + 1, true)
      else if (act < 3) something(one)
      else if (act === 3) one.give(anything(one))
      else if (act === 4) one.give(mangled(anything(one)))
      else if (act === 5) one.give(random.bytes(random.below(80)))
      else if (act === 6)
        one.give(
          one.raw(
            METHODS.SEND,
            (w) =>
              w
                .address(ATTRIBUTES.XOR_PEER_ADDRESS, at(random.pick(PEERS)))
                .bytes(ATTRIBUTES.DATA, random.bytes(5)),
            CLASSES.INDICATION,
          ),
        )
      else {
        const { relayed } = random.pick([...world.turn.list(), { relayed: [] as readonly string[] }])
        for (const address of relayed) {
          world.network.deliver(random.pick(PEERS.slice(0, 2)), address, random.bytes(random.below(50)))
          world.network.connectFrom(random.pick(PEERS.slice(0, 2)), address)
        }
        const pending = world.network.connects.pop()
        if (random.below(2) === 0) pending?.sink.onOpen?.(pending)
        else pending?.gone('refused')
      }
      world.network.sent.length = 0
      one.stream?.take()
      if (random.below(20) === 0) world.advance(random.below(60_000))
    }
    // It came far enough to matter.
    expect(world.metric('turn_allocations_total', 'turn', 'example.org', 'udp')).toBeGreaterThan(50)
    world.advance(4_000_000)
    expect(world.turn.allocations).toBe(0)
    expect([...world.network.sockets.keys()].filter((key) => !/:347[89]$/.test(key))).toEqual([])
    expect(world.network.listeners.size).toBe(0)
    expect(world.metric('turn_connections', 'turn')).toBe(0)
  })
})
