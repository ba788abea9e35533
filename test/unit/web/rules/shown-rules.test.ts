import { expect, test } from 'bun:test'
import type { Change } from '../../../../web/data/change.ts'
import { withDrafted } from '../../../../web/data/rule-words.ts'
import { dropTarget, orderAfter, stepTarget } from '../../../../web/pages/rules/moving.ts'
import { rowsOf, shadowedWords } from '../../../../web/pages/rules/rows.ts'
import { shownRules } from '../../../../web/pages/rules/shown-rules.ts'

const ITEMS = ['a', 'b', 'c'].map((id, at) => ({
  ...{ id, etag: `e-${id}`, configured: { name: id, backend: 'one' } },
  place: { file: 'sluice.yaml', line: at + 1 },
}))

const shownWith = (...changes: Change[]) => shownRules(ITEMS, changes)

test('without a draft they are as they are configured', () => {
  const shown = shownWith()
  expect(shown.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect(shown.every(({ draft, isMoved }) => draft === null && !isMoved)).toBe(true)
})

test('moves of a draft are seen before they are sent, one upon the other', () => {
  const shown = shownWith(
    { op: 'move', resource: 'rules/c', etag: '', position: { index: 0 } },
    { op: 'move', resource: 'rules/b', etag: '', position: { after: 'c' } },
  )
  expect(shown.map(({ id, isMoved }) => [id, isMoved])).toEqual([
    ['c', true],
    ['b', true],
    ['a', false],
  ])
})

test('what the draft changes, adds and removes is shown so', () => {
  const shown = shownWith(
    {
      op: 'update',
      resource: 'rules/a',
      etag: '',
      base: ITEMS[0]?.configured ?? {},
      patch: { backend: 'two' },
    },
    { op: 'delete', resource: 'rules/b', etag: '', base: {} },
    { op: 'create', resource: 'rules/d', value: { name: 'd', respond: { status: 200 } } },
    { op: 'move', resource: 'rules/d', etag: '', position: { index: 0 } },
  )
  expect(shown.map(({ id, draft }) => [id, draft])).toEqual([
    ['d', 'new'],
    ['a', 'changed'],
    ['b', 'gone'],
    ['c', null],
  ])
  expect(shown[1]).toMatchObject({ rule: { name: 'a', backend: 'two' }, fields: ['backend'] })
  // What is to be removed is still told of.
  expect(shown[2]?.rule).toEqual({ name: 'b', backend: 'one' })
})

test('a rule of a part of the list keeps what is between where it is', () => {
  const order = ['a', 'x', 'b', 'y', 'c']
  const list = ['a', 'b', 'c']
  const up = stepTarget(list, 'c', -1)
  expect(up).toEqual({ before: 'b' })
  expect(orderAfter(order, 'c', up ?? { after: '' })).toEqual(['a', 'x', 'c', 'b', 'y'])
  expect(orderAfter(order, 'a', { after: 'b' })).toEqual(['x', 'b', 'a', 'y', 'c'])
  expect(stepTarget(list, 'a', -1)).toBeNull()
  expect(stepTarget(list, 'c', 1)).toBeNull()
})

test('dropping a rule beside itself moves nothing', () => {
  const list = ['a', 'b', 'c']
  expect([dropTarget(list, 'b', 1), dropTarget(list, 'b', 2)]).toEqual([null, null])
  expect(dropTarget(list, 'b', 0)).toEqual({ before: 'a' })
  expect(dropTarget(list, 'a', 3)).toEqual({ after: 'c' })
})

test('what is never reached follows the draft: moved before what takes it all, or put behind that', () => {
  const live = { shadowed_by: 'all' }
  const items = [
    { ...{ id: 'all', etag: '', configured: { backend: 'one' } }, place: { file: '', line: 1 } },
    {
      ...{ id: 'late', etag: '', configured: { match: { path: '/l' } }, live },
      place: { file: '', line: 2 },
    },
  ]
  const rows = (...changes: Change[]) => rowsOf(shownRules(items, changes), new Map())
  expect(rows().map(({ shadowedBy }) => shadowedBy?.place)).toEqual([undefined, 1])
  expect(shadowedWords(rows())).toBe(' Rule 2 is never reached.')
  const moved = rows({ op: 'move', resource: 'rules/late', etag: '', position: { index: 0 } })
  expect(moved.map(({ one, shadowedBy }) => [one.id, shadowedBy])).toEqual([
    ['late', null],
    ['all', null],
  ])
  expect(shadowedWords(moved)).toBe('')
  const added = rows({ op: 'create', resource: 'rules/new', value: { name: 'new', match: { path: '/n' } } })
  expect(added.at(-1)?.shadowedBy).toEqual({ name: 'all', place: 1 })
})

test('a listener that only the draft has is one that a rule may name', () => {
  const web = { name: 'web', protocol: 'http', port: ':80' }
  const drafted = (name: string, value: object) =>
    ({ op: 'create', resource: `listeners/${name}`, value: { name, ...value } }) as unknown as Change
  const changes = [
    drafted('next', { bind: ['0.0.0.0:8080'] }),
    drafted('relay', { bind: ':3478', protocol: 'turn' }),
    drafted('web', { bind: ':81' }),
    { op: 'create', resource: 'rules/next', value: { name: 'next' } } as unknown as Change,
  ]
  expect(withDrafted([web], changes)).toEqual([web, { name: 'next', protocol: 'http', port: ':8080' }])
})
