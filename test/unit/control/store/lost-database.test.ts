import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { LostDatabase } from '../../../../server/control/store/lost-database.ts'
import { stateDbPath } from '../../../../server/control/store/state-db.ts'
import { Store } from '../../../../server/control/store/store.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
let lost: LostDatabase
let nowMs: number
beforeEach(() => {
  world = storeWorld()
  nowMs = 0
  lost = new LostDatabase(() => nowMs)
  world.addUser('anna', 'admin')
  expect(look()).toBe('there')
})
afterEach(() => world.close())

const look = (afterMs = 0): string => {
  nowMs += afterMs
  return lost.look(world.store.db, () => world.store.reopen())
}
/** Those that whoever opens it now finds. */
function usersThere(): string[] {
  const other = new Store(world.data)
  const names = other.users.list().map(({ name }) => name)
  other.close()
  return names
}
const path = (): string => stateDbPath(world.data)
const known = (): string[] => world.store.users.list().map(({ name }) => name)

/** A copy as `sqlite3 .backup` makes it. */
function copy(): string {
  const to = `${world.data}-copy`
  rmSync(to, { force: true })
  world.store.db.sql.query('VACUUM INTO ?').run(to)
  return to
}

test('a file that was removed is written anew from what is open, for its user alone, and its logs stay apart', () => {
  rmSync(path())
  world.addUser('bob', 'viewer')
  expect([look(), look(2999), look(1)]).toEqual(['gone', 'gone', 'written'])
  expect(statSync(path()).mode & 0o777).toBe(0o600)
  expect(usersThere()).toEqual(['anna', 'bob'])
  world.addUser('carl', 'viewer')
  expect([usersThere(), look()]).toEqual([['anna', 'bob', 'carl'], 'there'])
  expect(readdirSync(world.data).filter((name) => name.endsWith('.new'))).toEqual([])
  const check = new Database(path(), { readonly: true })
  expect(check.query('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  check.close()
})

test('a copy that is put in its place is taken once nobody writes to it any more', () => {
  const old = copy()
  world.addUser('bob', 'viewer')
  rmSync(path())
  expect(look(1000)).toBe('gone')
  copyFileSync(old, path())
  // Half of it, as whoever copies is not done.
  truncateSync(path(), 8192)
  expect([look(1000), look(1999)]).toEqual(['gone', 'gone'])
  copyFileSync(old, path())
  expect([look(1), look(1999), look(1)]).toEqual(['gone', 'gone', 'opened'])
  rmSync(old)
  expect([known(), usersThere()]).toEqual([['anna'], ['anna']])
  world.addUser('carl', 'viewer')
  expect(usersThere()).toEqual(['anna', 'carl'])
})

test('a folder that is moved away and comes back has all that was written meanwhile', () => {
  const away = `${world.data}-away`
  renameSync(world.data, away)
  world.addUser('bob', 'viewer')
  expect([look(9000), look(9000)]).toEqual(['gone', 'gone'])
  renameSync(away, world.data)
  expect([look(), usersThere()]).toEqual(['there', ['anna', 'bob']])
})

test('the key of sealed secrets comes back with it', () => {
  const sealed = world.store.key.seal('totp', new Uint8Array([1, 2, 3]), 'anna')
  rmSync(world.data, { recursive: true })
  mkdirSync(world.data)
  expect([look(), look(3000)]).toEqual(['gone', 'written'])
  const other = new Store(world.data)
  expect(other.key.open('totp', sealed, 'anna')).toEqual(Buffer.from([1, 2, 3]))
  other.close()
})

test('logs of another database that are there before it are waited with', () => {
  rmSync(world.data, { recursive: true })
  mkdirSync(world.data)
  writeFileSync(`${path()}-wal`, 'of a copy')
  expect([look(), look(3000), look(3000)]).toEqual(['gone', 'gone', 'gone'])
  expect(existsSync(path())).toBe(false)
  rmSync(`${path()}-wal`)
  expect(look()).toBe('written')
})

test('what cannot be taken is said, and what is open goes on', () => {
  rmSync(path())
  writeFileSync(path(), 'not a database at all, but long enough to be taken for one'.repeat(100))
  expect([look(), look(2000)]).toEqual(['gone', 'gone'])
  expect(lost.problem?.message).toContain('is damaged')
  world.addUser('bob', 'viewer')
  expect(known()).toEqual(['anna', 'bob'])
  rmSync(path())
  // Not again and again: each try stops everybody.
  expect([look(), look(57_000), look(3000)]).toEqual(['gone', 'gone', 'written'])
  expect([lost.problem, usersThere()]).toEqual([null, ['anna', 'bob']])
})

test('a link that leads nowhere in its place is said, and what is open goes on until it is away', () => {
  rmSync(path())
  symlinkSync(path(), path())
  world.addUser('bob', 'viewer')
  expect([look(), look(3000)]).toEqual(['gone', 'gone'])
  expect(lost.problem?.message).toContain('EEXIST')
  expect(known()).toEqual(['anna', 'bob'])
  rmSync(path())
  expect(look(60_000)).toBe('written')
  expect([lost.problem, usersThere()]).toEqual([null, ['anna', 'bob']])
})

test('a copy that was cut off by a kill is of no account', () => {
  writeFileSync(join(world.data, 'state.db.new'), 'half')
  rmSync(path())
  expect([look(), look(3000), usersThere()]).toEqual(['gone', 'written', ['anna']])
  expect(existsSync(join(world.data, 'state.db.new'))).toBe(false)
})
