import { expect, test } from 'bun:test'
import { LiveList, ROWS_MAX } from '../../../web/pages/activity/live-list.ts'

const row = (n: number) => ({ id: String(n), time: new Date(n * 1000).toISOString() })
const rows = (...ns: readonly number[]) => ns.map(row)
const shown = (list: LiveList<ReturnType<typeof row>>): string[] => list.rows.map(({ id }) => id)

test('what comes waits until it is let in, and then stands above all that is shown', () => {
  const list = new LiveList<ReturnType<typeof row>>()
  list.add(rows(2, 1, 3))
  expect([shown(list), list.waiting]).toEqual([[], 3])
  list.show()
  expect([shown(list), list.waiting]).toEqual([['3', '2', '1'], 0])
  // Late ones do not go between what one has read.
  list.add(rows(5, 0))
  list.show()
  expect(shown(list)).toEqual(['5', '0', '3', '2', '1'])
})

test('what is known is not taken twice, whether it is shown or waits', () => {
  const list = new LiveList<ReturnType<typeof row>>()
  list.add(rows(1, 2))
  list.show()
  expect([list.add(rows(2, 3)), list.add(rows(3))]).toEqual([1, 0])
  list.show()
  expect(shown(list)).toEqual(['3', '2', '1'])
})

test('the oldest go where there are too many, and all that came are counted', () => {
  const list = new LiveList<ReturnType<typeof row>>()
  list.add(rows(1))
  list.show()
  list.add(Array.from({ length: ROWS_MAX + 5 }, (_, n) => row(n + 10)))
  expect(list.waiting).toBe(ROWS_MAX + 5)
  list.show()
  expect([list.rows.length, list.rows[0]?.id, list.rows.at(-1)?.id]).toEqual([
    ROWS_MAX,
    String(ROWS_MAX + 14),
    '15',
  ])
  // What was let go of may come again: it is not known any more.
  expect(list.add(rows(1))).toBe(1)
})
