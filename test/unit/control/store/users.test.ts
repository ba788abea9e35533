import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { whyNoUserName } from '../../../../server/control/store/users.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

describe('users', () => {
  test('are added once, whatever the case of their name', () => {
    const { users } = world.store
    expect(users.add({ name: 'Anna', role: 'admin', hash: 'h', by: 'local' })).toBe(true)
    expect(users.add({ name: 'anna', role: 'viewer', hash: 'x', by: 'local' })).toBe(false)
    expect(users.find('ANNA')).toEqual({
      ...{ name: 'Anna', role: 'admin', createdBy: 'local', lastSignInMs: null },
      ...{ hasTotp: false, hasPassword: true },
      ...{ passwordMs: world.clock.nowMs, createdMs: world.clock.nowMs },
    })
    expect(users.hashOf('anna')).toBe('h')
    expect([users.find('bob'), users.hashOf('bob')]).toEqual([null, null])
  })

  test('the first one is the first one', () => {
    const { users } = world.store
    expect(users.addFirst({ name: 'a', role: 'admin', hash: 'h', by: 'setup' })).toBe(true)
    expect(users.addFirst({ name: 'b', role: 'admin', hash: 'h', by: 'setup' })).toBe(false)
    expect(users.list().map(({ name }) => name)).toEqual(['a'])
  })

  test('the last admin is neither removed nor made less', () => {
    const { users } = world.store
    world.addUser('anna', 'admin')
    world.addUser('bob', 'editor')
    expect(users.remove('ANNA')).toBe('last_admin')
    expect(users.setRole('anna', 'editor')).toBe('last_admin')
    expect(users.setRole('anna', 'admin')).toBe('done')
    expect(users.setRole('bob', 'admin')).toBe('done')
    expect(users.remove('anna')).toBe('done')
    expect(users.remove('bob')).toBe('last_admin')
    expect([users.remove('carl'), users.setRole('carl', 'viewer')]).toEqual(['unknown', 'unknown'])
  })

  test('who is removed, or gets another role, is signed in no more', () => {
    const { users, signIns } = world.store
    for (const name of ['anna', 'bob', 'carl']) world.addUser(name, 'admin')
    const [anna, bob, carl] = ['anna', 'bob', 'carl'].map((user) => {
      return signIns.begin({ user, address: '::1', agent: '' })
    })
    users.remove('anna')
    users.setRole('bob', 'viewer')
    expect([anna, bob, carl].map((secret) => signIns.find(secret ?? '')?.user ?? null)).toEqual([
      null,
      null,
      'carl',
    ])
  })

  test('a password that is set ends all sign-ins but the one that it was set by', () => {
    const { users, signIns } = world.store
    world.addUser('anna', 'admin')
    const [own, other] = [1, 2].map(() => signIns.begin({ user: 'anna', address: '::1', agent: '' }))
    const id = signIns.find(own ?? '')?.id ?? ''
    expect(users.setPassword('anna', 'new', id)).toBe(true)
    expect(users.hashOf('anna')).toBe('new')
    expect(signIns.find(own ?? '')?.id).toBe(id)
    expect(signIns.find(other ?? '')).toBeNull()
    users.setPassword('anna', 'newer')
    expect(signIns.find(own ?? '')).toBeNull()
    expect(users.setPassword('bob', 'x')).toBe(false)
  })
})

test('names are words that stand in paths and logs', () => {
  for (const name of ['a', 'Anna.B', 'anna@example.org', 'x_1-2']) expect(whyNoUserName(name)).toBeNull()
  for (const name of ['', '.a', 'a b', 'a/b', 'a\n', 'é', 'a'.repeat(64)])
    expect(whyNoUserName(name)).toContain('63 letters')
})
