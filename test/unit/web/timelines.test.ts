import { expect, test } from 'bun:test'
import { cellsOf, saidOf } from '../../../web/data/timelines.ts'

test('a timeline is said in words, breakers apart from what else was', () => {
  expect(saidOf(cellsOf('--uuu'))).toBe('Last hour: up')
  expect(saidOf(cellsOf('----'))).toBe('Last hour: nothing known')
  expect(saidOf(cellsOf('uubbbhudg'))).toBe(
    'Last hour: 1 min down, 3 min breaker open, 1 min breaker half-open, 1 min degraded',
  )
  expect(cellsOf('bhz')).toEqual(['open', 'half', 'unk'])
})
