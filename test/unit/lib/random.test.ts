import { expect, test } from 'bun:test'
import { jitter } from '../../../server/lib/random.ts'

test('jitter changes a value by up to a share of it, both ways', () => {
  expect(jitter(1000, 0.1, () => 0)).toBe(900)
  expect(jitter(1000, 0.1, () => 0.5)).toBe(1000)
  expect(jitter(1000, 0.1, () => 1)).toBe(1100)
})
