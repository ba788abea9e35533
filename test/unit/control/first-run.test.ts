import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FirstRun } from '../../../server/control/first-run.ts'
import { isPassword } from '../../../server/control/store/passwords.ts'
import { StoreProblem } from '../../../server/control/store/store-problem.ts'
import { keeperOf, storeWorld, type StoreWorld } from '../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => void (world = storeWorld()))
afterEach(() => world.close())

const look = (env: Record<string, string> = {}): Promise<void> =>
  new FirstRun().look(keeperOf(world.store), env)

test('without users there is a one-time token, another one with each start', async () => {
  await look()
  const first = world.store.setupToken.read()
  await look()
  expect(first).not.toBeNull()
  expect(world.store.setupToken.isOne(first ?? '')).toBe(false)
  expect(world.store.setupToken.read()).not.toBeNull()
})

test('a token that was printed before the first start is that of this start', async () => {
  const printed = world.store.setupToken.readOrMake()
  await look()
  expect(world.store.setupToken.isOne(printed)).toBe(true)
  await look()
  expect(world.store.setupToken.isOne(printed)).toBe(false)
})

test('a config that is applied later makes no other', async () => {
  const run = new FirstRun()
  let fails = true
  const store = {
    keep: () => false,
    open: () => (fails ? Promise.reject(new StoreProblem('no', 'none')) : Promise.resolve(world.store)),
  }
  await run.look(store, {})
  expect(world.store.setupToken.read()).toBeNull()
  fails = false
  await run.look(store, {})
  const token = world.store.setupToken.read()
  await run.look(store, {})
  expect(world.store.setupToken.read()).toBe(token)
})

test('with users there is none', async () => {
  world.store.setupToken.renew()
  world.addUser('anna', 'admin')
  await look()
  expect(existsSync(world.store.setupToken.path)).toBe(false)
})

test('what a start that was killed has left of its token goes with the next, with users or without', async () => {
  const killed = Bun.spawn(['true'])
  await killed.exited
  const left = `${world.store.setupToken.path}.${killed.pid}`
  for (const prepare of [() => {}, () => void world.addUser('anna', 'admin')]) {
    prepare()
    writeFileSync(left, '')
    await look()
    expect(existsSync(left)).toBe(false)
  }
})

test('a password from a file makes the first user, and never another password', async () => {
  const file = join(world.data, 'password')
  writeFileSync(file, 'the first password\n')
  await look({ SLUICE_ADMIN_PASSWORD_FILE: file })
  const { users, setupToken } = world.store
  expect(users.list()).toMatchObject([{ name: 'admin', role: 'admin' }])
  expect(await isPassword('the first password', users.hashOf('admin'))).toBe(true)
  expect(setupToken.read()).toBeNull()
  users.setPassword('admin', 'changed')
  await look({ SLUICE_ADMIN_PASSWORD_FILE: file })
  expect(users.hashOf('admin')).toBe('changed')
})

test('a file without a good password is told, and the token is there', async () => {
  const file = join(world.data, 'password')
  writeFileSync(file, 'short')
  for (const named of [file, join(world.data, 'none')]) {
    await look({ SLUICE_ADMIN_PASSWORD_FILE: named })
    expect(world.store.users.count()).toBe(0)
    expect(world.store.setupToken.read()).not.toBeNull()
  }
})
