import { expect, test } from 'bun:test'
import { exampleValue, shownValue, valueText, writtenValue } from '../../../web/data/value-words.ts'

test.each<[unknown, string, string | null]>([
  ['a', 'a', 'a'],
  ['*', '*', 'any'],
  [{ is: '*' }, '*', '*'],
  [{ present: false }, 'none', null],
  [{ prefix: 'a' }, 'begins with a', 'a'],
  [{ suffix: 'a' }, 'ends with a', 'a'],
  [{ contains: 'a' }, 'contains a', 'a'],
  [{ regex: '^a' }, 'matches ^a', '^a'],
  [{ has: 'a' }, 'has the member a', 'a'],
  [{ min: 1 }, 'at least 1', '1'],
  [{ max: 2 }, 'at most 2', '2'],
  [{ min: 1, max: 2.5 }, '1 to 2.5', '1'],
])('%p is shown, and written again as it was', (written, text, example) => {
  expect(valueText(written)).toBe(text)
  expect(exampleValue(written)).toBe(example)
  expect(writtenValue(shownValue(written))).toEqual(written as object)
})

test('what is no number is left to the gateway to refuse', () => {
  expect(writtenValue({ way: 'range', text: 'x', most: '' })).toEqual({ min: 'x' })
})
