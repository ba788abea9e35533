import { describe, expect, test } from 'bun:test'
import { DURATION_MS_MAX, formatDuration, parseDuration } from '../../../server/lib/durations.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

describe('durations', () => {
  test.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['1.5s', 1500],
    ['0.1s', 100],
    ['1m30s', 90_000],
    ['1h0m5s250ms', 3_605_250],
    ['0s', 0],
    ['24d', DURATION_MS_MAX],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each([
    '',
    '10',
    's',
    '-1s',
    '1 s',
    '10S',
    '1w',
    '1s1m',
    '1s1s',
    '0.5ms',
    '.5s',
    '1.s',
    '25d',
    '1e3s',
    'NaNs',
    '9'.repeat(100) + 's',
  ])('"%s" is no duration', (text) => {
    expect(parseDuration(text)).toBeNull()
  })

  test('what is written is read back as the same, in the largest unit that divides it', () => {
    expect(formatDuration(60_000)).toBe('1m')
    expect(formatDuration(90_000)).toBe('90s')
    expect(formatDuration(0)).toBe('0s')
    expect(formatDuration(1001)).toBe('1001ms')
    const random = seededRandom(seedOfRun())
    for (let i = 0; i < 1000; i++) {
      const ms = random.below(DURATION_MS_MAX)
      expect(parseDuration(formatDuration(ms))).toBe(ms)
    }
  })
})
