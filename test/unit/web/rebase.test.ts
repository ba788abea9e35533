import { describe, expect, test } from 'bun:test'
import { type Change, opsOf } from '../../../web/data/change.ts'
import type { JsonMap } from '../../../web/data/merge.ts'
import { type Asks, type Conflict, decided, rebase } from '../../../web/data/rebase.ts'

const update = (
  base: JsonMap,
  patch: JsonMap,
  resource = 'backends/api',
): Extract<Change, { op: 'update' }> => ({
  op: 'update',
  ...{ resource, etag: '"old"', base, patch },
})
const conflict = (current: unknown, more: Partial<Conflict> = {}): Conflict => ({
  ...{ op_index: 0, resource: 'backends/api', what: 'changed', current, current_etag: '"new"' },
  ...{ changed_by: 'mira', changed_at: null, changed_revision: 129 },
  ...more,
})
const one = (change: Change, of: Conflict) => rebase([change], [of])[0]
const asked = (change: Change, of: Conflict): Asks => {
  const found = one(change, of)
  if (found?.is !== 'asks') throw new Error(`It is ${found?.is}.`)
  return found
}

describe('fields that were changed', () => {
  test('only by me are kept, on what there is now', () => {
    const change = update({ a: 1, b: { c: 1, d: 1 } }, { b: { c: 2 } })
    expect(one(change, conflict({ a: 9, b: { c: 1, d: 9 } }))).toEqual({
      is: 'kept',
      change: { ...change, etag: '"new"', base: { a: 9, b: { c: 1, d: 9 } }, patch: { b: { c: 2 } } },
    })
  })

  test('by both to the same are no change any more', () => {
    expect(one(update({ a: 1 }, { a: 2 }), conflict({ a: 2 }))).toMatchObject({ is: 'dropped' })
    expect(one(update({ a: 1 }, { a: null }), conflict({}))).toMatchObject({ is: 'dropped' })
  })

  test('by both to different values are asked for, and only those', () => {
    const change = update({ a: 1, b: 1, c: 1 }, { a: 2, b: 2, c: null })
    const asks = asked(change, conflict({ a: 3, b: 1, c: 5 }))
    expect(asks.overlaps).toEqual([
      { path: ['a'], base: 1, theirs: 3, mine: 2 },
      { path: ['c'], base: 1, theirs: 5, mine: undefined },
    ])
    expect(decided(asks, ['mine', 'theirs'])).toMatchObject({ etag: '"new"', patch: { a: 2, b: 2 } })
    expect(decided(asks, ['theirs', 'mine'])).toMatchObject({ patch: { b: 2, c: null } })
  })

  test('of which nothing is left are none', () => {
    expect(decided(asked(update({ a: 1 }, { a: 2 }), conflict({ a: 3 })), ['theirs'])).toBeNull()
  })
})

test('what they removed and I changed is made anew, or left removed', () => {
  const gone = conflict(null, { what: 'gone', current_etag: null })
  const asks = asked(update({ a: 1, b: 1 }, { a: 2 }), gone)
  expect(decided(asks, ['mine'])).toEqual({ op: 'create', resource: 'backends/api', value: { a: 2, b: 1 } })
  expect(decided(asks, ['theirs'])).toBeNull()
})

test('what both removed is removed, and what they changed is removed if that is meant', () => {
  const remove: Change = { op: 'delete', resource: 'backends/api', etag: '"old"', base: { a: 1 } }
  expect(one(remove, conflict(null, { what: 'gone', current_etag: null }))?.is).toBe('dropped')
  const asks = asked(remove, conflict({ a: 2 }))
  expect(decided(asks, ['mine'])).toEqual({ ...remove, etag: '"new"', base: { a: 2 } })
})

test('what both added becomes a change of theirs, or theirs', () => {
  const create: Change = { op: 'create', resource: 'backends/api', value: { a: 1, b: 1 } }
  const there = conflict({ a: 1, b: 2 }, { what: 'exists' })
  expect(decided(asked(create, there), ['mine'])).toMatchObject({ op: 'update', patch: { b: 1 } })
  expect(one(create, conflict({ a: 1, b: 1 }, { what: 'exists' }))?.is).toBe('dropped')
})

test('conflicts are of the operations as they were sent, and the others stay as they are', () => {
  const rename = update({ name: 'x' }, { name: 'y' }, 'rules/x')
  const weight = update({ weight: 1 }, { weight: 2 }, 'backends/api/servers/a')
  const found = rebase([rename, weight], [conflict({ weight: 1, name: 'a' }, { op_index: 0 })])
  expect(found).toMatchObject([{ change: { etag: '"old"' } }, { change: { etag: '"new"' } }])
})

test('operations are sent in an order that works', () => {
  const value = { name: 'n' }
  const ops = opsOf([
    update({}, { name: 'z' }, 'backends/b'),
    { op: 'delete', resource: 'backends/c', etag: '"1"', base: {} },
    { op: 'delete', resource: 'rules/c', etag: '"1"', base: {} },
    { op: 'move', resource: 'rules/a', etag: '"1"', position: { index: 0 } },
    { op: 'create', resource: 'rules/n', value },
    update({}, { weight: 1 }, 'backends/b/servers/s'),
    { op: 'create', resource: 'backends/n/servers/s', value },
    { op: 'create', resource: 'backends/n', value },
  ])
  expect(ops.map(({ op, resource }) => `${op} ${resource}`)).toEqual([
    'create backends',
    'create backends/n/servers',
    'create rules',
    'update backends/b/servers/s',
    'move rules/a',
    'delete rules/c',
    'delete backends/c',
    'update backends/b',
  ])
})
