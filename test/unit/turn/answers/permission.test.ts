import { describe, expect, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import { ATTRIBUTES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { client, use, world, worldForEach } from '../../../support/turn-each.ts'
import { at } from '../../../support/turn-network.ts'
import { codeOf } from '../../../support/turn-tester.ts'

worldForEach()

const allocated = (from?: string, parts = {}) => {
  const one = client(from, parts)
  one.relayed()
  return one
}

describe('CreatePermission', () => {
  test('without an allocation is 437, by another user 441', () => {
    expect(client().permit('192.0.2.99:1')).toBe(437)
    allocated()
    expect(client('192.0.2.10:1000', { user: 'bob', password: 'berry' }).permit('192.0.2.99:1')).toBe(441)
  })

  test('without a peer, or with a malformed one, is 400', () => {
    const one = allocated()
    expect(one.permit()).toBe(400)
    expect(
      one.code(METHODS.CREATE_PERMISSION, (w) => w.bytes(ATTRIBUTES.XOR_PEER_ADDRESS, new Uint8Array(6))),
    ).toBe(400)
  })

  test('takes port 0: the port does not matter', () => {
    expect(allocated().permit('192.0.2.99:0')).toBe(0)
  })

  test('of another family is 443, and of a mixed list none is installed', () => {
    const one = allocated()
    expect(one.permit('192.0.2.99:1', '[2001:db8::9]:1')).toBe(443)
    expect(world.turn.list()[0]!.peers).toEqual([])
  })

  test('of a forbidden peer is 403, and of a mixed list none is installed', () => {
    const one = allocated()
    expect(one.permit('192.0.2.99:1', '10.0.0.1:1')).toBe(403)
    expect(world.turn.list()[0]!.peers).toEqual([])
    expect(world.metric('turn_refused_peers_total', 'turn', 'private')).toBe(1)
    expect(world.events('turn_peer_refused')[0]!['why']).toContain('10.0.0.1 is')
  })

  for (const peer of [
    '0.0.0.0',
    '127.0.0.1',
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
  ])
    test(`never reaches ${peer} by permission, channel or Send`, () => {
      const one = allocated()
      expect(one.permit(`${peer}:80`)).toBe(403)
      expect(one.bind(0x4000, `${peer}:80`)).toBe(403)
      one.send(`${peer}:80`, 'x')
      expect(world.network.sent).toEqual([])
    })

  for (const peer of [
    '::',
    '::1',
    '::127.0.0.1',
    '2002:7f00:1::',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    'fe80::1',
    'fc00::1',
    'ff02::1',
    '2001::1',
  ])
    test(`never reaches ${peer} by permission or channel`, () => {
      const one = client()
      one.relayed((w) => w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 2))
      expect(one.permit(`[${peer}]:80`)).toBe(403)
      expect(one.bind(0x4000, `[${peer}]:80`)).toBe(403)
    })

  test('never reaches ::ffff:127.0.0.1', () => {
    const one = client()
    one.relayed((w) => w.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, 2))
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1)

    expect(
      one.code(METHODS.CREATE_PERMISSION, (w) =>
        w.address(ATTRIBUTES.XOR_PEER_ADDRESS, new Address(mapped, 80)),
      ),
    ).toBe(403)
  })

  test('believes no peer behind MESSAGE-INTEGRITY', () => {
    const one = allocated()
    one.give(
      one.signed(
        METHODS.CREATE_PERMISSION,
        (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at('192.0.2.99:1')),
        undefined,
        (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at('192.0.2.98:1')),
      ),
    )
    expect(codeOf(one.takeMessage())).toBe(0)
    expect(world.turn.list()[0]!.peers.map(({ address }) => address)).toEqual(['192.0.2.99'])
  })

  test('beyond the quota is 508, and expired ones make room', () => {
    use({ turn: { quotas: { permissions: 2 } } })
    const one = allocated()
    expect(one.permit('192.0.2.1:1', '192.0.2.2:1', '192.0.2.3:1')).toBe(508)
    expect(one.permit('192.0.2.1:1', '192.0.2.2:1')).toBe(0)
    expect(one.permit('192.0.2.2:1', '192.0.2.2:9')).toBe(0)
    expect(one.permit('192.0.2.3:1')).toBe(508)
    expect(one.permit('192.0.2.1:1')).toBe(0)
    world.advance(300_001)
    expect(one.permit('192.0.2.3:1', '192.0.2.4:1')).toBe(0)
  })

  test('a permission lasts five minutes, is refreshed by CreatePermission and not by data', () => {
    const one = client()
    const relayed = one.relayed()
    const hear = () => {
      world.network.deliver('192.0.2.99:5', relayed, new TextEncoder().encode('x'))
      return one.heard().length
    }
    one.permit('192.0.2.99:1')
    world.advance(200_000)
    expect(hear()).toBe(1)
    one.permit('192.0.2.99:1')
    world.advance(299_000)
    expect(hear()).toBe(1)
    world.advance(1_001)
    expect(hear()).toBe(0)
    expect(world.metric('turn_dropped_total', 'turn', 'no_permission')).toBe(1)
  })
})

describe('ChannelBind', () => {
  test('without an allocation is 437, by another user 441, without credentials 401', () => {
    expect(codeOf(client().askOpenly(METHODS.CHANNEL_BIND))).toBe(401)
    expect(client().bind(0x4000, '192.0.2.99:1')).toBe(437)
    allocated()
    expect(client('192.0.2.10:1000', { user: 'bob', password: 'berry' }).bind(0x4000, '192.0.2.99:1')).toBe(
      441,
    )
  })

  test('without number or without peer is 400', () => {
    const one = allocated()
    expect(one.code(METHODS.CHANNEL_BIND, (w) => w.first16(ATTRIBUTES.CHANNEL_NUMBER, 0x4000))).toBe(400)
    expect(
      one.code(METHODS.CHANNEL_BIND, (w) => w.address(ATTRIBUTES.XOR_PEER_ADDRESS, at('192.0.2.99:1'))),
    ).toBe(400)
  })

  for (const number of [0, 0x3fff, 0x8000, 0xffff])
    test(`of 0x${number.toString(16)} is 400`, () => {
      expect(allocated().bind(number, '192.0.2.99:1')).toBe(400)
    })

  test('takes the channels of RFC 5766 up to 0x7FFF; of RFC 8656 only when told to be strict', () => {
    const one = allocated()
    expect(one.bind(0x4000, '192.0.2.99:1')).toBe(0)
    expect(one.bind(0x5000, '192.0.2.99:2')).toBe(0)
    expect(one.bind(0x7fff, '192.0.2.99:3')).toBe(0)
    use({ turn: { relay: { strict_channels: true } } })
    const strict = allocated()
    expect(strict.bind(0x4fff, '192.0.2.99:1')).toBe(0)
    expect(strict.bind(0x5000, '192.0.2.99:2')).toBe(400)
  })

  test('of a bound number to another peer, or of a bound peer to another number, is 400; of both as they are a refresh', () => {
    const one = allocated()
    expect(one.bind(0x4000, '192.0.2.99:1')).toBe(0)
    expect(one.bind(0x4000, '192.0.2.99:2')).toBe(400)
    expect(one.bind(0x4001, '192.0.2.99:1')).toBe(400)
    expect(one.bind(0x4000, '192.0.2.99:1')).toBe(0)
  })

  test('to port 0 is 400, to another family 443, to a forbidden peer 403', () => {
    const one = allocated()
    expect(one.bind(0x4000, '192.0.2.99:0')).toBe(400)
    expect(one.bind(0x4000, '[2001:db8::9]:1')).toBe(443)
    expect(one.bind(0x4000, '127.0.0.1:80')).toBe(403)
  })

  test('beyond the quota is 508, and expired ones make room', () => {
    use({ turn: { quotas: { channels: 2 }, relay: { lifetime: 3_600_000 } } })
    const one = allocated()
    expect(one.bind(0x4000, '192.0.2.99:1')).toBe(0)
    expect(one.bind(0x4001, '192.0.2.99:2')).toBe(0)
    expect(one.bind(0x4002, '192.0.2.99:3')).toBe(508)
    expect(one.bind(0x4001, '192.0.2.99:2')).toBe(0)
    world.advance(600_001)
    expect(one.bind(0x4002, '192.0.2.99:3')).toBe(0)
  })

  test('counts its permission in their quota', () => {
    use({ turn: { quotas: { permissions: 1 } } })
    const one = allocated()
    expect(one.bind(0x4000, '192.0.2.98:1')).toBe(0)
    expect(one.bind(0x4001, '192.0.2.99:1')).toBe(508)
    expect(world.turn.list()[0]!.peers.filter(({ channel }) => channel !== null)).toHaveLength(1)
  })

  test('installs the permission, which ends before the channel does', () => {
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4000, '192.0.2.99:1')
    const hear = (from: string) => {
      world.network.deliver(from, relayed, new TextEncoder().encode('x'))
      return one.heard()
    }
    expect(hear('192.0.2.99:1')).toEqual(['0x4000: x'])
    expect(hear('192.0.2.99:2')).toEqual(['192.0.2.99:2: x'])
    world.advance(300_001)
    expect(hear('192.0.2.99:1')).toEqual([])
    one.permit('192.0.2.99:0')
    expect(hear('192.0.2.99:1')).toEqual(['0x4000: x'])
  })

  test('a channel lasts ten minutes; then its number and its peer are free for others', () => {
    use({ turn: { relay: { lifetime: 3_600_000 } } })
    const one = client()
    const relayed = one.relayed()
    one.bind(0x4000, '192.0.2.99:1')
    world.advance(600_001)
    one.channelData(0x4000, 'x')
    expect(world.network.take('192.0.2.99:1')).toEqual([])
    one.permit('192.0.2.99:0')
    world.network.deliver('192.0.2.99:1', relayed, new TextEncoder().encode('x'))
    expect(one.heard()).toEqual(['192.0.2.99:1: x'])
    expect(one.bind(0x4000, '192.0.2.98:1')).toBe(0)
    expect(one.bind(0x4001, '192.0.2.99:1')).toBe(0)
  })
})
