import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { ATTRIBUTES, METHODS, PASSWORD_ALGORITHMS } from '../../../server/turn/bytes/stun.ts'
import {
  hasIntegritySha1,
  hasIntegritySha256,
  longTermKey,
  userHash,
} from '../../../server/turn/bytes/integrity.ts'
import { algorithmValue } from '../../../server/turn/bytes/password-algorithms.ts'
import { REALM, SECRET } from '../../support/turn-config.ts'
import { client, use, world, worldForEach } from '../../support/turn-each.ts'
import { codeOf } from '../../support/turn-tester.ts'

worldForEach()

const bob = { user: 'bob', password: 'berry' }
const codes = (froms: readonly string[], parts = {}) =>
  froms.map((from) => codeOf(client(from, parts).allocate()))

describe('quotas', () => {
  test('of a user: 486, told apart from other users, and free again when an allocation ends', () => {
    use({ turn: { quotas: { user: 2 } } })
    expect(codes(['192.0.2.1:1', '192.0.2.2:1', '192.0.2.3:1'])).toEqual([0, 0, 486])
    expect(codes(['192.0.2.4:1'], bob)).toEqual([0])
    world.turn.end(world.turn.list()[0]!.id)
    expect(codes(['192.0.2.3:1'])).toEqual([0])
    expect(world.metric('turn_faults_total', 'turn', REALM, '486')).toBe(1)
    expect(world.events('turn_quota')).toMatchObject([{ quota: 'user', user: 'alice', client: '192.0.2.3' }])
  })

  test('of a client address: 486, whatever its ports and users; of IPv6 it is the /64', () => {
    use({ turn: { quotas: { address: 1 } } })
    expect(codes(['192.0.2.1:1', '192.0.2.1:2', '192.0.2.2:1'])).toEqual([0, 486, 0])
    expect(codes(['192.0.2.1:3'], bob)).toEqual([486])
    const v6 = ['[2001:db8::1]:1', '[2001:db8::ffff:2]:1', '[2001:db8:0:1::1]:1']
    expect(v6.map((from) => codeOf(client(from, { stream: 'tcp' }).allocate()))).toEqual([0, 486, 0])
  })

  test('of a realm: 486, over all listeners that share it', () => {
    const one = { quotas: { realm: 2 } }
    use({ turn: one, two: { ...one, more: { bind: '198.51.100.1:3479' } } })
    expect(codes(['192.0.2.1:1'])).toEqual([0])
    expect(codes(['192.0.2.1:1'], { server: '198.51.100.1:3479' })).toEqual([0])
    expect(codes(['192.0.2.2:1'])).toEqual([486])
    expect(codes(['192.0.2.2:1'], { server: '198.51.100.1:3479' })).toEqual([486])
  })

  test('in total: 508, and only there', () => {
    use({ turn: { quotas: { total: 1 } }, two: { more: { bind: '198.51.100.1:3479' } } })
    expect(codes(['192.0.2.1:1', '192.0.2.2:1'])).toEqual([0, 508])
    expect(codes(['192.0.2.2:1'], { server: '198.51.100.1:3479' })).toEqual([0])
  })

  test('are not used up by requests that fail', () => {
    use({ turn: { quotas: { user: 1 } } })
    const one = client()
    for (let i = 0; i < 5; i++) expect(codeOf(one.allocate(() => {}, 99))).toBe(442)
    world.network.missing.add('198.51.100.1')
    expect(codeOf(one.allocate())).toBe(508)
    world.network.missing.clear()
    expect(codeOf(one.allocate())).toBe(0)
  })

  test('log one line a second of each kind, with how many went untold', () => {
    use({ turn: { quotas: { user: 1 } } })
    codes(['192.0.2.1:1', '192.0.2.2:1', '192.0.2.3:1', '192.0.2.4:1'])
    expect(world.events('turn_quota')).toHaveLength(1)
    world.advance(1_000)
    codes(['192.0.2.5:1'])
    expect(world.events('turn_quota')[1]).toMatchObject({ untold: 2 })
  })
})

describe('strangers', () => {
  test('get so many answers to Binding a second over UDP and no more; others are not concerned, nor are connections', () => {
    use({ turn: { limits: { unauthenticated: 5, binding: 5 } } })
    const ask = (from: string, parts = {}) => client(from, parts).askOpenly(METHODS.BINDING)
    const answered = () =>
      Array.from({ length: 20 }, (_, i) => ask(`192.0.2.1:${i + 1}`)).filter((one) => one !== null).length
    expect(answered()).toBe(5)
    expect(world.metric('turn_dropped_total', 'turn', 'unauthenticated')).toBe(15)
    expect(ask('192.0.2.2:1')).not.toBeNull()
    for (let i = 1; i <= 20; i++) expect(ask(`192.0.2.1:${i}`, { stream: 'tcp' })).not.toBeNull()
    world.advance(1_000)
    expect(answered()).toBe(5)
  })

  test('are all that are counted: 401, 438 and 400 too, but not who has an allocation', () => {
    use({ turn: { limits: { unauthenticated: 5 } } })
    const one = client()
    one.relayed()
    // One challenge was for the nonce.
    const wrong = client('192.0.2.10:2', { password: 'wrong' })
    expect([1, 2, 3, 4].map(() => wrong.code(METHODS.ALLOCATE))).toEqual([401, 401, 401, -1])
    for (let i = 0; i < 20; i++) expect(one.askOpenly(METHODS.BINDING)).not.toBeNull()
    expect(codeOf(one.refresh())).toBe(0)
    for (let i = 0; i < 20; i++) expect(codeOf(one.askOpenly(METHODS.REFRESH))).toBe(401)
  })

  test('an office behind one address: two thousand Bindings in a second do not use up the answers to its Allocates', () => {
    use({ turn: {} })
    let answered = 0
    for (let i = 0; i < 2000; i++)
      if (client(`192.0.2.1:${i + 1}`).askOpenly(METHODS.BINDING) !== null) answered++
    expect(answered).toBe(2000)
    expect(client('192.0.2.1:3000').relayed()).not.toBe('')
  })

  test('of one /64 are one', () => {
    use({ turn: { limits: { unauthenticated: 1, binding: 1 }, more: { bind: '[2001:db8:f::1]:3478' } } })
    const ask = (from: string) => client(from, { server: '[2001:db8:f::1]:3478' }).askOpenly(METHODS.BINDING)
    expect(ask('[2001:db8::1]:1')).not.toBeNull()
    expect(ask('[2001:db8::2]:1')).toBeNull()
    expect(ask('[2001:db8:0:1::1]:1')).not.toBeNull()
  })

  test('leave no state behind: a flood of valid-looking Allocates from invented addresses grows nothing', () => {
    const from = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:${1024 + (i % 60_000)}`
    const request = client().raw(METHODS.ALLOCATE, (w) =>
      w
        .first8(ATTRIBUTES.REQUESTED_TRANSPORT, 17)
        .text(ATTRIBUTES.USERNAME, 'alice')
        .text(ATTRIBUTES.REALM, REALM)
        .text(ATTRIBUTES.NONCE, 'obMatJos2AAAAinvented')
        .integritySha1(longTermKey(PASSWORD_ALGORITHMS.MD5, 'alice', REALM, 'apple')),
    )
    const flood = (first: number, count: number) => {
      for (let i = first; i < first + count; i++) {
        world.network.deliver(from(i), '198.51.100.1:3478', request)
        world.network.sent.length = 0
      }
    }
    flood(0, 20_000)
    Bun.gc(true)
    const before = process.memoryUsage().heapUsed
    flood(20_000, 40_000)
    Bun.gc(true)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4 * 1024 * 1024)
    expect(world.network.binds).toBe(0)
    expect(world.turn.allocations).toBe(0)
  })

  test('gain little by writing a victim as the sender: no answer is more than a few times as long', () => {
    const ratio = (request: Uint8Array) => {
      const one = client()
      one.give(request)
      const [answer] = one.takeAll()
      return (answer?.length ?? 0) / request.length
    }
    const one = client()
    expect(ratio(one.raw(METHODS.BINDING))).toBeLessThanOrEqual(1.6)
    expect(
      ratio(one.raw(METHODS.ALLOCATE, (w) => w.first8(ATTRIBUTES.REQUESTED_TRANSPORT, 17))),
    ).toBeLessThan(4.5)
    // Without words: they are for people.
    expect(one.askOpenly(METHODS.ALLOCATE)!.errorCode).toEqual({ code: 401, reason: '' })
    const long = one.raw(METHODS.ALLOCATE, (w) => w.bytes(ATTRIBUTES.SOFTWARE, new Uint8Array(200)))
    one.give(long)
    const [answer] = one.takeAll()
    expect(answer!.length).toBeLessThan(long.length)
  })
})

describe('credentials', () => {
  test('a nonce of another address, an old one, and an invented one are 438 with a good one', () => {
    const one = client()
    one.allocate()
    const other = client('192.0.2.10:1001')
    other.nonce = one.nonce
    const answer = other.allocate()!
    expect(codeOf(answer)).toBe(438)
    other.nonce = answer.text(ATTRIBUTES.NONCE)
    expect(codeOf(other.allocate())).toBe(0)
    world.advance(3_600_000 - 1)
    const late = client('192.0.2.10:1002')
    late.nonce = 'obMatJos2AAAAinvented'
    expect(codeOf(late.allocate())).toBe(438)
  })

  test('a nonce grows old', () => {
    const one = client()
    one.relayed()
    for (let i = 0; i < 7; i++) {
      world.advance(500_000)
      expect(codeOf(one.refresh())).toBe(0)
    }
    world.advance(200_000)
    expect(codeOf(one.refresh())).toBe(438)
    one.nonce = null
    expect(codeOf(one.refresh())).toBe(0)
  })

  test('by USERHASH and SHA-256 are good, and answered by SHA-256', () => {
    const one = client()
    const challenge = one.askOpenly(METHODS.ALLOCATE)!
    const key = longTermKey(PASSWORD_ALGORITHMS.SHA256, 'alice', REALM, 'apple')
    const offered = challenge.value(ATTRIBUTES.PASSWORD_ALGORITHMS)!.slice()
    const nonce = challenge.text(ATTRIBUTES.NONCE)!
    const answer = one.askOpenly(METHODS.ALLOCATE, (w) =>
      w
        .first8(ATTRIBUTES.REQUESTED_TRANSPORT, 17)
        .bytes(ATTRIBUTES.USERHASH, userHash('alice', REALM))
        .text(ATTRIBUTES.REALM, REALM)
        .text(ATTRIBUTES.NONCE, nonce)
        .bytes(ATTRIBUTES.PASSWORD_ALGORITHMS, offered)
        .bytes(ATTRIBUTES.PASSWORD_ALGORITHM, algorithmValue(PASSWORD_ALGORITHMS.SHA256))
        .integritySha256(key),
    )!
    expect(codeOf(answer)).toBe(0)
    expect(hasIntegritySha256(answer, key)).toBe(true)
    expect(answer.integrityAt).toBe(-1)
    expect(world.turn.list()[0]).toMatchObject({ user: 'alice' })
    // The same user by name and MD5 is the same holder.
    expect(codeOf(client().refresh())).toBe(0)
  })

  test('protect answers, errors too, once they were shown', () => {
    const one = client()
    const key = longTermKey(PASSWORD_ALGORITHMS.MD5, 'alice', REALM, 'apple')
    expect(hasIntegritySha1(one.allocate()!, key)).toBe(true)
    const mismatch = one.allocate()!
    expect(codeOf(mismatch)).toBe(437)
    expect(hasIntegritySha1(mismatch, key)).toBe(true)
  })

  test('of another realm are 401', () => {
    expect(codeOf(client('192.0.2.10:1', { realm: 'example.com' }).allocate())).toBe(401)
  })

  test('that are refused are told with the reason, once a second; the ordinary challenges are not', () => {
    use({ turn: { auth: { users: { alice: 'apple' }, secrets: [SECRET] } } })
    expect(codeOf(client().allocate())).toBe(0)
    expect(world.events('turn_auth_refused')).toEqual([])
    const late = `${Math.floor(world.unixMs / 1000) - 1}:carol`
    const password = createHmac('sha1', SECRET).update(late).digest('base64')
    expect(codes(['192.0.2.2:1'], { user: late, password })).toEqual([401])
    const wrong = { user: 'alice', password: 'pear' }
    expect(codes(['192.0.2.3:1', '192.0.2.4:1'], wrong)).toEqual([401, 401])
    const why = 'unknown user or wrong password'
    expect(world.events('turn_auth_refused')).toMatchObject([
      { listener: 'turn', user: late, client: '192.0.2.2:1', why: 'the name has expired' },
      { listener: 'turn', user: 'alice', client: '192.0.2.3:1', why },
    ])
    world.advance(1100)
    expect(codes(['192.0.2.5:1'], wrong)).toEqual([401])
    expect(world.events('turn_auth_refused')[2]).toMatchObject({ client: '192.0.2.5:1', why, untold: 1 })
  })

  test('without user name, realm or nonce are 400', () => {
    const one = client()
    const key = new Uint8Array(16)
    expect(codeOf(one.askOpenly(METHODS.ALLOCATE, (w) => w.integritySha1(key)))).toBe(400)
  })

  test('that are time-limited count by their user, and may run out after the allocation began', () => {
    use({ turn: { auth: { users: {}, secrets: [SECRET] }, quotas: { user: 1 } } })
    const expiryS = Math.floor(world.unixMs / 1000) + 60
    const timed = (from: string, name: string) =>
      client(from, { user: name, password: createHmac('sha1', SECRET).update(name).digest('base64') })
    const one = timed('192.0.2.1:1', `${expiryS}:carol`)
    expect(codeOf(one.allocate())).toBe(0)
    expect(codeOf(timed('192.0.2.2:1', `${expiryS + 1}:carol`).allocate())).toBe(486)
    expect(world.turn.list()[0]).toMatchObject({ user: 'carol' })
    // 441 goes by the whole name.
    expect(codeOf(timed('192.0.2.1:1', `${expiryS + 1}:carol`).refresh())).toBe(441)
    world.advance(61_000)
    expect(codeOf(one.refresh())).toBe(0)
    expect(one.permit('192.0.2.99:1')).toBe(0)
    expect(codeOf(timed('192.0.2.3:1', `${expiryS}:carol`).allocate())).toBe(401)
  })

  test('that are time-limited use up nothing of a user of the config whose name they have', () => {
    use({ turn: { auth: { secrets: [SECRET] }, quotas: { user: 1 } } })
    const expiryS = Math.floor(world.unixMs / 1000) + 60
    const timed = (from: string, name: string) =>
      client(from, { user: name, password: createHmac('sha1', SECRET).update(name).digest('base64') })
    expect(codeOf(timed('192.0.2.1:1', `${expiryS}:alice`).allocate())).toBe(0)
    expect(codeOf(client('192.0.2.2:1').allocate())).toBe(0)
    // Nor is a user's name that of somebody who has none but the expiry.
    expect(codeOf(timed('192.0.2.3:1', String(expiryS)).allocate())).toBe(0)
    expect(codeOf(timed('192.0.2.4:1', `${expiryS}:${expiryS}`).allocate())).toBe(0)
    expect(codes(['192.0.2.5:1'])).toEqual([486])
    expect(codeOf(timed('192.0.2.6:1', `alice:${expiryS}`).allocate())).toBe(486)
    expect(world.turn.list().map(({ user }) => user)).toEqual(['alice', 'alice', `${expiryS}`, `${expiryS}`])
  })

  test('none are needed where the config says so, and then nobody is a user', () => {
    use({ turn: { auth: 'none', quotas: { user: 1 } } })
    const open = (from: string) =>
      client(from).askOpenly(METHODS.ALLOCATE, (w) => w.first8(ATTRIBUTES.REQUESTED_TRANSPORT, 17))
    expect(codeOf(open('192.0.2.1:1'))).toBe(0)
    expect(codeOf(open('192.0.2.2:1'))).toBe(0)
    expect(world.turn.list().map(({ user }) => user)).toEqual([null, null])
  })
})
