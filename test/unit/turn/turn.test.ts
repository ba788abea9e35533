import { describe, expect, test } from 'bun:test'
import { ATTRIBUTES, METHODS } from '../../../server/turn/bytes/stun.ts'
import { REALM } from '../../support/turn-config.ts'
import { client, use, world, worldForEach } from '../../support/turn-each.ts'
import { codeOf, type TestClient } from '../../support/turn-tester.ts'

worldForEach()

const PEER = '192.0.2.99:7000'
const bytes = (text: string) => new TextEncoder().encode(text)

describe('a reload', () => {
  test('keeps allocations, permissions and channels of a listener that stays', () => {
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4001, PEER)
    world.apply({ turn: { quotas: { user: 99 } } })
    world.network.deliver(PEER, relayed, bytes('x'))
    expect(one.heard()).toEqual(['0x4001: x'])
    expect(codeOf(one.refresh())).toBe(0)
  })

  test('with other passwords holds for the next request', () => {
    const one = client()
    one.relayed()
    world.apply({ turn: { auth: { users: { alice: 'avocado' } } } })
    expect(codeOf(one.refresh())).toBe(401)
    expect(codeOf(client('192.0.2.10:1000', { password: 'avocado' }).refresh())).toBe(0)
  })

  test('with another realm gives that in challenges; what began in the old one is counted there to its end', () => {
    const one = client()
    one.relayed()
    world.apply({ turn: { more: { realm: 'example.net' } } })
    expect(one.askOpenly(METHODS.REFRESH)!.text(ATTRIBUTES.REALM)).toBe('example.net')
    expect(codeOf(client('192.0.2.10:1000', { realm: 'example.net' }).refresh(0))).toBe(0)
    expect(world.metric('turn_allocations', 'turn', REALM, 'udp')).toBe(0)
    expect(world.metric('turn_allocations_ended_total', 'turn', REALM, 'refreshed_to_zero')).toBe(1)
  })

  test('without the listener ends its allocations and connections, closes its sockets, and leaves others alone', () => {
    const two = { more: { bind: '198.51.100.1:3479' } }
    use({ turn: {}, two })
    client().relayed()
    const tcp = client('192.0.2.10:1', { stream: 'tcp' })
    client('192.0.2.10:2').allocate((w) => w.u8(ATTRIBUTES.EVEN_PORT, 0x80))
    const other = client('192.0.2.10:1000', { server: '198.51.100.1:3479' })
    const relayed = other.relayed()
    world.apply({ two })
    expect([...world.network.sockets.keys()].toSorted()).toEqual(['198.51.100.1:3479', relayed].toSorted())
    expect(tcp.stream!.isClosed).toBe(true)
    expect(world.turn.list().map(({ listener }) => listener)).toEqual(['two'])
    expect(world.events('turn_allocation').map(({ reason }) => reason)).toEqual([
      'listener_removed',
      'listener_removed',
    ])
  })

  test('that moves the listener ends what came by the old socket, and not what came by connections', () => {
    client().relayed()
    const tcp = client('192.0.2.10:1', { stream: 'tcp' })
    tcp.relayed()
    world.apply({ turn: { more: { bind: '198.51.100.1:4000' } } })
    expect(world.turn.list().map(({ transport }) => transport)).toEqual(['tcp'])
    expect(codeOf(client('192.0.2.10:1000', { server: '198.51.100.1:4000' }).allocate())).toBe(0)
  })

  test('to STUN only ends allocations', () => {
    client().relayed()
    world.apply({ turn: { relay: false } })
    expect(world.turn.allocations).toBe(0)
    expect(codeOf(client().askOpenly(METHODS.BINDING))).toBe(0)
  })

  test('leaves the sockets alone that are open already', () => {
    const [socket] = world.network.sockets.values()
    world.apply({ turn: {} })
    expect([...world.network.sockets.values()]).toEqual([socket!])
  })
})

describe('drain', () => {
  test('refuses new allocations with 403, and lets old ones go on to their end', () => {
    const one = client()
    one.relayed()
    world.turn.drain()
    expect(codeOf(client('192.0.2.10:2').allocate())).toBe(403)
    expect(codeOf(one.refresh())).toBe(0)
    expect(one.permit(PEER)).toBe(0)
    expect(codeOf(client('192.0.2.10:2').askOpenly(METHODS.BINDING))).toBe(0)
    let calls = 0
    world.turn.onEmpty = () => void calls++
    one.refresh(0)
    expect(calls).toBe(1)
  })

  test('sends clients to other servers where there are any', () => {
    use({ turn: { more: { alternate: { servers: ['192.0.2.50:3478'], when: 'full' } } } })
    world.turn.drain()
    const answer = client().allocate()!
    expect(codeOf(answer)).toBe(300)
    expect(String(answer.address(ATTRIBUTES.ALTERNATE_SERVER))).toBe('192.0.2.50:3478')
  })
})

describe('other servers', () => {
  const servers = ['192.0.2.50:3478', '192.0.2.51:3478', '[2001:db8::50]:3478']
  const named = (one: TestClient) => String(one.allocate()?.address(ATTRIBUTES.ALTERNATE_SERVER))

  test('are named always, in turn, after the credentials were checked, and with integrity', () => {
    use({ turn: { more: { alternate: { servers, when: 'always' } } } })
    expect(codeOf(client().askOpenly(METHODS.ALLOCATE))).toBe(401)
    expect([1, 2, 3].map((port) => named(client(`192.0.2.10:${port}`)))).toEqual([
      servers[0]!,
      servers[1]!,
      servers[0]!,
    ])
    expect(client('192.0.2.10:9').allocate()!.hasIntegrity).toBe(true)
    expect(world.turn.allocations).toBe(0)
  })

  test('are of the client\u2019s family', () => {
    use({ turn: { more: { alternate: { servers, when: 'always' } } } })
    expect(named(client('[2001:db8::7]:1', { stream: 'tcp' }))).toBe(servers[2]!)
  })

  test('are not named where none is of the client\u2019s family: then it is served here', () => {
    use({ turn: { more: { alternate: { servers: servers.slice(0, 2), when: 'always' } } } })
    expect(codeOf(client('[2001:db8::7]:1', { stream: 'tcp' }).allocate())).toBe(0)
  })

  test('are named when this one is full, instead of 508', () => {
    const alternate = { servers, when: 'full' as const }
    use({ turn: { quotas: { total: 1 }, more: { alternate } } })
    expect(codeOf(client().allocate())).toBe(0)
    expect(codeOf(client('192.0.2.10:2').allocate())).toBe(300)
    use({ turn: { relay: { ports: '50000-50000' }, more: { alternate } } })
    expect(codeOf(client().allocate())).toBe(0)
    expect(codeOf(client('192.0.2.10:2').allocate())).toBe(300)
  })

  test('are not named to who has used up a quota of its own', () => {
    use({ turn: { quotas: { user: 1 }, more: { alternate: { servers, when: 'full' } } } })
    client().relayed()
    expect(codeOf(client('192.0.2.10:2').allocate())).toBe(486)
  })
})

describe('check', () => {
  test('finds nothing wrong with addresses that this machine has, and changes nothing', () => {
    expect(world.turn.check(world.plan({ turn: {}, two: { relay: false } }))).toBeNull()
    expect([...world.network.sockets.keys()]).toEqual(['198.51.100.1:3478'])
  })

  test('names what of the config this machine cannot do', () => {
    world.network.missing.add('2001:db8:f::1')
    expect(world.turn.check(world.plan({ turn: {} }))).toBe(
      'listeners.turn.relay.bind[1]: allocations cannot be made on 2001:db8:f::1: this machine does not have that address',
    )
  })
})

describe('without relay.bind', () => {
  test('allocations are made on the address of the listener', () => {
    use({ turn: { relay: { bind: [] } } })
    expect(client().relayed()).toStartWith('198.51.100.1:')
  })

  test('and where that is every address, on those that routes prefer', () => {
    use({ turn: { relay: { bind: [] }, more: { bind: '0.0.0.0:3478' } } }, ['198.51.100.9', '2001:db8:f::9'])
    const one = client('192.0.2.10:1000', { server: '0.0.0.0:3478' })
    const answer = one.allocate((w) => w.first8(ATTRIBUTES.ADDITIONAL_ADDRESS_FAMILY, 2))!
    const both = answer.addresses(ATTRIBUTES.XOR_RELAYED_ADDRESS)
    expect(both === 'malformed' || both.map(({ host }) => host)).toEqual(['198.51.100.9', '2001:db8:f::9'])
  })
})

describe('what is seen', () => {
  test('list tells all of an allocation', () => {
    const one = client()
    const relayed = one.relayed()
    one.permit('192.0.2.98:1')
    one.bind(0x4001, PEER)
    one.channelData(0x4001, 'abc')
    world.network.deliver(PEER, relayed, bytes('abcde'))
    world.advance(10_000)
    const [facts] = world.turn.list()
    expect(facts!.id).toMatch(/^[0-9a-f]{16}$/)
    expect(facts).toEqual({
      id: facts!.id,
      listener: 'turn',
      realm: REALM,
      user: 'alice',
      client: '192.0.2.10:1000',
      transport: 'udp',
      relays: 'udp',
      relayed: [relayed],
      peers: [
        { address: PEER, channel: 0x4001, expires_s: 590 },
        { address: '192.0.2.98', channel: null, expires_s: 290 },
        { address: '192.0.2.99', channel: null, expires_s: 290 },
      ],
      bytes_to_peers: 3,
      bytes_to_client: 5,
      packets_to_peers: 1,
      packets_to_client: 1,
      dropped: 0,
      age_s: 10,
      expires_s: 590,
    })
  })

  test('end ends one by its id, and says whether there was one', () => {
    const one = client()
    const relayed = one.relayed()
    const { id } = world.turn.list()[0]!
    expect(world.turn.end('0123456789abcdef')).toBe(false)
    expect(world.turn.end(id)).toBe(true)
    expect(world.turn.end(id)).toBe(false)
    expect(world.network.sockets.has(relayed)).toBe(false)
    expect(world.events('turn_allocation')[0]).toMatchObject({ id, reason: 'ended_by_admin' })
    expect(codeOf(one.refresh())).toBe(437)
  })

  test('explain says for each listener whether a peer is reached and why', () => {
    use({
      turn: { more: { peers: { allow: ['10.0.0.0/24'], deny: [] } } },
      stun: { relay: false, more: { bind: '198.51.100.1:4000' } },
    })
    expect(world.turn.explain('turn', '10.0.0.1:80')).toMatchObject([{ listener: 'turn', allowed: true }])
    expect(world.turn.explain('turn', '10.0.1.1')[0]!.allowed).toBe(false)
    expect(world.turn.explain('turn', '10.0.1.1')[0]!.why).toContain('10.0.1.1 is')
    expect(world.turn.explain('turn', '[::1]:80')[0]!.allowed).toBe(false)
    expect(world.turn.explain('turn', '198.51.100.1:3478')[0]!.why).toContain('listener of this gateway')
    expect(world.turn.explain(null, '1.1.1.1').map(({ allowed }) => allowed)).toEqual([true, false])
    expect(world.turn.explain('turn', 'example.org')[0]).toMatchObject({
      allowed: false,
      why: '"example.org" is no address',
    })
    expect(world.turn.explain('other', '1.1.1.1')).toEqual([])
  })

  test('addresses of our other listeners are refused', () => {
    world.apply({ turn: {} }, ['127.0.0.1:9090', '0.0.0.0:8080'])
    expect(world.turn.explain('turn', '198.51.100.1:8080')[0]!.allowed).toBe(false)
    expect(world.turn.explain('turn', '198.51.100.1:8081')[0]!.allowed).toBe(true)
  })

  test('the log has one line for each allocation\u2019s life', () => {
    const one = client()
    const relayed = one.relayed()
    one.permit(PEER)
    one.send(PEER, 'abc')
    world.advance(5_000)
    one.refresh(0)
    const [line] = world.events('turn_allocation')
    expect(line).toMatchObject({
      listener: 'turn',
      realm: REALM,
      user: 'alice',
      client: '192.0.2.10:1000',
      relayed: [relayed],
      bytes_to_peers: 3,
      packets_to_peers: 1,
      bytes_to_client: 0,
      peers: 1,
      dropped: 0,
      lifetime_ms: 5_000,
      reason: 'refreshed_to_zero',
    })
    expect(line!['started']).toMatch(/^20\d\d-.*Z$/)
    expect(world.events('turn_allocation_began')).toHaveLength(1)
    expect(world.log.every(({ fields }) => !JSON.stringify(fields).includes('apple'))).toBe(true)
  })

  test('metrics tell allocations, bytes, packets, requests and faults', () => {
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4001, PEER)
    one.channelData(0x4001, 'abc')
    world.network.deliver(PEER, relayed, bytes('abcde'))
    one.bind(0, PEER)
    expect(world.metric('turn_allocations', 'turn', REALM, 'udp')).toBe(1)
    expect(world.metric('turn_allocations_total', 'turn', REALM, 'udp')).toBe(1)
    expect(world.metric('turn_bytes_total', 'turn', REALM, 'to_peer')).toBe(3)
    expect(world.metric('turn_bytes_total', 'turn', REALM, 'to_client')).toBe(5)
    expect(world.metric('turn_packets_total', 'turn', REALM, 'to_peer')).toBe(1)
    expect(world.metric('turn_requests_total', 'turn', 'allocate')).toBe(1)
    expect(world.metric('turn_requests_total', 'turn', 'channel_bind')).toBe(2)
    expect(world.metric('turn_faults_total', 'turn', REALM, '401')).toBe(1)
    expect(world.metric('turn_faults_total', 'turn', REALM, '400')).toBe(1)
    one.refresh(0)
    expect(world.metric('turn_allocations', 'turn', REALM, 'udp')).toBe(0)
    expect(world.metric('turn_allocations_ended_total', 'turn', REALM, 'refreshed_to_zero')).toBe(1)
  })
})

describe('the end', () => {
  test('closes all: allocations, reserved ports, connections, sockets', () => {
    client().allocate((w) => w.u8(ATTRIBUTES.EVEN_PORT, 0x80))
    const tcp = client('192.0.2.10:1', { stream: 'tcp' })
    tcp.relayed()
    world.turn.close()
    expect(world.network.sockets.size).toBe(0)
    expect(tcp.stream!.isClosed).toBe(true)
    expect(world.turn.allocations).toBe(0)
    expect(world.events('turn_allocation').map(({ reason }) => reason)).toEqual(['stopped', 'stopped'])
  })
})

describe('five-tuples', () => {
  test('are told apart strictly: another port, another address, another socket of ours is somebody else', () => {
    use({ turn: { more: { discovery: '198.51.100.2:3479' } } })
    const one = client()
    one.relayed()
    expect(codeOf(client('192.0.2.10:1001').refresh())).toBe(437)
    expect(codeOf(client('192.0.2.11:1000').refresh())).toBe(437)
    expect(codeOf(client('192.0.2.10:1000', { server: '198.51.100.2:3478' }).refresh())).toBe(437)
    expect(codeOf(client('192.0.2.10:1000', { stream: 'tcp' }).refresh())).toBe(437)
    expect(codeOf(one.refresh())).toBe(0)
  })

  test('churn of thousands leaves nothing behind', () => {
    use({
      turn: {
        quotas: { user: 10_000, address: 10_000 },
        relay: { ports: '50000-50099', bind: ['198.51.100.1'] },
      },
    })
    for (let i = 0; i < 3000; i++) {
      const one = client(`192.0.2.${1 + (i % 250)}:${1000 + i}`, i % 3 === 0 ? { stream: 'tcp' } : {})
      one.relayed()
      one.bind(0x4000, PEER)
      if (i % 3 === 0) one.stream!.gone(null)
      else if (i % 3 === 1) one.refresh(0)
      else world.turn.end(world.turn.list().at(-1)!.id)
      if (i % 50 === 0) world.advance(1_000)
    }
    expect(world.turn.allocations).toBe(0)
    expect([...world.network.sockets.keys()]).toEqual(['198.51.100.1:3478'])
    expect(world.metric('turn_connections', 'turn')).toBe(0)
  })
})
