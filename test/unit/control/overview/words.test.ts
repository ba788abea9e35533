import { expect, test } from 'bun:test'
import {
  ageOf,
  asSentence,
  counted,
  listOf,
  longAge,
  percentOf,
  someOf,
  spelled,
} from '../../../../server/control/overview/words.ts'

test('ages are one unit, rounded down', () => {
  const ages = [0, 999, 59_999, 60_000, 3_599_999, 3_600_000, 47 * 3_600_000, 48 * 3_600_000, -5]
  expect(ages.map(ageOf)).toEqual(['0 s', '0 s', '59 s', '1 min', '59 min', '1 h', '47 h', '2 d', '0 s'])
  expect([1000, 120_000, 3_600_000, 48 * 3_600_000].map(longAge)).toEqual([
    '1 second',
    '2 minutes',
    '1 hour',
    '2 days',
  ])
})

test('numbers agree with what they count', () => {
  expect([counted(1, 'server'), counted(0, 'server'), counted(1200, 'entry', 'entries')]).toEqual([
    ...['1 server', '0 servers', '1,200 entries'],
  ])
  expect([0, 1, 9, 10, 1234].map(spelled)).toEqual(['no', 'one', 'nine', '10', '1,234'])
})

test('all and none are said only of all and none', () => {
  const shares = [
    [0, 100],
    [100, 100],
    [999, 1000],
    [1, 100_000],
    [8, 10_000],
    [41, 100],
    [1, 0],
  ] as const
  expect(shares.map(([part, whole]) => percentOf(part, whole))).toEqual([
    ...['0 %', '100 %', 'over 99 %', 'under 0.01 %', '0.08 %', '41 %', '0 %'],
  ])
})

test('lists end with "and", and long ones are cut', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map((all) => listOf(all))).toEqual([
    ...['', 'a', 'a and b', 'a, b and c', 'a, b and 2 more'],
  ])
  expect([someOf(['a'], 1), someOf(['a', 'b'], 2), someOf(['a', 'b', 'c'], 3), someOf(['a'], 2)]).toEqual([
    ...['Its only server', 'Both servers', 'All 3 servers', 'a'],
  ])
})

test('a sentence begins large and has one full stop', () => {
  expect(['gone', 'Gone.', 'really?'].map(asSentence)).toEqual(['Gone.', 'Gone.', 'Really?'])
})
