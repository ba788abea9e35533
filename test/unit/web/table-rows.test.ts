import { expect, test } from 'bun:test'
import { arranged, nextSort, type Sortable, windowOf } from '../../../web/parts/table-rows.ts'

interface Row {
  readonly name: string
  readonly rate: number | null
}

const COLUMNS: readonly Sortable<Row>[] = [
  { key: 'name', sort: ({ name }) => name, text: ({ name }) => name },
  { key: 'rate', sort: ({ rate }) => rate, text: ({ rate }) => `${rate}/s` },
]
const ROWS: readonly Row[] = [
  { name: 'api-10', rate: 5 },
  { name: 'Api-2', rate: null },
  { name: 'web-1', rate: 70 },
  { name: 'api-1', rate: 5 },
]
const namesOf = (rows: readonly Row[]): string[] => rows.map(({ name }) => name)

test('without a sort rows stay as they came', () => {
  expect(arranged(ROWS, COLUMNS, null)).toBe(ROWS)
})

test('names are sorted as people count, whatever their case', () => {
  expect(namesOf(arranged(ROWS, COLUMNS, { key: 'name' }))).toEqual(['api-1', 'Api-2', 'api-10', 'web-1'])
})

test('equal rows keep their order, and what is not known stands last in either direction', () => {
  const down = arranged(ROWS, COLUMNS, { key: 'rate', isDown: true })
  expect(namesOf(down)).toEqual(['web-1', 'api-10', 'api-1', 'Api-2'])
  const up = arranged(ROWS, COLUMNS, { key: 'rate' })
  expect(namesOf(up)).toEqual(['api-10', 'api-1', 'web-1', 'Api-2'])
})

test('all words of a filter must be found, in whichever columns', () => {
  expect(namesOf(arranged(ROWS, COLUMNS, null, ' 5/s API '))).toEqual(['api-10', 'api-1'])
  expect(arranged(ROWS, COLUMNS, null, 'api web')).toEqual([])
})

test('a first press sorts numbers from the largest and words from the first; the next one turns it', () => {
  expect(nextSort(null, 'rate', true)).toEqual({ key: 'rate', isDown: true })
  expect(nextSort({ key: 'rate' }, 'name', false)).toEqual({ key: 'name', isDown: false })
  expect(nextSort({ key: 'name', isDown: false }, 'name', false)).toEqual({ key: 'name', isDown: true })
})

test('drawn rows and the space for the others are as high as all rows, wherever it is scrolled', () => {
  for (const top of [0, 35, 36, 5000, 179_000, 1_000_000]) {
    const { first, end, above, below } = windowOf(5000, 36, top, 640)
    expect(above + (end - first) * 36 + below).toBe(5000 * 36)
    expect(end - first).toBeLessThan(50)
    const seen = Math.min(top, 5000 * 36 - 640)
    expect(above).toBeLessThanOrEqual(seen)
    expect(above + (end - first) * 36).toBeGreaterThanOrEqual(seen + 640)
  }
})

test('a list that became shorter than where it was scrolled to shows its end', () => {
  expect(windowOf(10, 36, 90_000, 640)).toEqual({ first: 0, end: 10, above: 0, below: 0 })
  expect(windowOf(0, 36, 0, 640)).toEqual({ first: 0, end: 0, above: 0, below: 0 })
})
