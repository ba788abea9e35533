import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { expiryOf, isWithin, type NewToken, TOKENS_MAX } from '../../../../server/control/store/tokens.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

const CI: NewToken = {
  ...{ name: 'ci', role: 'editor', scopes: ['backends/api/*'], ranges: ['10.0.0.0/8'] },
  ...{ createdBy: 'anna', expiresMs: null },
}

describe('tokens', () => {
  test('are told once, and found by their text', () => {
    const { tokens } = world.store
    const { text = '', token = null } = tokens.add(CI) ?? {}
    expect(text).toMatch(/^slt_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/)
    expect(tokens.find(text)).toEqual(token)
    expect(token).toMatchObject({ ...CI, usedMs: null, usedFrom: null, createdMs: world.clock.nowMs })
    expect(JSON.stringify(tokens.list())).not.toContain(text.slice(17))
  })

  test('another secret, or the id of another one, is nobody', () => {
    const { tokens } = world.store
    const [a = '', b = ''] = [1, 2].map(() => tokens.add(CI)?.text)
    const mixed = `${a.slice(0, 16)}_${b.slice(17)}`
    for (const text of ['', 'slt_', a.slice(0, -1), `${a}A`, a.toLowerCase(), mixed, ` ${a}`])
      expect(tokens.find(text)).toBeNull()
  })

  test('end at their time, and when they are removed', () => {
    const { tokens } = world.store
    const { text = '', token } = tokens.add({ ...CI, expiresMs: world.clock.nowMs + 1000 }) ?? {}
    const id = token?.id ?? ''
    expect([tokens.isExpired(tokens.find(text) ?? CI), tokens.isGood(id)]).toEqual([false, true])
    world.clock.nowMs += 1000
    expect([tokens.isExpired(tokens.find(text) ?? CI), tokens.isGood(id)]).toEqual([true, false])
    expect([tokens.remove(id), tokens.remove(id)]).toEqual([true, false])
    expect([tokens.find(text), tokens.isGood(id)]).toEqual([null, false])
  })

  test('say when and from where they were last used, written once a minute at most', () => {
    const { tokens } = world.store
    const { text = '' } = tokens.add(CI) ?? {}
    const use = (from: string): unknown[] => {
      const token = tokens.find(text)
      if (token !== null) tokens.used(token, from)
      const after = tokens.find(text)
      return [after?.usedMs, after?.usedFrom]
    }
    const first = world.clock.nowMs
    expect(use('::1')).toEqual([first, '::1'])
    world.clock.nowMs += 59_999
    expect(use('::1')).toEqual([first, '::1'])
    expect(use('192.0.2.1')).toEqual([first + 59_999, '192.0.2.1'])
    world.clock.nowMs += 60_000
    expect(use('192.0.2.1')).toEqual([first + 119_999, '192.0.2.1'])
  })

  test('there are so many at most', () => {
    const { tokens, db } = world.store
    db.transaction(() => {
      for (let made = 0; made < TOKENS_MAX; made++) tokens.add(CI)
    })
    expect(tokens.add(CI)).toBeNull()
  })
})

test('a token lasts for 90 days, or as long as is said', () => {
  const day = 86_400_000
  expect([null, 'never', '1d', '12h', '30m', '3650d'].map((lasts) => expiryOf(lasts, 0))).toEqual([
    ...[90 * day, null, day, day / 2, 1_800_000, 3650 * day],
  ])
  for (const odd of ['', '0d', '90', '1w', '3651d', '-1d', '1.5d', 'Never'])
    expect(expiryOf(odd, 0)).toBeUndefined()
})

describe('scopes', () => {
  test('hold what they name, and with a star what is below it', () => {
    const within = (scope: string, resource: string): boolean => isWithin([scope], resource)
    expect(isWithin([], 'backends/api')).toBe(true)
    expect(within('*', 'users')).toBe(true)
    expect(within('backends/api/*', 'backends/api')).toBe(true)
    expect(within('backends/api/*', 'backends/api/servers/a')).toBe(true)
    expect(within('backends/api', 'backends/api/servers/a')).toBe(false)
    for (const other of ['backends', 'backends/api2', 'backends/api2/x', 'backends/other', 'users', ''])
      expect(within('backends/api/*', other)).toBe(false)
  })
})
