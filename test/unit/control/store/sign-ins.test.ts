import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { IDLE_MS, STEP_UP_MS, WHOLE_MS } from '../../../../server/control/store/sign-ins.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

const HOUR = 3_600_000

function begun(user = 'anna'): string {
  world.addUser(user, 'editor')
  return world.store.signIns.begin({ user, address: '192.0.2.7', agent: 'Firefox' })
}

describe('sign-ins', () => {
  test('are found by what their cookie holds, with the role that the user has now', () => {
    const secret = begun()
    const { signIns } = world.store
    const found = signIns.find(secret)
    expect(found).toMatchObject({ user: 'anna', role: 'editor', address: '192.0.2.7', agent: 'Firefox' })
    expect(secret).toMatch(/^[0-9A-Za-z]{43}$/)
    expect(found?.id).not.toBe(secret.slice(0, 12))
    for (const other of ['', secret.slice(1), `${secret}x`, found?.id ?? ''])
      expect(signIns.find(other)).toBeNull()
  })

  test('end when they are not used, and do not as long as they are', () => {
    const { signIns } = world.store
    const [used, unused] = [begun('anna'), begun('bob')]
    const [usedId, unusedId] = [used, unused].map((secret) => signIns.find(secret)?.id ?? '')
    world.clock.nowMs += IDLE_MS - 1
    expect(signIns.find(used)?.user).toBe('anna')
    expect(signIns.isGood(unusedId ?? '')).toBe(true)
    world.clock.nowMs += 1
    expect(signIns.find(used)?.user).toBe('anna')
    expect(signIns.find(unused)).toBeNull()
    expect(signIns.isGood(unusedId ?? '')).toBe(false)
    expect(signIns.isGood(usedId ?? '')).toBe(true)
    expect(signIns.list().map(({ user }) => user)).toEqual(['anna'])
  })

  test('end after a week, however much they are used', () => {
    const secret = begun()
    const end = world.clock.nowMs + WHOLE_MS
    while (world.clock.nowMs + HOUR < end) {
      world.clock.nowMs += HOUR
      expect(world.store.signIns.find(secret)).not.toBeNull()
    }
    world.clock.nowMs = end
    expect(world.store.signIns.find(secret)).toBeNull()
  })

  test('a fresh proof counts for five minutes, and goes on by another secret only', () => {
    const { signIns } = world.store
    const first = begun()
    const { id = '' } = signIns.find(first) ?? {}
    expect(signIns.isProved(signIns.find(first) ?? { provedMs: 0 })).toBe(true)
    world.clock.nowMs += STEP_UP_MS
    expect(signIns.isProved(signIns.find(first) ?? { provedMs: 0 })).toBe(false)
    const second = signIns.prove(id) ?? ''
    expect(signIns.find(first)).toBeNull()
    expect(signIns.find(second)?.id).toBe(id)
    expect(signIns.isProved(signIns.find(second) ?? { provedMs: 0 })).toBe(true)
    expect(signIns.prove('none')).toBeNull()
  })

  test('are ended by their id, and by their own user only where that is asked', () => {
    const { signIns } = world.store
    const secret = begun()
    const { id = '' } = signIns.find(secret) ?? {}
    expect(signIns.end(id, 'bob')).toBe(false)
    expect(signIns.end(id, 'ANNA')).toBe(true)
    expect(signIns.end(id)).toBe(false)
    expect(signIns.find(secret)).toBeNull()
  })

  test('of one user there are twenty at most: the oldest ends', () => {
    const { signIns } = world.store
    const secrets = [begun()]
    while (secrets.length < 21) {
      world.clock.nowMs += 1
      secrets.push(signIns.begin({ user: 'anna', address: '::1', agent: '' }))
    }
    expect(signIns.list('anna')).toHaveLength(20)
    expect(signIns.find(secrets[0] ?? '')).toBeNull()
    expect(signIns.find(secrets[20] ?? '')).not.toBeNull()
  })
})
