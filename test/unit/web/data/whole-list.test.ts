import { expect, test } from 'bun:test'
import type { Answer } from '../../../../web/data/api.ts'
import { HeldEntry } from '../../../../web/data/held.ts'
import { isAllOf, pagesOf, wholeList } from '../../../../web/data/whole-list.ts'

interface List {
  readonly items: readonly number[]
  readonly total: number
  readonly next_cursor: string | null
}

const ALL = Array.from({ length: 2500 }, (_, place) => place)

/** Pages of a thousand, whose cursors are the places that they begin at. */
const pageAt = (cursor: string | null): List => {
  const from = Number(cursor ?? 0)
  const next = from + 1000 < ALL.length ? String(from + 1000) : null
  return { items: ALL.slice(from, from + 1000), total: ALL.length, next_cursor: next }
}
const ok = (value: unknown): Answer<unknown> => ({ ok: true, value, etag: null, status: 200 })
const no: Answer<unknown> = {
  ok: false,
  problem: { title: 'Not now', detail: '', status: 503, code: 'not_now', errors: [] },
} as never

test('all pages of a list come as one, and are shown as they come', async () => {
  const shown: [number, boolean][] = []
  const answer = await wholeList(
    async (cursor) => ok(pageAt(cursor)),
    (value) => shown.push([(value as List).items.length, isAllOf(value as List)]),
  )
  expect(shown).toEqual([
    [1000, false],
    [2000, false],
  ])
  expect(answer).toEqual(ok({ items: ALL, total: 2500, next_cursor: null }))
  expect(isAllOf(pageAt('2000'))).toBe(true)
  expect([0, 1, 1000, 1001, 2500].map((count) => pagesOf({ items: ALL.slice(0, count) }))).toEqual([
    1, 1, 1, 2, 3,
  ])
})

test('a list of one page is asked for once', async () => {
  const asked: (string | null)[] = []
  const list = { items: [1, 2], total: 2, next_cursor: null }
  const answer = await wholeList(
    async (cursor) => {
      asked.push(cursor)
      return ok(list)
    },
    () => {
      throw new Error('Nothing is to come.')
    },
  )
  expect([asked, answer]).toEqual([[null], ok(list)])
})

test('what was whole stays shown while it is read anew, and where a page of it does not come', async () => {
  const lengths: number[] = []
  let last: Answer<unknown> | null = null
  const entry = new HeldEntry('/servers', (soFar) =>
    wholeList(async (cursor) => (cursor === '2000' && last !== null ? last : ok(pageAt(cursor))), soFar),
  )
  const stop = entry.held.subscribe(({ value }) => lengths.push((value as List | null)?.items.length ?? 0))
  // 1. At first what has come is shown; the page that fails leaves it, and says so.
  last = no
  await entry.refresh()
  expect([lengths, entry.held.value.problem?.code]).toEqual([[0, 1000, 2000, 2000], 'not_now'])
  // 2. Tried again it does not shrink.
  last = null
  lengths.length = 0
  await entry.refresh()
  expect([lengths, entry.held.value.problem, entry.pages]).toEqual([[2000, 2500], null, 3])
  // 3. And once it is whole it is whole at any time.
  lengths.length = 0
  await entry.refresh()
  last = no
  await entry.refresh()
  expect([lengths, entry.held.value.problem?.code]).toEqual([[2500, 2500], 'not_now'])
  stop()
})
