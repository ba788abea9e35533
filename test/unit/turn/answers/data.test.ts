import { describe, expect, test } from 'bun:test'
import { ATTRIBUTES, CLASSES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { client, use, world, worldForEach } from '../../../support/turn-each.ts'
import { at } from '../../../support/turn-network.ts'
import { channelMessage, codeOf } from '../../../support/turn-tester.ts'

worldForEach()

const PEER = '192.0.2.99:7000'
const bytes = (text: string) => new TextEncoder().encode(text)
const heardBy = (peer: string) => world.network.take(peer).map((one) => new TextDecoder().decode(one.bytes))

describe('Send', () => {
  test('is relayed from the relayed address to a permitted peer, whatever its port', () => {
    const one = client()
    const relayed = one.relayed()
    one.permit('192.0.2.99:1')
    one.send(PEER, 'hello')
    const [sent] = world.network.take(PEER)
    expect(sent).toMatchObject({ from: relayed, dontFragment: false })
    expect(new TextDecoder().decode(sent!.bytes)).toBe('hello')
  })

  test('without an allocation, a permission, DATA or a peer is dropped without a word', () => {
    const one = client()
    one.send(PEER, 'x')
    one.relayed()
    one.send(PEER, 'x')
    one.permit(PEER)
    one.give(
      one.raw(METHODS.SEND, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(PEER)), CLASSES.INDICATION),
    )
    one.give(one.raw(METHODS.SEND, (w) => w.text(ATTRIBUTES.DATA, 'x'), CLASSES.INDICATION))
    one.send('192.0.2.99:0', 'x')
    expect(world.network.sent).toEqual([])
    expect(world.turn.list()[0]).toMatchObject({ packets_to_peers: 0, dropped: 4 })
  })

  test('with an attribute that must be understood and is not is dropped', () => {
    const one = client()
    one.relayed()
    one.permit(PEER)
    one.send(PEER, 'x', (w) => w.u32(0x7abc, 1))
    expect(heardBy(PEER)).toEqual([])
    one.send(PEER, 'x', (w) => w.u32(0x8abc, 1))
    expect(heardBy(PEER)).toEqual(['x'])
  })

  test('with DONT-FRAGMENT goes out with the DF bit', () => {
    const one = client()
    one.relayed()
    one.permit(PEER)
    one.send(PEER, 'x', (w) => w.empty(ATTRIBUTES.DONT_FRAGMENT))
    expect(world.network.take(PEER)[0]!.dontFragment).toBe(true)
  })

  test('of no data is an empty datagram', () => {
    const one = client()
    one.relayed()
    one.permit(PEER)
    one.send(PEER, '')
    expect(heardBy(PEER)).toEqual([''])
  })

  test('to a port of ours that is no relayed one is refused although its address is permitted', () => {
    const one = client()
    const relayed = one.relayed()
    expect(one.permit('198.51.100.1:3478')).toBe(0)
    one.send('198.51.100.1:3478', 'x')
    expect(world.network.sent).toEqual([])
    expect(world.metric('turn_dropped_total', 'turn', 'refused_peer')).toBe(1)
    expect(one.bind(0x4000, '198.51.100.1:3478')).toBe(403)
    expect(one.bind(0x4000, relayed)).toBe(0)
  })
})

describe('data of peers', () => {
  test('without a permission is dropped', () => {
    const one = client()
    world.network.deliver(PEER, one.relayed(), bytes('x'))
    expect(one.heard()).toEqual([])
  })

  test('comes in Data indications that hold peer and data, each with a transaction id of its own', () => {
    const one = client()
    const relayed = one.relayed()
    one.permit(PEER)
    for (const text of ['', 'a', 'ab', 'abc', 'abcd']) world.network.deliver(PEER, relayed, bytes(text))
    const came = one.takeAll()
    expect(new Set(came.map((message) => message.slice(8, 20).toHex())).size).toBe(5)
    for (const message of came) expect(message.length % 4).toBe(0)
    for (const text of ['', 'a', 'ab', 'abc', 'abcd']) world.network.deliver(PEER, relayed, bytes(text))
    expect(one.heard()).toEqual(['', 'a', 'ab', 'abc', 'abcd'].map((text) => `${PEER}: ${text}`))
  })

  test('comes by the channel once that is bound', () => {
    const one = client()
    const relayed = one.relayed()
    one.permit(PEER)
    world.network.deliver(PEER, relayed, bytes('1'))
    expect(one.heard()).toEqual([`${PEER}: 1`])
    one.bind(0x4001, PEER)
    world.network.deliver(PEER, relayed, bytes('2'))
    expect(one.heard()).toEqual(['0x4001: 2'])
  })

  test('is told apart by port, and by address of either family', () => {
    const one = client()
    const answer = one.allocate((w) => w.first8(ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, 2))!
    const both = answer.addresses(ATTRIBUTES.XOR_RELAYED_ADDRESS)
    const [v4, v6] = both === 'malformed' ? [] : both.map(String)
    one.bind(0x4001, PEER)
    one.bind(0x4002, '[2001:db8::9]:7000')
    world.network.deliver('192.0.2.99:7001', v4!, bytes('1'))
    world.network.deliver(PEER, v4!, bytes('2'))
    world.network.deliver('[2001:db8::9]:7000', v6!, bytes('3'))
    world.network.deliver('[2001:db8::9]:7001', v6!, bytes('4'))
    expect(one.heard()).toEqual(['192.0.2.99:7001: 1', '0x4001: 2', '0x4002: 3', '[2001:db8::9]:7001: 4'])
  })

  test('of thousands of ports of one permitted address is all relayed, and not all remembered', () => {
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4001, PEER)
    for (let port = 1; port <= 3000; port++) world.network.deliver(`192.0.2.99:${port}`, relayed, bytes('x'))
    expect(one.heard()).toHaveLength(3000)
    world.network.deliver(PEER, relayed, bytes('y'))
    expect(one.heard()).toEqual(['0x4001: y'])
  })
})

describe('ChannelData', () => {
  test('goes to the peer of the channel, with or without padding', () => {
    const one = client()
    one.relayed()
    one.bind(0x4001, PEER)
    one.channelData(0x4001, 'abc')
    one.give(channelMessage(0x4001, 'abcde', true))
    one.channelData(0x4001, '')
    expect(heardBy(PEER)).toEqual(['abc', 'abcde', ''])
    expect(world.turn.list()[0]).toMatchObject({ bytes_to_peers: 8, packets_to_peers: 3 })
  })

  test('of an unbound channel, of somebody without an allocation, or that is shorter than it says is dropped', () => {
    const one = client()
    one.channelData(0x4001, 'abc')
    one.relayed()
    one.bind(0x4001, PEER)
    one.channelData(0x4002, 'abc')
    one.give(channelMessage(0x4001, 'abcdef', false).subarray(0, 8))
    one.give(Uint8Array.of(0x40, 1, 0))
    expect(world.network.sent).toEqual([])
  })

  test('of one client is not taken for that of another with the same channel', () => {
    const [one, two] = [client(), client('192.0.2.10:1001')]
    one.relayed()
    two.relayed()
    one.bind(0x4001, PEER)
    two.bind(0x4001, '192.0.2.98:1')
    for (let i = 0; i < 3; i++) {
      one.channelData(0x4001, '1')
      two.channelData(0x4001, '2')
    }
    expect(heardBy(PEER)).toEqual(['1', '1', '1'])
    expect(heardBy('192.0.2.98:1')).toEqual(['2', '2', '2'])
  })
})

describe('bandwidth', () => {
  test('what is beyond a second of it is dropped, each way by itself, and comes back with time', () => {
    use({ turn: { quotas: { bandwidth: 1000 } } })
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4001, PEER)
    const block = 'x'.repeat(400)
    for (let i = 0; i < 10; i++) one.channelData(0x4001, block)
    // The last one that fits at all may take more than is left.
    expect(heardBy(PEER)).toHaveLength(3)
    for (let i = 0; i < 10; i++) world.network.deliver(PEER, relayed, bytes(block))
    expect(one.heard()).toHaveLength(3)
    expect(world.turn.list()[0]).toMatchObject({ bytes_to_peers: 1200, bytes_to_client: 1200, dropped: 14 })
    expect(world.metric('turn_dropped_total', 'turn', 'bandwidth')).toBe(14)
    world.advance(700)
    for (let i = 0; i < 10; i++) one.channelData(0x4001, block)
    expect(heardBy(PEER)).toHaveLength(2)
  })
})

describe('two allocations of ours', () => {
  const pair = (parts: Parameters<typeof use>[0] = { turn: {} }) => {
    use(parts)
    const [one, two] = [client(), client('192.0.2.11:2000')]
    return { one, two, a: one.relayed(), b: two.relayed() }
  }

  test('exchange data straight, without the network', () => {
    const { one, two, a, b } = pair()
    one.bind(0x4001, b)
    two.bind(0x4002, a)
    world.network.sent.length = 0
    one.channelData(0x4001, 'hello')
    two.channelData(0x4002, 'olleh')
    expect(two.heard()).toEqual(['0x4002: hello'])
    expect(one.heard()).toEqual(['0x4001: olleh'])
    expect(world.network.sent).toEqual([])
    for (const facts of world.turn.list())
      expect(facts).toMatchObject({
        bytes_to_peers: 5,
        bytes_to_client: 5,
        packets_to_peers: 1,
        packets_to_client: 1,
      })
  })

  test('see by Send what they would see by the network: the other one, if it is permitted', () => {
    const { one, two, a, b } = pair()
    one.permit(b)
    one.send(b, 'too early')
    two.permit(a)
    one.send(b, 'hello')
    expect(two.heard()).toEqual([`${a}: hello`])
  })

  test('are found by what the outside sees, and see each other so', () => {
    const { one, two, a, b } = pair({ turn: { relay: { advertise: ['203.0.113.7'] } } })
    expect(a).toStartWith('203.0.113.7:')
    one.permit(b)
    two.permit(a)
    one.send(b, 'hello')
    expect(two.heard()).toEqual([`${a}: hello`])
  })

  test('are found by what they are on this machine too, and see each other so', () => {
    const { one, two, a, b } = pair({ turn: { relay: { advertise: ['203.0.113.7'] } } })
    const real = (address: string) => address.replace('203.0.113.7', '198.51.100.1')
    one.permit(real(b))
    two.permit(a)
    one.send(real(b), 'too early')
    two.permit(real(a))
    one.send(real(b), 'hello')
    expect(two.heard()).toEqual([`${real(a)}: hello`])
  })

  test('that are private reach each other without being allowed by the config', () => {
    const peers = { allow: [], deny: [] }
    const { one, two, a, b } = pair({ turn: { relay: { bind: ['10.1.2.3'] }, more: { peers } } })
    expect(one.bind(0x4001, b)).toBe(0)
    expect(two.bind(0x4001, a)).toBe(0)
    one.channelData(0x4001, 'hello')
    expect(two.heard()).toEqual(['0x4001: hello'])
    expect(one.bind(0x4002, '10.1.2.4:50000')).toBe(403)
    expect(one.bind(0x4002, '10.1.2.3:22')).toBe(403)
  })

  test('are no longer joined when one of them has ended', () => {
    const { one, two, a, b } = pair()
    one.bind(0x4001, b)
    two.bind(0x4001, a)
    one.channelData(0x4001, '1')
    expect(two.heard()).toEqual(['0x4001: 1'])
    two.refresh(0)
    one.channelData(0x4001, '2')
    expect(two.heard()).toEqual([])
    // What goes there now finds a port that is closed, by the network.
    expect(heardBy(b)).toEqual(['2'])
  })

  test('one and the same can send to itself', () => {
    const one = client()
    const relayed = one.relayed()
    one.permit(relayed)
    one.send(relayed, 'echo')
    expect(one.heard()).toEqual([`${relayed}: echo`])
  })

  test('one by TCP, one by UDP, both ways', () => {
    const tcp = client('192.0.2.10:1', { stream: 'tcp' })
    const udp = client('192.0.2.11:1')
    const [a, b] = [tcp.relayed(), udp.relayed()]
    tcp.bind(0x4001, b)
    udp.permit(a)
    tcp.channelData(0x4001, 'hello')
    udp.send(a, 'olleh')
    expect(udp.heard()).toEqual([`${a}: hello`])
    udp.bind(0x4002, a)
    tcp.channelData(0x4001, 'again')
    udp.channelData(0x4002, 'niaga')
    expect(udp.heard()).toEqual(['0x4002: again'])
    expect(tcp.heard()).toEqual(['0x4001: olleh', '0x4001: niaga'])
  })

  test('two by TCP', () => {
    const [one, two] = [client('192.0.2.10:1', { stream: 'tcp' }), client('192.0.2.11:1', { stream: 'tls' })]
    const [a, b] = [one.relayed(), two.relayed()]
    one.bind(0x4001, b)
    two.permit(a)
    one.channelData(0x4001, 'abcde')
    expect(two.heard()).toEqual([`${a}: abcde`])
    two.bind(0x4002, a)
    one.channelData(0x4001, 'abcde')
    expect(two.heard()).toEqual(['0x4002: abcde'])
  })
})

describe('data that no datagram holds', () => {
  test('is dropped, also where it would not need one', () => {
    const [one, two] = [client('192.0.2.10:1', { stream: 'tcp' }), client('192.0.2.11:1', { stream: 'tcp' })]
    const [a, b] = [one.relayed(), two.relayed()]
    one.bind(0x4001, b)
    one.bind(0x4002, PEER)
    two.bind(0x4001, a)
    one.channelData(0x4001, 'x'.repeat(65_508))
    one.channelData(0x4002, 'x'.repeat(65_508))
    expect([two.heard(), heardBy(PEER)]).toEqual([[], []])
    expect(world.metric('turn_dropped_total', 'turn', 'not_sent')).toBe(2)
    one.channelData(0x4001, 'x'.repeat(65_507))
    expect(two.heard()).toHaveLength(1)
  })
})

describe('rules that change', () => {
  test('hold for permissions and channels that stand', () => {
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4001, PEER)
    one.channelData(0x4001, '1')
    expect(heardBy(PEER)).toEqual(['1'])
    world.apply({ turn: { more: { peers: { allow: ['192.0.2.0/24'], deny: ['192.0.2.99/32'] } } } })
    one.channelData(0x4001, '2')
    one.send(PEER, '3')
    world.network.deliver(PEER, relayed, bytes('4'))
    expect(heardBy(PEER)).toEqual([])
    expect(one.heard()).toEqual([])
    expect(world.turn.allocations).toBe(1)
    expect(codeOf(one.refresh())).toBe(0)
  })
})
