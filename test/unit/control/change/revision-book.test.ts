import { Database } from 'bun:sqlite'
import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Served } from '../../../../server/control/change/apply.ts'
import { hashOf } from '../../../../server/control/change/file-part.ts'
import { History } from '../../../../server/control/change/history.ts'
import { RevisionBook } from '../../../../server/control/change/revision-book.ts'
import type { Edition } from '../../../../server/control/problem.ts'
import { REVISIONS, Revisions } from '../../../../server/control/store/revisions.ts'
import { StateDb, stateDbPath } from '../../../../server/control/store/state-db.ts'
import type { Store } from '../../../../server/control/store/store.ts'
import { keeperOf } from '../../../support/store-world.ts'
import { waitFor } from '../../../support/wait.ts'

const folders: string[] = []
const databases: StateDb[] = []
afterEach(() => {
  for (const db of databases.splice(0)) db.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

interface Run {
  readonly history: History
  readonly book: RevisionBook
  readonly store: Revisions
  readonly db: StateDb
  served: Served | null
}

const edition = (text: string, more: Partial<Edition> = {}): Edition =>
  ({ text, hash: hashOf(text), from: 'file', by: null, replaces: null, ...more }) as Edition

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'book-'))
  folders.push(made)
  return made
}

function run(data: string): Run {
  const history = new History(data, '/etc/sluice.yaml')
  const db = StateDb.open(data, [REVISIONS], { busyMs: 10 })
  databases.push(db)
  const book = new RevisionBook({ history, store: keeperOf({ db } as unknown as Store), nowMs: () => 1234 })
  return { history, book, db, store: new Revisions(db, 'config'), served: null }
}

/** As the applier does it. */
async function apply(run: Run, what: Edition): Promise<number> {
  const revision = run.history.revisionOf(what)
  for (const part of [run.history, run.book]) part.stage(what)
  await run.book.ready()
  for (const part of [run.history, run.book]) part.commit()
  run.served = { revision, edition: what } as Served
  return revision
}

async function start(data: string, text: string): Promise<Run> {
  const begun = run(data)
  await apply(begun, edition(text))
  await begun.book.opened(begun.store, begun.served!)
  return begun
}

const facts = ({ book }: Run): unknown[] =>
  (book.list(Number.MAX_SAFE_INTEGER, 100) ?? []).map(({ number, last, source, state, author }) => [
    ...[number, last, source, state, author],
  ])

test('the file as it is first served is revision 1; changes follow with their authors, and a text comes back byte for byte', async () => {
  const one = await start(folder(), '\uFEFFone: 1\r\n')
  const note = { source: 'ui', message: 'more weight' } as const
  await apply(one, edition('two', { from: 'api', by: 'ann', note }))
  await apply(one, edition('two'))
  await apply(one, edition('three'))
  expect(facts(one)).toEqual([
    [4, 4, 'file', 'served', null],
    [2, 3, 'ui', 'served', 'ann'],
    [1, 1, 'start', 'served', null],
  ])
  expect((await one.book.read(1))?.text).toBe('\uFEFFone: 1\r\n')
  expect((await one.book.read(3))?.revision).toMatchObject({ message: 'more weight', atMs: 1234 })
  expect(await one.book.read(5)).toBeNull()
  expect([one.book.before(4), one.book.before(3), one.book.before(1)]).toEqual([2, 1, null])
  expect(one.book.numberOf(hashOf('two'))).toBe(2)
})

test('what waits to be confirmed says so, and what became of it', async () => {
  const one = await start(folder(), 'one')
  const given = edition('two', { from: 'api' })
  one.history.hold({ hashes: [given.hash], previous: 'one' })
  await apply(one, given)
  expect(one.book.find(2)?.state).toBe('unconfirmed')
  // The same text read again confirms nothing.
  await apply(one, edition('two'))
  expect(one.book.find(2)?.state).toBe('unconfirmed')
  one.history.hold(null)
  one.book.confirmed('bob')
  expect(one.book.find(3)).toMatchObject({ state: 'confirmed', why: 'by bob' })
  one.history.hold({ hashes: [hashOf('three')], previous: 'two' })
  await apply(one, edition('three', { from: 'api' }))
  one.history.hold(null)
  await apply(one, edition('two', { from: 'rollback', note: { message: 'late', restores: 3 } }))
  expect(one.book.find(4)).toMatchObject({ state: 'reverted', why: 'late' })
  expect(one.book.find(5)).toMatchObject({ source: 'rollback', restores: 3, message: 'late' })
})

test('a change that comes to nothing leaves nothing behind', async () => {
  const one = await start(folder(), 'one')
  one.book.stage(edition('two'))
  await one.book.ready()
  one.book.drop()
  expect(facts(one)).toEqual([[1, 1, 'start', 'served', null]])
  expect(await apply(one, edition('three'))).toBe(2)
  expect(one.book.find(2)?.hash).toBe(hashOf('three'))
})

test('over a restart numbers go on, and a database that is opened late learns what it missed', async () => {
  const data = folder()
  const one = await start(data, 'one')
  await apply(one, edition('two'))
  databases.pop()?.close()
  const two = run(data)
  await apply(two, edition('two'))
  await apply(two, edition('three'))
  await two.book.opened(two.store, two.served!)
  await apply(two, edition('four'))
  expect(facts(two)).toEqual([
    [4, 4, 'file', 'served', null],
    [3, 3, 'start', 'served', null],
    [2, 2, 'file', 'served', null],
    [1, 1, 'start', 'served', null],
  ])
})

test('a change that is under way as the database is opened is kept as well', async () => {
  const one = run(folder())
  await apply(one, edition('one'))
  const next = edition('two', { from: 'api', by: 'ann' })
  for (const part of [one.history, one.book]) part.stage(next)
  await one.book.ready()
  await one.book.opened(one.store, one.served!)
  for (const part of [one.history, one.book]) part.commit()
  await waitFor(() => one.book.find(2) !== null, { what: 'the revision' })
  expect(facts(one)).toEqual([
    [2, 2, 'api', 'served', 'ann'],
    [1, 1, 'start', 'served', null],
  ])
})

test('what cannot be written is kept with its author and what became of it, once it can be', async () => {
  const data = folder()
  const one = await start(data, 'one')
  const holder = new Database(stateDbPath(data))
  holder.run('BEGIN IMMEDIATE')
  const given = edition('two', { from: 'api', by: 'ann' })
  one.history.hold({ hashes: [given.hash], previous: 'one' })
  await apply(one, given)
  await apply(one, edition('two'))
  one.history.hold(null)
  one.book.confirmed('bob')
  await apply(one, edition('four', { from: 'api', by: 'carl' }))
  one.book.reverted(4, 'worse')
  await one.book.settled
  expect(facts(one)).toEqual([[1, 1, 'start', 'served', null]])
  holder.run('COMMIT')
  holder.close()
  await waitFor(() => one.book.find(4)?.state === 'reverted', { what: 'what was written late' })
  expect(facts(one)).toEqual([
    [4, 4, 'api', 'reverted', 'carl'],
    [2, 3, 'api', 'confirmed', 'ann'],
    [1, 1, 'start', 'served', null],
  ])
  expect([one.book.find(2)?.why, (await one.book.read(2))?.text]).toEqual(['by bob', 'two'])
})

test('a gateway that ends before it could write knows the text that it serves, if not whose it was', async () => {
  const data = folder()
  const one = await start(data, 'one')
  const holder = new Database(stateDbPath(data))
  holder.run('BEGIN IMMEDIATE')
  await apply(one, edition('two', { from: 'api', by: 'ann' }))
  await one.book.settled
  const two = run(data)
  await apply(two, edition('two'))
  holder.close()
  await two.book.opened(two.store, two.served!)
  expect(facts(two)).toEqual([
    [2, 2, 'start', 'served', null],
    [1, 1, 'start', 'served', null],
  ])
})

test('what the number file cannot keep is not kept in the database either, until it can', async () => {
  const data = folder()
  const one = await start(data, 'one')
  // A folder stands where the file is to be.
  const other = join(data, 'not-a-folder')
  writeFileSync(other, '')
  const broken = new History(join(other, 'x'), '/etc/sluice.yaml')
  const store = keeperOf({ db: one.db } as unknown as Store)
  const book = new RevisionBook({ history: broken, store, nowMs: () => 0 })
  await book.opened(one.store, one.served!)
  book.stage(edition('two'))
  await book.ready()
  broken.stage(edition('two'))
  broken.commit()
  book.commit()
  expect(facts(one)).toEqual([[1, 1, 'start', 'served', null]])
  rmSync(other)
  const revision = { number: 1, hash: hashOf('two') }
  await waitFor(() => book.find(1)?.hash === revision.hash, { what: 'the number and the revision' })
  expect(new History(join(other, 'x'), '/etc/sluice.yaml').revisionOf(edition('two'))).toBe(1)
})
