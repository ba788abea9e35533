import { describe, expect, test } from 'bun:test'
import { ATTRIBUTES, CLASSES, METHODS, TRANSPORTS } from '../../../../server/turn/bytes/stun.ts'
import { use as useWorld, world, worldForEach } from '../../../support/turn-each.ts'
import { at, type FakeStream } from '../../../support/turn-network.ts'
import { type ConfigParts } from '../../../support/turn-config.ts'
import { codeOf, TestClient } from '../../../support/turn-tester.ts'

worldForEach({ turn: { relay: { tcp: true } } })

const PEER = '192.0.2.99:7000'
const client = (from: string, parts = {}) => new TestClient(world, from, { stream: 'tcp', ...parts })
const use = (parts: ConfigParts) =>
  useWorld({ turn: { ...parts, relay: { tcp: true, ...(parts.relay === false ? {} : parts.relay) } } })
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const bytes = (value: string) => new TextEncoder().encode(value)

/** A client with a TCP allocation. */
function control(from = '192.0.2.10:1000', parts = {}) {
  const one = client(from, parts)
  const relayed = one.relayed(() => {}, TRANSPORTS.TCP)
  return { one, relayed }
}

/** Sends a Connect; what it is answered comes later. */
const connect = (one: TestClient, peer = PEER) =>
  one.ask(METHODS.CONNECT, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(peer)))

/** The latest connection that was asked of the network stands. */
function open(): FakeStream {
  const stream = world.network.connects.at(-1)!
  stream.sink.onOpen?.(stream)
  return stream
}

const bind = (data: TestClient, id: number) =>
  data.ask(METHODS.CONNECTION_BIND, (w) => w.u32(ATTRIBUTES.CONNECTION_ID, id))

/** A client whose data connection is bound to one with a peer. */
function joined(parts: ConfigParts = {}) {
  use(parts)
  const { one } = control()
  connect(one)
  const peer = open()
  const data = client('192.0.2.10:1001')
  expect(codeOf(bind(data, Number(one.takeMessage()!.connectionId)))).toBe(0)
  data.stream!.take()
  return { one, peer, data }
}

describe('Connect', () => {
  test('is answered with a number once the connection stands, which is made from the relayed address', () => {
    const { one, relayed } = control()
    expect(connect(one)).toBeNull()
    expect(world.network.connects.map(({ local, remote }) => `${local} ${remote}`)).toEqual([
      `${relayed} ${PEER}`,
    ])
    open()
    const answer = one.takeMessage()!
    expect(codeOf(answer)).toBe(0)
    expect(answer.connectionId).toBeNumber()
    expect(answer.hasIntegrity).toBe(true)
  })

  test('that fails, or finds nobody in 30 s, is 447', () => {
    const { one } = control()
    connect(one)
    world.network.connects.at(-1)!.gone('refused')
    expect(codeOf(one.takeMessage())).toBe(447)
    connect(one)
    world.advance(29_000)
    expect(one.takeMessage()).toBeNull()
    world.advance(1_250)
    expect(codeOf(one.takeMessage())).toBe(447)
    expect(world.network.connects.at(-1)!.isClosed).toBe(true)
  })

  test('that cannot even begin is 447', () => {
    const { one, relayed } = control()
    world.network.held.add(`${relayed} ${PEER}`)
    expect(codeOf(connect(one))).toBe(447)
  })

  test('twice to one peer is 446, while it is made and while it stands', () => {
    const { one } = control()
    connect(one)
    expect(codeOf(connect(one))).toBe(446)
    open()
    one.takeAll()
    expect(codeOf(connect(one))).toBe(446)
  })

  test('without an allocation, or on one for UDP, is 437; by another user 441', () => {
    expect(codeOf(connect(client('192.0.2.10:1')))).toBe(437)
    const udp = client('192.0.2.10:2')
    udp.relayed()
    expect(codeOf(connect(udp))).toBe(437)
    const { one } = control('192.0.2.10:3')
    const other = new TestClient(world, '192.0.2.10:3', { user: 'bob', password: 'berry' })
    const request = other.signed(METHODS.CONNECT, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(PEER)))
    one.give(request)
    expect(codeOf(one.takeMessage())).toBe(441)
  })

  test('without a peer is 400, to another family 443, to a forbidden one 403', () => {
    const { one } = control()
    expect(one.code(METHODS.CONNECT)).toBe(400)
    expect(codeOf(connect(one, '192.0.2.99:0'))).toBe(400)
    expect(codeOf(connect(one, '[2001:db8::9]:1'))).toBe(443)
    for (const peer of ['127.0.0.1:80', '169.254.169.254:80', '0.0.0.0:80', '198.51.100.1:3478'])
      expect(codeOf(connect(one, peer))).toBe(403)
    expect(world.network.connects).toEqual([])
  })

  test('beyond the quota is 508', () => {
    use({ quotas: { connections: 1 } })
    const { one } = control()
    connect(one)
    expect(codeOf(connect(one, '192.0.2.98:1'))).toBe(508)
  })
})

describe('ConnectionBind', () => {
  test('over UDP is 400, without a number or with an unknown one too', () => {
    const udp = new TestClient(world, '192.0.2.10:9')
    expect(udp.code(METHODS.CONNECTION_BIND, (w) => w.u32(ATTRIBUTES.CONNECTION_ID, 1))).toBe(400)
    expect(client('192.0.2.10:8').code(METHODS.CONNECTION_BIND)).toBe(400)
    expect(codeOf(bind(client('192.0.2.10:7'), 1))).toBe(400)
  })

  test('by another user is 441, on the control connection 400, and twice 400', () => {
    const { one } = control()
    connect(one)
    open()
    const id = Number(one.takeMessage()!.connectionId)
    expect(codeOf(bind(client('192.0.2.10:7', { user: 'bob', password: 'berry' }), id))).toBe(441)
    expect(codeOf(bind(one, id))).toBe(400)
    expect(codeOf(bind(client('192.0.2.10:6'), id))).toBe(0)
    expect(codeOf(bind(client('192.0.2.10:5'), id))).toBe(400)
  })

  test('takes the nonce of its control connection, of its own and of no other one', () => {
    const waiting = (one: TestClient): number => {
      connect(one)
      open()
      return Number(one.takeMessage()!.connectionId)
    }
    const bound = (from: string, nonce: string | null, id: number, parts = {}): number => {
      const data = client(from, parts)
      data.nonce = nonce
      return codeOf(bind(data, id))
    }
    const { one } = control()
    const { one: other } = control('192.0.2.10:2000', { user: 'bob', password: 'berry' })
    const { one: elsewhere } = control('192.0.2.11:1000')
    const id = waiting(one)
    const [idOfOther, idElsewhere] = [waiting(other), waiting(elsewhere)]
    // Of another control connection, from another address, for a number that nobody has, for another method.
    expect(bound('192.0.2.10:1001', other.nonce, id)).toBe(438)
    expect(bound('192.0.2.10:1002', one.nonce, idOfOther)).toBe(438)
    expect(bound('192.0.2.12:1003', one.nonce, id)).toBe(438)
    expect(bound('192.0.2.10:1004', one.nonce, id ^ 1)).toBe(438)
    expect(bound('192.0.2.10:1005', one.nonce, idElsewhere)).toBe(438)
    const refreshing = client('192.0.2.10:1006')
    refreshing.nonce = one.nonce
    expect(refreshing.code(METHODS.REFRESH)).toBe(438)
    // It is as good as its own; who asks must be the same user all the same.
    const bob = { user: 'bob', password: 'berry' }
    expect(bound('192.0.2.10:1007', one.nonce, id, bob)).toBe(441)
    expect(bound('192.0.2.10:1008', one.nonce, id, { password: 'wrong' })).toBe(401)
    expect(bound('192.0.2.10:1009', one.nonce, id)).toBe(0)
    expect(bound('192.0.2.10:1010', one.nonce, id)).toBe(438) // the number names nothing any more
    expect(bound('192.0.2.11:1011', null, idElsewhere)).toBe(0)
  })

  test('with a nonce of its control connection that is too old is 438', () => {
    const { one } = control()
    const { nonce } = one
    for (let hour = 0; hour < 3_590_000; hour += 359_000) {
      world.advance(359_000)
      one.nonce = null
      expect(one.code(METHODS.REFRESH)).toBe(0)
    }
    connect(one)
    open()
    const id = Number(one.takeMessage()!.connectionId)
    world.advance(11_000)
    const data = client('192.0.2.10:1001')
    data.nonce = nonce
    expect(codeOf(bind(data, id))).toBe(438)
    data.nonce = one.nonce
    expect(codeOf(bind(data, id))).toBe(0)
  })

  test('that does not come in 30 s ends the connection', () => {
    const { one } = control()
    connect(one)
    const peer = open()
    const id = Number(one.takeMessage()!.connectionId)
    world.advance(30_250)
    expect(peer.isClosed).toBe(true)
    expect(codeOf(bind(client('192.0.2.10:7'), id))).toBe(400)
    expect(codeOf(connect(one))).toBe(-1)
  })

  test('joins the two connections: bytes pass as they are, both ways', () => {
    const { peer, data } = joined()
    data.stream!.come(bytes('GET / HTTP/1.1\r\n'))
    expect(text(peer.take())).toBe('GET / HTTP/1.1\r\n')
    peer.come(bytes('\x00\x01\x00\x00 looks like STUN, is not'))
    expect(text(data.stream!.take())).toBe('\x00\x01\x00\x00 looks like STUN, is not')
    expect(world.turn.list()[0]).toMatchObject({ bytes_to_peers: 16, bytes_to_client: 28 })
  })

  test('takes along what the peer sent before, and what the client sent behind its request', () => {
    const { one } = control()
    connect(one)
    const peer = open()
    const id = Number(one.takeMessage()!.connectionId)
    peer.come(bytes('220 hello'))
    const data = client('192.0.2.10:1001')
    const request = data.signed(METHODS.CONNECTION_BIND, (w) => w.u32(ATTRIBUTES.CONNECTION_ID, id))
    data.give(Buffer.concat([request, bytes('EHLO')]))
    expect(text(peer.take())).toBe('EHLO')
    const out = data.stream!.take()
    expect(text(out.subarray(-9))).toBe('220 hello')
  })
})

describe('ConnectionAttempt', () => {
  test('tells the client of a permitted peer that connects, with a number to bind', () => {
    const { one, relayed } = control()
    one.permit('192.0.2.99:1')
    const peer = world.network.connectFrom(PEER, relayed)!
    const told = one.takeMessage()!
    expect(told).toMatchObject({ method: METHODS.CONNECTION_ATTEMPT, class: CLASSES.INDICATION })
    expect(String(told.xorPeer)).toBe(PEER)
    const data = client('192.0.2.10:1001')
    peer.come(bytes('early'))
    const answer = data.signed(METHODS.CONNECTION_BIND, (w) =>
      w.u32(ATTRIBUTES.CONNECTION_ID, Number(told.connectionId)),
    )
    data.give(answer)
    expect(text(data.stream!.take().subarray(-5))).toBe('early')
    data.stream!.come(bytes('back'))
    expect(text(peer.take())).toBe('back')
  })

  test('of a peer without a permission is no attempt: its connection is closed', () => {
    const { one, relayed } = control()
    expect(world.network.connectFrom(PEER, relayed)!.isClosed).toBe(true)
    expect(one.takeAll()).toEqual([])
  })

  test('beyond the quota is closed too', () => {
    use({ quotas: { connections: 1 } })
    const { one, relayed } = control()
    one.permit(PEER)
    expect(world.network.connectFrom(PEER, relayed)!.isClosed).toBe(false)
    expect(world.network.connectFrom('192.0.2.99:7001', relayed)!.isClosed).toBe(true)
  })

  test('that nobody binds is closed after 30 s', () => {
    const { one, relayed } = control()
    one.permit(PEER)
    const peer = world.network.connectFrom(PEER, relayed)!
    world.advance(29_000)
    expect(peer.isClosed).toBe(false)
    world.advance(1_250)
    expect(peer.isClosed).toBe(true)
  })

  test('of another client of ours shows it as the outside sees it', () => {
    use({ relay: { advertise: ['203.0.113.7'] } })
    const [a, b] = [control(), control('192.0.2.11:1')]
    b.one.permit(a.relayed)
    connect(a.one, b.relayed)
    const real = (address: string) => address.replace('203.0.113.7', '198.51.100.1')
    expect(String(world.network.connects[0]!.remote)).toBe(real(b.relayed))
    world.network.connectFrom(real(a.relayed), real(b.relayed))
    expect(String(b.one.takeMessage()!.xorPeer)).toBe(a.relayed)
  })
})

describe('a joined connection', () => {
  test('reads no more from the one side while the other does not take it', () => {
    const { peer, data } = joined()
    data.stream!.isBlocked = true
    peer.come(new Uint8Array(100_000))
    expect(peer.isPaused).toBe(true)
    data.stream!.drain()
    expect(peer.isPaused).toBe(false)
    expect(data.stream!.take()).toHaveLength(100_000)
    peer.isBlocked = true
    data.stream!.come(new Uint8Array(100_000))
    expect(data.stream!.isPaused).toBe(true)
    peer.drain()
    expect(data.stream!.isPaused).toBe(false)
  })

  test('keeps to the bandwidth by reading less, and loses nothing', () => {
    const { peer, data } = joined({ quotas: { bandwidth: 10_000 } })
    peer.come(new Uint8Array(20_000))
    expect(peer.isPaused).toBe(true)
    expect(data.stream!.isPaused).toBe(false)
    world.advance(750)
    expect(peer.isPaused).toBe(true)
    world.advance(500)
    expect(peer.isPaused).toBe(false)
    expect(data.stream!.take()).toHaveLength(20_000)
  })

  test('passes on that one side has ended, and ends when both have', () => {
    const { peer, data } = joined()
    peer.come(bytes('bye'))
    peer.end()
    expect(data.stream!.isFinished).toBe(true)
    data.stream!.come(bytes('more'))
    expect(text(peer.take())).toBe('more')
    data.stream!.gone(null)
    expect(peer.isFinished).toBe(true)
    peer.gone(null)
    expect(codeOf(connect(world.turn.allocations === 1 ? control('192.0.2.10:77').one : control().one))).toBe(
      -1,
    )
    expect(world.metric('turn_connections', 'turn')).toBe(2)
  })

  test('is broken on both sides when it breaks on one', () => {
    const first = joined()
    first.peer.gone('reset')
    expect(first.data.stream!.isClosed).toBe(true)
    const second = joined()
    second.data.stream!.gone('reset')
    expect(second.peer.isClosed).toBe(true)
  })

  test('ends with its allocation, and with the control connection', () => {
    const first = joined()
    first.one.refresh(0)
    expect([first.peer.isClosed, first.data.stream!.isClosed]).toEqual([true, true])
    const second = joined()
    second.one.stream!.gone(null)
    expect([second.peer.isClosed, second.data.stream!.isClosed]).toEqual([true, true])
    expect(world.turn.allocations).toBe(0)
    expect(world.network.listeners.size).toBe(0)
  })

  test('ends when a reload refuses its peer, one that is still made too', () => {
    const { one, peer, data } = joined()
    connect(one, '192.0.2.98:7000')
    const made = world.network.connects.at(-1)!
    connect(one, '192.0.2.97:7000')
    const other = open()
    const peers = { allow: ['192.0.2.0/24'], deny: ['192.0.2.98/31'] }
    world.apply({ turn: { relay: { tcp: true }, more: { peers } } })
    expect([peer.isClosed, data.stream!.isClosed, made.isClosed, other.isClosed]).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(one.stream!.isClosed).toBe(false)
  })

  test('frees its peer for another Connect when it is over', () => {
    const { one, peer, data } = joined()
    peer.gone(null)
    data.stream!.gone(null)
    expect(connect(one)).toBeNull()
    expect(world.network.connects).toHaveLength(2)
  })
})

describe('an allocation for TCP', () => {
  test('takes no Send, no ChannelBind and no ChannelData', () => {
    const { one } = control()
    one.permit(PEER)
    expect(one.bind(0x4000, PEER)).toBe(400)
    one.send(PEER, 'x')
    one.channelData(0x4000, 'x')
    expect(world.network.sent).toEqual([])
    expect(one.stream!.isClosed).toBe(false)
  })

  test('gives its port back', () => {
    use({ relay: { ports: '50000-50000', bind: ['198.51.100.1'] } })
    for (let i = 1; i <= 5; i++) {
      const { one } = control(`192.0.2.10:${i}`)
      expect(codeOf(client(`192.0.2.11:${i}`).allocate(() => {}, TRANSPORTS.TCP))).toBe(508)
      one.stream!.gone(null)
    }
    expect(world.network.listeners.size).toBe(0)
  })
})
