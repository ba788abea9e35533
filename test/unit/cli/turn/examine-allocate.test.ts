// Credentials and allocations.
import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { Address } from '../../../../server/lib/address.ts'
import { hasIntegritySha1, longTermKey } from '../../../../server/turn/bytes/integrity.ts'
import { nonceCookie } from '../../../../server/turn/bytes/nonce-cookie.ts'
import { OFFERED_ALGORITHMS } from '../../../../server/turn/bytes/password-algorithms.ts'
import { ATTRIBUTES, CLASSES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import { examined, LOGIN, refusing, wishesFor } from './examining.ts'
import { FakeTurn, REALM, type Script } from './fake-turn.ts'

describe('what is demanded', () => {
  test('nothing: an open relay is a warning, and all goes on', async () => {
    await using fake = await FakeTurn.start({ password: null })
    const { course, isGood, step } = await examined(wishesFor(fake, { login: null }))
    expect(isGood).toBe(true)
    expect(course.slice(2, 5)).toEqual(['challenge warning', 'allocate ok', 'second ok'])
    expect(step('challenge').found).toContain('an open relay')
  })

  test('a port whose allocation of before is still there is changed for another', async () => {
    let refused = 0
    await using fake = await FakeTurn.start({
      script: (request, line, fake) => {
        if (request.method !== METHODS.ALLOCATE || refused === 2) return false
        refused++
        fake.refuse(line, request, 437)
        return true
      },
    })
    const { isGood, course } = await examined(wishesFor(fake))
    expect(course).toContain('challenge ok')
    expect([isGood, refused]).toEqual([true, 2])
  })

  test('credentials, where none were given', async () => {
    await using fake = await FakeTurn.start()
    const { course, step } = await examined(wishesFor(fake, { login: null }))
    expect(course.slice(2)).toEqual(['challenge ok', 'authenticate failed'])
    expect(step('authenticate').advice).toContain('-u USER')
    expect(step('challenge').facts).toMatchObject({ realm: REALM, algorithms: [] })
  })

  test('SHA-256 is told, and used', async () => {
    const nonce = `${nonceCookie({ passwordAlgorithms: true, userHash: false })}x`
    await using fake = await FakeTurn.start({ nonce, offered: OFFERED_ALGORITHMS })
    const { isGood, step } = await examined(wishesFor(fake))
    expect(isGood).toBe(true)
    expect(step('challenge').facts).toMatchObject({ algorithms: ['SHA-256', 'MD5'] })
    expect(fake.heard.some(({ integrityAt }) => integrityAt >= 0)).toBe(false)
  })

  test('an offer that was taken out on the way: no credentials are sent', async () => {
    await using fake = await FakeTurn.start({
      nonce: `${nonceCookie({ passwordAlgorithms: true, userHash: false })}x`,
    })
    const { course, step } = await examined(wishesFor(fake))
    expect(course.at(-1)).toBe('challenge failed')
    expect(step('challenge').advice).toContain('Somebody on the way')
    expect(fake.heard.some(({ hasIntegrity }) => hasIntegrity)).toBe(false)
  })

  test('a 401 without realm and nonce', async () => {
    await using fake = await FakeTurn.start({
      script: (request, line, fake) => {
        if (request.method !== METHODS.ALLOCATE) return false
        fake.refuse(line, request, 401)
        return true
      },
    })
    const { step } = await examined(wishesFor(fake))
    expect(step('challenge')).toMatchObject({
      outcome: 'failed',
      found: expect.stringContaining('without REALM and NONCE'),
    })
  })
})

describe('who is refused', () => {
  test('a wrong password', async () => {
    await using fake = await FakeTurn.start()
    const { course, step } = await examined(wishesFor(fake, { login: { ...LOGIN, password: 'wrong' } }))
    expect(course.at(-1)).toBe('authenticate failed')
    expect(step('authenticate')).toMatchObject({
      found: 'user "test" is refused: 401 (Unauthenticated)',
      advice: expect.stringContaining(`another realm than "${REALM}"`),
    })
  })

  test('a name that has expired by our clock', async () => {
    await using fake = await FakeTurn.start()
    const login = { user: '1799990000:joe', password: 'wrong', expiryS: 1_799_990_000, longer: null }
    const { step } = await examined(wishesFor(fake, { login }))
    expect(step('authenticate').found).toContain(
      'expired 2 hours ago by our clock (2027-01-15T05:13:20.000Z)',
    )
  })

  test('a name that is good by our clock only: the clocks differ', async () => {
    const secret = 's3cr3t'
    const passwordOf = (user: string): string => createHmac('sha1', secret).update(user).digest('base64')
    const loginOf = (expiryS: number) => ({ user: `${expiryS}:joe`, password: passwordOf(`${expiryS}:joe`) })
    // Its clock is an hour ahead.
    const script: Script = (request, line, fake) => {
      const user = request.text(ATTRIBUTES.USERNAME)
      if (user === null) return false
      const key = longTermKey(1, user, REALM, passwordOf(user))
      if (!hasIntegritySha1(request, key) || Number.parseInt(user, 10) < 1_800_003_600)
        fake.challenge(line, request, 401)
      else {
        const writer = new MessageWriter().answer(request, CLASSES.SUCCESS)
        writer.address(ATTRIBUTES.XOR_RELAYED_ADDRESS, fake.address).integritySha1(key)
        line.send(writer.finish())
      }
      return true
    }
    await using fake = await FakeTurn.start({ script })
    const login = { ...loginOf(1_800_000_600), expiryS: 1_800_000_600, longer: loginOf(1_800_086_400) }
    const { step } = await examined(wishesFor(fake, { login }))
    expect(step('authenticate')).toMatchObject({
      found: expect.stringContaining('the clocks differ'),
      advice: expect.stringContaining('NTP'),
      facts: { clocks_differ: true, left_s: 600 },
    })
    const other = { ...login, longer: { user: '1800086400:joe', password: 'wrong' } }
    const refused = await examined(wishesFor(fake, { login: other }))
    expect(refused.step('authenticate').found).toContain('good for another 10 minutes by our clock')
    expect(refused.step('authenticate').advice).toContain('The secret is not the one')
  })

  test('everybody, for a nonce that is always stale', async () => {
    const script: Script = (request, line, fake) => {
      if (request.hasIntegrity) fake.challenge(line, request, 438)
      return request.hasIntegrity
    }
    await using fake = await FakeTurn.start({ script })
    const { step } = await examined(wishesFor(fake))
    expect(step('authenticate').found).toContain(
      '438 (Stale Nonce): the server calls each new nonce of its own stale',
    )
  })

  test('nobody, but the answer was not made with the password', async () => {
    const script: Script = (request, line) => {
      if (!request.hasIntegrity) return false
      const writer = new MessageWriter().answer(request, CLASSES.SUCCESS)
      line.send(writer.address(ATTRIBUTES.XOR_RELAYED_ADDRESS, line.address).finish())
      return true
    }
    await using fake = await FakeTurn.start({ script })
    const { course, step } = await examined(wishesFor(fake))
    expect([course.at(-1), step('authenticate').found]).toEqual([
      'authenticate failed',
      expect.stringContaining('not made with the password'),
    ])
  })
})

describe('allocations', () => {
  test.each([
    [400, 'malformed', 'pion'],
    [403, 'refuses allocations', 'drains'],
    [420, 'does not know what an allocation is', 'stun:'],
    [437, 'an allocation already', 'Try again'],
    [442, 'does not relay UDP', 'WebRTC'],
    [486, 'quota', 'quotas.user'],
    [500, 'has failed', 'log'],
    [508, 'no room', 'relay.ports'],
  ] as const)('%d is explained', async (code, found, advice) => {
    await using fake = await FakeTurn.start({ script: refusing(METHODS.ALLOCATE, code) })
    const { course, step } = await examined(wishesFor(fake))
    expect(course.at(-1)).toBe('allocate failed')
    expect(step('authenticate').outcome).toBe('ok')
    expect(step('allocate')).toMatchObject({
      found: expect.stringContaining(found),
      advice: expect.stringContaining(advice),
      facts: { code },
    })
  })

  test('an address that peers elsewhere cannot reach is a failure where the server is public', async () => {
    await using fake = await FakeTurn.start({ relayed: '10.0.0.5' })
    const rangeOf = (host: string): string | null => (host === '10.0.0.5' ? 'private' : null)
    const { isGood, step } = await examined(wishesFor(fake), { rangeOf })
    expect([isGood, step('allocate').outcome]).toEqual([false, 'failed'])
    expect(step('allocate')).toMatchObject({
      found: expect.stringContaining('10.0.0.5:50000 is ours for 600 s, but it is private'),
      advice: expect.stringContaining('relay.advertise'),
    })
    const near = await examined(wishesFor(fake), { rangeOf: () => 'private' })
    expect([near.isGood, near.step('allocate').found]).toEqual([
      true,
      expect.stringContaining('as the server itself'),
    ])
  })

  test("0.0.0.0 is nobody's address, wherever the server is", async () => {
    await using fake = await FakeTurn.start({ relayed: '0.0.0.0' })
    const { step } = await examined(wishesFor(fake), { rangeOf: () => 'private' })
    expect(step('allocate').outcome).toBe('failed')
  })

  test('a server that has only IPv6 is asked for that, and browsers are thought of', async () => {
    const script: Script = (request, line, fake) => {
      if (request.method !== METHODS.ALLOCATE || !request.hasIntegrity || request.requestedFamily === 2)
        return false
      fake.refuse(line, request, 440)
      return true
    }
    await using fake = await FakeTurn.start({ script, relayed: '2001:db8::5' })
    const { isGood, step } = await examined(wishesFor(fake))
    expect([isGood, step('allocate').outcome]).toEqual([true, 'warning'])
    expect(step('allocate').advice).toContain('440')
    expect(step('private_peers').facts['refused']).toContain('::1')
  })

  test('the second one may be refused: the first is kept and ended all the same', async () => {
    await using fake = await FakeTurn.start({ script: refusing(METHODS.ALLOCATE, 486, 2) })
    const { course, step } = await examined(wishesFor(fake))
    expect(course.slice(-5)).toEqual([
      'allocate ok',
      'second failed',
      'private_peers ok',
      'refresh ok',
      'delete ok',
    ])
    expect(step('second').advice).toContain('This test needs two allocations')
    expect([...fake.lines].filter(({ relayed }) => relayed !== null)).toEqual([])
  })

  test('the second one may be at another server', async () => {
    await using fake = await FakeTurn.start()
    await using other = await FakeTurn.start({ transport: 'tcp', firstPort: 60_000 })
    const peerUrl = wishesFor(other).url
    const { course } = await examined(wishesFor(fake, { peerUrl, timeoutMs: 500 }))
    expect(course.slice(4, 9)).toEqual([
      'allocate ok',
      'resolve ok',
      'reach ok',
      'second ok',
      'permissions ok',
    ])
    // These two relay only between their own clients.
    expect(course).toContain('indications failed')
    expect([fake.count(METHODS.ALLOCATE), other.count(METHODS.ALLOCATE)]).toEqual([2, 2])
    expect([...other.lines].filter(({ relayed }) => relayed !== null)).toEqual([])
  })
})

describe('300', () => {
  const redirectTo =
    (port: () => number, isBare: boolean): Script =>
    (request, line, fake) => {
      if (request.method !== METHODS.ALLOCATE || request.hasIntegrity === isBare) return false
      const to = Address.parse('127.0.0.1', port())!
      fake.refuse(line, request, 300, (w) => (port() === 0 ? w : w.address(ATTRIBUTES.ALTERNATE_SERVER, to)))
      return true
    }

  test.each([true, false])('is shown and followed (before credentials: %p)', async (isBare) => {
    await using fake = await FakeTurn.start()
    await using first = await FakeTurn.start({ script: redirectTo(() => fake.port, isBare) })
    const { isGood, course, step } = await examined(wishesFor(first))
    expect(isGood).toBe(true)
    expect(course.slice(isBare ? 2 : 3, isBare ? 4 : 5)).toEqual(['redirect ok', 'reach ok'])
    expect(step('redirect').found).toBe(`300 (Try Alternate): we are sent to 127.0.0.1:${fake.port}`)
    expect(fake.count(METHODS.REFRESH)).toBe(3)
  })

  test('is followed once, not for ever', async () => {
    await using fake: FakeTurn = await FakeTurn.start({ script: redirectTo(() => fake.port, true) })
    const { course } = await examined(wishesFor(fake))
    expect(course.slice(2)).toEqual(['redirect ok', 'reach ok', 'redirect failed'])
  })

  test('without an address is of no use', async () => {
    await using fake = await FakeTurn.start({ script: redirectTo(() => 0, true) })
    expect((await examined(wishesFor(fake))).step('redirect').found).toContain('but not where')
  })
})
