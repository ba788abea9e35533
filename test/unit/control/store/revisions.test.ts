import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NewRevision, REVISIONS, Revisions } from '../../../../server/control/store/revisions.ts'
import { StateDb } from '../../../../server/control/store/state-db.ts'

const opened: { readonly folder: string; readonly db: StateDb }[] = []
afterEach(() => {
  for (const { folder, db } of opened.splice(0)) {
    db.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

function database(): StateDb {
  const folder = mkdtempSync(join(tmpdir(), 'revisions-'))
  const db = StateDb.open(folder, [REVISIONS])
  opened.push({ folder, db })
  return db
}

const revision = (number: number, hash: string, more: Partial<NewRevision> = {}): NewRevision => ({
  ...{
    number,
    atMs: 1000 + number,
    hash,
    source: 'api',
    author: 'ann',
    message: null,
    restores: null,
    size: 4,
  },
  ...more,
})
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function serve(revisions: Revisions, number: number, hash: string): void {
  revisions.stage(revision(number, hash), bytes(`text of ${hash}`))
  revisions.serve(number, 'served')
}

const numbers = (revisions: Revisions): number[] =>
  revisions.list(Number.MAX_SAFE_INTEGER, 1000).map(({ number }) => number)

test('what is served is listed, newest first, with its text; what is only coming is not', () => {
  const revisions = new Revisions(database(), 'one')
  serve(revisions, 1, 'a')
  serve(revisions, 2, 'b')
  revisions.stage(revision(3, 'c', { message: 'more servers' }), bytes('text of c'))
  expect(numbers(revisions)).toEqual([2, 1])
  expect([revisions.find(3), revisions.packed(3)]).toEqual([null, null])
  revisions.serve(3, 'unconfirmed')
  expect(revisions.find(3)).toEqual({
    ...revision(3, 'c', { message: 'more servers' }),
    ...{ last: 3, state: 'unconfirmed', why: null },
  })
  expect(new TextDecoder().decode(revisions.packed(2) ?? bytes(''))).toBe('text of b')
  expect(revisions.list(3, 1).map(({ number }) => number)).toEqual([2])
  revisions.markUnconfirmed('confirmed', 'by ann')
  expect(revisions.find(3)).toMatchObject({ state: 'confirmed', why: 'by ann' })
  revisions.stage(revision(4, 'd'), bytes(''))
  revisions.unstage(4)
  revisions.unstage(3)
  expect(numbers(revisions)).toEqual([3, 2, 1])
})

test('readings of one text in a row are one revision, found by each of their numbers', () => {
  const revisions = new Revisions(database(), 'one')
  serve(revisions, 1, 'a')
  expect([revisions.reread('a', 2), revisions.reread('a', 3), revisions.reread('other', 4)]).toEqual([
    ...[true, true, false],
  ])
  serve(revisions, 4, 'b')
  expect([1, 2, 3, 4].map((number) => revisions.find(number)?.number)).toEqual([1, 1, 1, 4])
  expect(revisions.newest()).toMatchObject({ number: 4, last: 4 })
})

test('fifty are kept, and those of other config files are their own', () => {
  const db = database()
  const [revisions, others] = [new Revisions(db, 'one'), new Revisions(db, 'two')]
  serve(others, 1, 'other')
  for (let number = 1; number <= 60; number++) serve(revisions, number, `text ${number}`)
  expect(numbers(revisions)).toEqual(Array.from({ length: 50 }, (_, i) => 60 - i))
  expect(numbers(others)).toEqual([1])
})

test('texts that take too much room go before there are fifty, but for the last two', () => {
  const revisions = new Revisions(database(), 'one')
  const large = new Uint8Array(33 * 1024 * 1024)
  for (let number = 1; number <= 3; number++) {
    revisions.stage(revision(number, String(number)), large)
    revisions.serve(number, 'served')
  }
  expect(numbers(revisions)).toEqual([3, 2])
})

test('a start finds what it serves, however the one before it ended', () => {
  const revisions = new Revisions(database(), 'one')
  serve(revisions, 1, 'a')
  // It ended before the config file was renamed: the old text is served.
  revisions.stage(revision(2, 'b'), bytes('b'))
  expect(revisions.settle({ number: 1, hash: 'a' }, 'ended')).toBe(true)
  expect(numbers(revisions)).toEqual([1])
  // After that: the new one is served, and its author is known.
  revisions.stage(revision(2, 'b', { author: 'bob' }), bytes('b'))
  expect(revisions.settle({ number: 2, hash: 'b' }, 'ended')).toBe(true)
  expect(revisions.find(2)).toMatchObject({ author: 'bob', state: 'served' })
  // Somebody wrote another text into the file before the start.
  revisions.stage(revision(3, 'c'), bytes('c'))
  expect(revisions.settle({ number: 3, hash: 'd' }, 'ended')).toBe(false)
  revisions.add(revision(3, 'd', { source: 'start', author: null }), bytes('d'))
  expect(revisions.find(3)).toMatchObject({ hash: 'd', source: 'start', author: null })
  // It was read again, and the end came before that was kept here.
  expect(revisions.settle({ number: 4, hash: 'd' }, 'ended')).toBe(true)
  expect(revisions.find(4)).toMatchObject({ number: 3, last: 4 })
})

test('what waited to be confirmed when the gateway ended was taken back', () => {
  const revisions = new Revisions(database(), 'one')
  serve(revisions, 1, 'a')
  revisions.stage(revision(2, 'b'), bytes('b'))
  revisions.serve(2, 'unconfirmed')
  expect(revisions.settle({ number: 3, hash: 'a' }, 'the end')).toBe(false)
  expect(revisions.find(2)).toMatchObject({ state: 'reverted', why: 'the end' })
})
