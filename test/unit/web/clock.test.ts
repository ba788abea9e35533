import { expect, test } from 'bun:test'
import { gatewayNow, heardTime } from '../../../web/data/clock.ts'
import { age, clock, left } from '../../../web/data/say.ts'
import { untilLabel } from '../../../web/pages/backend/untils.ts'

const HOUR_MS = 3_600_000
const aheadMs = (): number => Math.round((gatewayNow() - Date.now()) / 1000) * 1000 + 0
const hear = (ms: number): void => heardTime(new Date(Date.now() + ms).toISOString())

test('ages are of the clock of the gateway, where that of the browser is off by more than networks are', () => {
  hear(-900)
  expect(aheadMs()).toBe(0)
  hear(3 * HOUR_MS)
  expect(aheadMs()).toBe(3 * HOUR_MS)
  const inAQuarter = new Date(gatewayNow() + 15 * 60_000)
  expect(untilLabel('15m')).toBe(`15 min (${clock(inAQuarter)})`)
  // Of today is what is of the gateway's day.
  expect(clock(gatewayNow())).toMatch(/^\d\d:\d\d$/)
  // What waited while the tab slept.
  hear(2 * HOUR_MS)
  expect(aheadMs()).toBe(3 * HOUR_MS)
  // A clock that was set right is heard of within five frames.
  for (let n = 0; n < 5; n++) hear(0)
  expect(aheadMs()).toBe(0)
  heardTime('no time')
  expect(aheadMs()).toBe(0)
})

test('what is to be 24 hours is told so a moment later still', () => {
  expect([left(86_399), left(90 * 86_400 - 1), left(3599), left(59), left(0)]).toEqual([
    '24 h',
    '90 d',
    '1 h',
    '59 s',
    '0 s',
  ])
  expect(age(86_399)).toBe('23 h')
})
