import { expect, test } from 'bun:test'
import { areaOf, lineOf, scaleOf } from '../../../web/parts/spark-path.ts'

const BOX = { width: 100, height: 20 }
const line = (values: readonly (number | null)[]): string => lineOf(values, scaleOf(values, BOX))

test('a course begins at zero and ends at both edges', () => {
  expect(line([0, 10, 5])).toBe('M0.0 19.0L50.0 2.0L100.0 10.5')
})

test('a gap stays a gap', () => {
  expect(line([10, 10, null, 10, 10]).match(/M/g)).toHaveLength(2)
  expect(areaOf([null, null], scaleOf([null, null], BOX))).toBe('')
})

test('nothing but zeros is a line at the bottom', () => {
  expect(line([0, 0])).toBe('M0.0 19.0L100.0 19.0')
})
