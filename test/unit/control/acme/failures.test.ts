import { expect, test } from 'bun:test'
import {
  cleared,
  failed,
  type Failures,
  sound,
  stopUntil,
  waiting,
  waitsUntil,
} from '../../../../server/control/acme/failures.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

test('what fails again and again is tried after minutes, then hours, then once a day', () => {
  let failures: Failures = {}
  const tries: number[] = []
  for (let nowMs = 0; nowMs < 5 * DAY_MS; nowMs += MINUTE_MS) {
    if (waitsUntil(failures, ['name a'], nowMs) > nowMs) continue
    tries.push(nowMs)
    failures = failed(failures, ['name a'], { nowMs, chance: () => 0 })
  }
  expect(tries.map((ms) => ms / MINUTE_MS)).toEqual([0, 5, 35, 155, 515, 1955, 3395, 4835, 6275])
})

test('a pause is longer by chance, never shorter', () => {
  const untilMs = (chance: number): number =>
    waitsUntil(failed({}, ['a'], { nowMs: 0, chance: () => chance }), ['a'], 0)
  expect(untilMs(0)).toBe(5 * MINUTE_MS)
  expect(untilMs(1)).toBe(5.5 * MINUTE_MS)
})

test('a stop is kept where it is longer, and is an hour where the CA names no time', () => {
  const nowMs = 1000
  const failures = failed({}, ['a'], { nowMs, chance: () => 0 })
  expect(waitsUntil(waiting(failures, 'a', { nowMs, untilMs: DAY_MS }), ['a'], nowMs)).toBe(DAY_MS)
  expect(waitsUntil(waiting(failures, 'a', { nowMs, untilMs: 2000 }), ['a'], nowMs)).toBe(
    nowMs + 5 * MINUTE_MS,
  )
  expect(stopUntil(null, nowMs)).toBe(nowMs + 60 * MINUTE_MS)
  expect(waitsUntil(cleared(failures, ['a']), ['a'], nowMs)).toBe(0)
})

test('what failed long ago, and is asked for by nobody, is forgotten', () => {
  const old = failed({}, ['old'], { nowMs: 0, chance: () => 0 })
  expect(Object.keys(failed(old, ['new'], { nowMs: 13 * DAY_MS, chance: () => 0 }))).toEqual(['old', 'new'])
  expect(Object.keys(failed(old, ['new'], { nowMs: 15 * DAY_MS, chance: () => 0 }))).toEqual(['new'])
})

test('a clock that was set back makes nothing wait for years, and what was spoilt in the file counts for nothing', () => {
  const ahead = failed({}, ['a'], { nowMs: 3650 * DAY_MS, chance: () => 0 })
  expect(waitsUntil(ahead, ['a'], 0)).toBe(0)
  const kept = {
    a: null,
    b: { count: 1 },
    c: { count: 1, atMs: 1, untilMs: 2 },
    d: [],
  } as unknown as Failures
  expect(Object.keys(sound(kept))).toEqual(['c'])
})
