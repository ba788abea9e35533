import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { base32, codeOf, stepOfCode, totpUri } from '../../../../server/control/store/totp.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

const codeNow = (secret: Uint8Array, around = 0): string =>
  codeOf(secret, Math.floor(world.clock.nowMs / 30_000) + around)

function setUp(user = 'anna'): { readonly secret: Uint8Array; readonly recovery: readonly string[] } {
  world.addUser(user, 'admin')
  const { secondFactors } = world.store
  const secret = secondFactors.begin(user) ?? new Uint8Array()
  const recovery = secondFactors.confirm(user, codeNow(secret)) ?? []
  // The code that turned it on is used up.
  world.clock.nowMs += 30_000
  return { secret, recovery }
}

describe('codes of an app', () => {
  test('are those of RFC 6238, appendix B, in six digits', () => {
    const secret = Buffer.from('12345678901234567890')
    const vectors: readonly (readonly [number, string])[] = [
      [59, '287082'],
      [1_111_111_109, '081804'],
      [1_111_111_111, '050471'],
      [1_234_567_890, '005924'],
      [2_000_000_000, '279037'],
      [20_000_000_000, '353130'],
    ]
    for (const [seconds, code] of vectors) expect(codeOf(secret, Math.floor(seconds / 30))).toBe(code)
  })

  test('are taken a step before and after their own, and once only', () => {
    const secret = Buffer.from('12345678901234567890')
    const [nowMs, step] = [1_234_567_890_000, 41_152_263]
    const taken = (around: number, lastStep = 0): number | null =>
      stepOfCode(secret, codeOf(secret, step + around), { nowMs, lastStep })
    expect([-2, -1, 0, 1, 2].map((around) => taken(around))).toEqual([null, step - 1, step, step + 1, null])
    expect(taken(0, step)).toBeNull()
    expect(taken(-1, step)).toBeNull()
    expect(taken(1, step)).toBe(step + 1)
    for (const odd of ['', '12345', '1234567', 'abcdef', '００５９２４'])
      expect(stepOfCode(secret, odd, { nowMs, lastStep: 0 })).toBeNull()
  })

  test('secrets are told as apps read them', () => {
    // RFC 4648, section 10.
    const vectors = {
      f: 'MY',
      fo: 'MZXQ',
      foo: 'MZXW6',
      foob: 'MZXW6YQ',
      fooba: 'MZXW6YTB',
      foobar: 'MZXW6YTBOI',
    }
    for (const [plain, text] of Object.entries(vectors)) expect(base32(Buffer.from(plain))).toBe(text)
    expect(totpUri(Buffer.from('foobar'), 'anna', 'gw 1')).toBe(
      'otpauth://totp/Sluice:anna%40gw%201?secret=MZXW6YTBOI&issuer=Sluice&algorithm=SHA1&digits=6&period=30',
    )
  })
})

describe('a second factor', () => {
  test('counts once a code of it was shown, in ten minutes', () => {
    world.addUser('anna', 'admin')
    const { secondFactors, users } = world.store
    const secret = secondFactors.begin('anna') ?? new Uint8Array()
    expect([secondFactors.isOn('anna'), secondFactors.take('anna', codeNow(secret))]).toEqual([false, false])
    world.clock.nowMs += 10 * 60_000 + 1
    expect(secondFactors.confirm('anna', codeNow(secret))).toBeNull()
    const again = secondFactors.begin('anna') ?? new Uint8Array()
    expect(secondFactors.confirm('anna', codeNow(secret))).toBeNull()
    expect(secondFactors.confirm('ANNA', codeNow(again))).toHaveLength(10)
    expect([secondFactors.isOn('anna'), users.find('anna')?.hasTotp]).toEqual([true, true])
    expect(secondFactors.begin('anna')).toBeNull()
  })

  test('a code is taken once, and none of before it afterwards', () => {
    const { secret } = setUp()
    const { secondFactors } = world.store
    const code = codeNow(secret)
    expect([secondFactors.take('anna', code), secondFactors.take('anna', code)]).toEqual([true, false])
    expect(secondFactors.take('anna', codeNow(secret, -1))).toBe(false)
    world.clock.nowMs += 30_000
    expect(secondFactors.take('anna', codeNow(secret))).toBe(true)
  })

  test('a recovery code is good once, and for its own user', () => {
    const { recovery } = setUp()
    setUp('bob')
    const { secondFactors } = world.store
    const [first = ''] = recovery
    expect(first).toMatch(/^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/)
    expect(secondFactors.take('bob', first)).toBe(false)
    expect(secondFactors.take('anna', first.toLowerCase().replaceAll('-', ''))).toBe(true)
    expect(secondFactors.take('anna', first)).toBe(false)
    expect(secondFactors.recoveryCodesLeft('anna')).toBe(9)
  })

  test('goes with what was told of it, and with its user', () => {
    const { recovery, secret } = setUp()
    const { secondFactors, users } = world.store
    expect([secondFactors.remove('anna'), secondFactors.remove('anna')]).toEqual([true, false])
    expect(secondFactors.take('anna', recovery[0] ?? '')).toBe(false)
    expect(secondFactors.take('anna', codeNow(secret))).toBe(false)
    world.addUser('bob', 'admin')
    setUp('carl')
    users.remove('carl')
    expect(
      world.store.db.sql.query('SELECT user FROM totp UNION SELECT user FROM recovery_codes').all(),
    ).toEqual([])
  })
})
