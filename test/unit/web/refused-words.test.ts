import { expect, test } from 'bun:test'
import { linesOf } from '../../../web/data/problem.ts'

test('of what is refused nothing is said twice, and what to do is never left out', () => {
  const errors = [
    { path: 'a.url', line: 5, message: 'found "http://a:99999"', hint: 'ports go from 1 to 65535' },
    { path: 'b', message: 'found "x"', hint: null as unknown as string },
    { path: 'c', message: 'it cannot be written', hint: 'make room' },
    { path: 'd', message: 'no such backend' },
  ]
  const detail = 'The change was refused: found "http://a:99999"; found "x".'
  expect(linesOf({ detail, errors, hint: 'make room on its disk' })).toEqual([
    { path: 'a.url', line: 5, words: 'ports go from 1 to 65535' },
    { path: 'c', line: undefined, words: 'it cannot be written' },
    { path: 'd', line: undefined, words: 'no such backend' },
  ])
})
