import { expect, test } from 'bun:test'
import { filled } from '../../../server/lib/filled.ts'

test('so many places, each with the same', () => {
  expect(filled(3, null)).toEqual([null, null, null])
  expect(filled(0, 'x')).toEqual([])
  const many = filled(5120, '')
  expect(many.length).toBe(5120)
  expect(many.every((text) => text === '')).toBe(true)
})
