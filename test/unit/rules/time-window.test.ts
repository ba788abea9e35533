import { describe, expect, test } from 'bun:test'
import { compileMatch } from '../../../server/rules/match.ts'
import { localTimeText, timeWindow } from '../../../server/rules/time-window.ts'
import type { TimeConfig } from '../../../server/rules/time.options.ts'
import { matchOf, requestOf } from './words.ts'

const at = (iso: string): number => Date.parse(iso)
const holds = (words: Partial<TimeConfig>, iso: string): boolean =>
  timeWindow({ days: [], zone: 'UTC', ...words })(at(iso))

describe('a window of time', () => {
  test('begins with its first minute and ends before its last', () => {
    const words = { from: '08:00', to: '18:00' }
    expect(
      ['07:59:59', '08:00:00', '17:59:59', '18:00:00'].map((time) => holds(words, `2026-03-04T${time}Z`)),
    ).toEqual([false, true, true, false])
    expect(holds({ from: '08:00' }, '2026-03-04T23:59:59Z')).toBe(true)
    expect(holds({ to: '24:00' }, '2026-03-04T23:59:59Z')).toBe(true)
    expect(holds({ to: '08:00' }, '2026-03-04T00:00:00Z')).toBe(true)
  })

  test('that ends before it begins goes on into the next day, and belongs to the one before', () => {
    // 2026-03-06 is a Friday.
    const words = { days: ['fri' as const], from: '22:00', to: '06:00' }
    expect(
      [
        '2026-03-06T21:59Z',
        '2026-03-06T22:00Z',
        '2026-03-07T05:59Z',
        '2026-03-07T06:00Z',
        '2026-03-07T23:00Z',
        '2026-03-06T03:00Z',
      ].map((iso) => holds(words, iso)),
    ).toEqual([false, true, true, false, false, false])
  })

  test('is of the days of the zone, not of ours', () => {
    const words = { days: ['mon' as const], zone: 'Pacific/Auckland' }
    expect([holds(words, '2026-03-01T10:59Z'), holds(words, '2026-03-01T11:00Z')]).toEqual([false, true])
  })

  test('moves with summer time: eight in Berlin is seven and then six in UTC', () => {
    const words = { from: '08:00', to: '09:00', zone: 'Europe/Berlin' }
    // Summer time begins on 2026-03-29, and ends on 2026-10-25.
    for (const [iso, expected] of [
      ['2026-03-28T07:30Z', true],
      ['2026-03-28T06:30Z', false],
      ['2026-03-29T06:30Z', true],
      ['2026-03-29T07:30Z', false],
      ['2026-10-24T06:30Z', true],
      ['2026-10-25T07:30Z', true],
      ['2026-10-25T06:30Z', false],
    ] as const)
      expect([iso, holds(words, iso)]).toEqual([iso, expected])
  })

  test('an hour that the clock leaves out is never, one that comes twice is both times', () => {
    const gap = { from: '02:00', to: '03:00', zone: 'Europe/Berlin' }
    const night = Array.from({ length: 240 }, (_, minute) => at('2026-03-28T23:00Z') + minute * 60_000)
    expect(night.some((ms) => timeWindow({ days: [], ...gap })(ms))).toBe(false)
    const twice = Array.from({ length: 300 }, (_, minute) => at('2026-10-24T22:00Z') + minute * 60_000)
    expect(twice.filter((ms) => timeWindow({ days: [], ...gap })(ms))).toHaveLength(120)
  })

  test('keeps nothing over the minute, nor where the clock is set back', () => {
    const window = timeWindow({ days: [], from: '08:00', zone: 'UTC' })
    expect(
      ['07:59:59.999', '08:00:00.000', '07:59:00.000'].map((time) => window(at(`2026-03-04T${time}Z`))),
    ).toEqual([false, true, false])
  })

  test('a zone that is none is refused', () => {
    expect(() => timeWindow({ days: [], from: '08:00', zone: 'Europe/Nowhere' })).toThrow(RangeError)
  })
})

test('rules are asked by the clock that they are given', () => {
  let now = at('2026-03-04T07:00Z')
  const match = compileMatch(
    [
      { match: matchOf({ time: { days: [], from: '08:00', zone: 'UTC' } }), rule: 'open' },
      { match: matchOf({}), rule: 'closed' },
    ],
    { now: () => now },
  )
  expect(match(requestOf({}))).toBe('closed')
  now = at('2026-03-04T08:00Z')
  expect(match(requestOf({}))).toBe('open')
})

test('a time in words', () => {
  expect(localTimeText('Europe/Berlin', at('2026-03-04T07:05Z'))).toBe('wed 08:05')
})
