import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { expect, test } from 'bun:test'
import { type Page, PAGE_QUERY, pageOf } from '../../../server/admin/pages.ts'

const LETTERS = [...'abcdefghij']
const page = (all: readonly string[], query: Record<string, string>): Page<string> | Response =>
  pageOf(all, new URLSearchParams(query), (letter) => letter)

function read(all: (page: number) => readonly string[], limit: string): string {
  let text = ''
  let cursor: string | null = null
  for (let number = 0; number === 0 || cursor !== null; number++) {
    const found = page(all(number), { limit, ...(cursor !== null && { cursor }) })
    if (found instanceof Response) throw new Error(`refused: ${found.status}`)
    text += `${found.items.join('')} `
    cursor = found.next_cursor
  }
  return text.trim()
}

test('pages give each item once, the last one without a cursor', () => {
  expect(read(() => LETTERS, '4')).toBe('abcd efgh ij')
  expect(read(() => LETTERS, '5')).toBe('abcde fghij')
  expect(page(LETTERS, {})).toEqual({ items: LETTERS, next_cursor: null })
  expect(page([], {})).toEqual({ items: [], next_cursor: null })
})

test('what comes and goes meanwhile moves nothing that was not read yet', () => {
  const without = (gone: string) => LETTERS.filter((letter) => letter !== gone)
  expect(read((number) => (number === 0 ? LETTERS : without('b')), '4')).toBe('abcd efgh ij')
  expect(read((number) => (number === 0 ? LETTERS : ['x', ...LETTERS]), '4')).toBe('abcd efgh ij')
  // Of the last item that was given nothing is left: the place where it was goes on.
  expect(read((number) => (number === 0 ? LETTERS : without('d')), '4')).toBe('abcd efgh ij')
})

test('a limit or cursor that is none is refused', () => {
  for (const query of [
    { limit: '0' },
    { limit: '1001' },
    { limit: 'x' },
    { cursor: 'x' },
    { cursor: '' },
    { cursor: btoa('[-1,"a"]') },
  ]) {
    const found = page(LETTERS, query as Record<string, string>)
    expect([query, found instanceof Response && found.status]).toEqual([query, 400])
  }
})

test('what the query of a list takes is what pages are read by', () => {
  const schema = Type.Object(PAGE_QUERY, { additionalProperties: false })
  const { next_cursor: cursor } = page(LETTERS, { limit: '2' }) as Page<string>
  expect(Value.Check(schema, { limit: '1000', cursor })).toBe(true)
  for (const limit of ['0', '-1', '10000', '1e3', ''])
    expect([limit, Value.Check(schema, { limit })]).toEqual([limit, false])
})
