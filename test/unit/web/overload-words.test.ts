import { expect, test } from 'bun:test'
import { levelWords, shareWords, shedWords } from '../../../web/pages/listeners/overload-words.ts'

test('how near a worker is to too much is said in what is measured', () => {
  expect(levelWords('loop_lag', 0.32, 250)).toBe('80 ms of 250 ms')
  expect(levelWords('memory', 0.5, 2 ** 31)).toBe('1 GiB of 2 GiB')
  expect(levelWords('descriptors', 0.5, 0.9)).toBe('45 % of 90 %')
  expect([shareWords(0, false), shareWords(0.35, false), shareWords(0.35, true)]).toEqual([
    ...['Takes all', 'Refuses 35 %', 'Would refuse 35 %'],
  ])
})

test('what was refused is told by priority, the lowest first', () => {
  const one = (priority: number, requests: number, more = {}) => ({
    ...{ priority, requests, cause: 'memory', decision: 'refused' },
    ...more,
  })
  const shed = [
    one(5, 12),
    one(0, 1200),
    one(0, 4, { cause: 'loop_lag' }),
    one(-3, 7, { decision: 'shadow' }),
  ]
  expect(shedWords(shed, 'refused')).toBe('1,204 of priority 0 and 12 of priority 5')
  expect(shedWords(shed, 'shadow')).toBe('7 of priority -3')
  expect(shedWords([], 'refused')).toBe('')
})
