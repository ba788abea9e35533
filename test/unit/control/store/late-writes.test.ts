import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type LateWrite, LateWrites } from '../../../../server/control/store/late-writes.ts'
import { stateDbPath } from '../../../../server/control/store/state-db.ts'
import { Store } from '../../../../server/control/store/store.ts'
import { StoreBusy, StoreProblem } from '../../../../server/control/store/store-problem.ts'
import { storeWorld, type StoreWorld } from '../../../support/store-world.ts'
import { waitFor } from '../../../support/wait.ts'

let world: StoreWorld
let told: string[]
let holder: Database
let store: Store
let late: LateWrites
beforeEach(() => {
  world = storeWorld()
  told = []
  store = new Store(world.data, Date.now, { busyMs: 20 })
  holder = new Database(stateDbPath(world.data))
  late = new LateWrites('audit', {
    open: () => Promise.resolve(store),
    now: () => store,
    onWaiting: (kind, problem) => void told.push(`${kind} waits: ${problem instanceof StoreBusy}`),
    onKept: (kind, { kept, lost }) => void told.push(`${kind}: ${kept} kept, ${lost} lost`),
  })
})
afterEach(() => {
  late.end()
  for (const one of [holder, store, world]) one.close()
})

const entry = (action: string): LateWrite => ({
  ...{ kind: 'audit', bytes: 100, onLost: (why) => void told.push(`${action} is lost: ${why}`) },
  write: ({ audit }) =>
    void audit.record({ who: null, from: 'x', action, resource: '', result: 'done', requestId: '' }),
})
const kept = (): string[] =>
  world.store.audit
    .list({ limit: 5000 })
    .map(({ action }) => action)
    .toReversed()

test('what can be written is written at once', () => {
  expect([late.add(entry('one')), kept(), told]).toEqual([true, ['one'], []])
})

test('what another process keeps from being written waits in its order, and is made once that lets go', async () => {
  holder.run('BEGIN IMMEDIATE')
  const names = Array.from({ length: 250 }, (_, index) => `${index}`)
  for (const name of names) expect(late.add(entry(name))).toBe(false)
  expect([kept(), told]).toEqual([[], ['audit waits: true']])
  holder.run('COMMIT')
  await waitFor(() => told.length > 1)
  expect(told).toEqual(['audit waits: true', 'audit: 250 kept, 0 lost'])
  expect(kept()).toEqual(names)
  expect(late.add(entry('after'))).toBe(true)
})

test('whoever holds it is waited for once, and not by each write', () => {
  const waits = (): unknown => store.db.sql.query('PRAGMA busy_timeout').get()
  expect(waits()).toEqual({ timeout: 20 })
  holder.run('BEGIN IMMEDIATE')
  late.add(entry('one'))
  expect(waits()).toEqual({ timeout: 0 })
  expect(() => store.users.add({ name: 'a', role: 'viewer', hash: '', by: '' })).toThrow('locked')
  holder.run('COMMIT')
  store.users.add({ name: 'a', role: 'viewer', hash: '', by: '' })
  expect(waits()).toEqual({ timeout: 20 })
})

test('what waits has a bound, and what is beyond it is told to be lost', async () => {
  holder.run('BEGIN IMMEDIATE')
  for (let count = 0; count < 2000; count++) late.add(entry('waits'))
  late.add(entry('beyond'))
  late.add({ ...entry('large'), bytes: 33 * 1024 * 1024 })
  expect(told.slice(1)).toEqual([
    'beyond is lost: 2000 others wait to be kept',
    'large is lost: 2000 others wait to be kept',
  ])
  holder.run('COMMIT')
  await waitFor(() => told.length > 3)
  expect(told.at(-1)).toBe('audit: 2000 kept, 2 lost')
  expect(kept()).toHaveLength(2000)
})

test('what can never be made is lost alone', async () => {
  const bad: LateWrite = {
    ...entry('bad'),
    write: ({ db }) => void db.sql.run('INSERT INTO audit (at_ms) VALUES (NULL)'),
  }
  holder.run('BEGIN IMMEDIATE')
  for (const one of [entry('one'), bad, entry('two')]) late.add(one)
  holder.run('COMMIT')
  await waitFor(() => told.at(-1)?.includes('kept'))
  expect(told[1]).toStartWith('bad is lost: ')
  expect([told.at(-1), kept()]).toEqual(['audit: 2 kept, 1 lost', ['one', 'two']])
})

test('at the end what can be written is, and the rest is told to be lost', () => {
  holder.run('BEGIN IMMEDIATE')
  for (const name of ['one', 'two']) late.add(entry(name))
  holder.run('COMMIT')
  late.end()
  expect([kept(), told.slice(1)]).toEqual([['one', 'two'], []])
  expect(late.add(entry('three'))).toBe(true)
})

test('as long as there is none to write to, all waits for it', async () => {
  let isThere = false
  const waiting = new LateWrites('revisions', {
    open: () => (isThere ? Promise.resolve(store) : Promise.reject(new StoreProblem('no', 'none'))),
    now: () => (isThere ? store : null),
    onWaiting: (kind) => void told.push(`${kind} waits`),
    onKept: (kind) => void told.push(`${kind} kept`),
  })
  waiting.add(entry('one'))
  await waitFor(() => told.length > 0)
  isThere = true
  await waitFor(() => told.length > 1)
  expect([told, kept()]).toEqual([['revisions waits', 'revisions kept'], ['one']])
})
