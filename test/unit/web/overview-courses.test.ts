import { expect, test } from 'bun:test'
import {
  aboveSince,
  coursesOf,
  incidentOf,
  lastOf,
  placeOf,
  saidPeak,
  smoothed,
  spanOf,
  usualSpan,
} from '../../../web/pages/overview/courses.ts'

const FROM = '2026-11-30T12:00:00.000Z'
const AT = Date.parse(FROM) / 1000

const stats = (series: object, lastS = 10) => ({
  step_s: 10,
  from: FROM,
  to: '2026-11-30T12:00:40.000Z',
  last_s: lastS,
  since: '2026-11-30T12:00:10.000Z',
  series: [series],
})

test('counts become numbers a second and errors shares of requests', () => {
  const courses = coursesOf(stats({ requests: [null, 100, 50, 20], server_errors: [null, 1, 0, 20] }))
  expect(courses.times).toEqual([AT, AT + 10, AT + 20, AT + 30])
  expect(courses.requests).toEqual([null, 10, 5, 2])
  expect(courses.serverErrors).toEqual([null, 1, 0, 100])
})

test('a step that is under way counts by how much of it is over, and not at all before its half', () => {
  expect(coursesOf(stats({ requests: [10, 10, 10, 10] }, 5)).requests.at(-1)).toBe(2)
  expect(coursesOf(stats({ requests: [10, 10, 10, 10] }, 4)).requests.at(-1)).toBeNull()
})

test('a column that is left out was zero where others are known, and unknown where they are', () => {
  const courses = coursesOf(stats({ requests: [null, 1, 1, 1] }))
  expect(courses.clientErrors).toEqual([null, 0, 0, 0])
  expect(courses.p95).toEqual([null, null, null, null])
})

test('where nothing was counted at all the line is flat from the start of what is kept on', () => {
  const courses = coursesOf({ ...stats({}), series: [] })
  expect(courses.requests).toEqual([null, 0, 0, 0])
})

test('a share without requests is not known', () => {
  expect(coursesOf(stats({ requests: [0, 0, 10, 10], server_errors: [0, 0, 1, 0] })).serverErrors).toEqual([
    null,
    null,
    10,
    0,
  ])
})

test('the peak is said with its time, and nothing where there was none', () => {
  expect(saidPeak([1, 2731, 5], [AT, AT + 60, AT + 120])).toMatch(
    /^peak 2,731 at (?:\d+ \w+ (?:\d{4} )?)?\d\d:\d\d/,
  )
  expect(saidPeak([0, 0, null], [AT, AT + 60, AT + 120])).toBe('')
  // A second is above the mean of ten: what is told as now is never above its peak.
  const times = [AT, AT + 10]
  expect(saidPeak([2.67, 1], times, { now: 4 })).toBe('at its peak now')
  expect(saidPeak([2.67, 1], times, { now: 2.671 })).toMatch(/^peak 2.67 at/)
})

test('since when something is above a bound: without a break until now', () => {
  const times = [1, 2, 3, 4, 5]
  expect(aboveSince([0, 2, 2, null, 3], times, 1)).toBe(2)
  expect(aboveSince([2, 2, 0, 2, 3], times, 1)).toBe(4)
  expect(aboveSince([2, 2, 2, 2, 0], times, 1)).toBeNull()
  expect(aboveSince([null], [1], 1)).toBeNull()
})

test('one step does not make a trend', () => {
  expect(smoothed([0, 0, 0, 6], 3)).toEqual([0, 0, 0, 2])
  expect(smoothed([4, null, 2], 2)).toEqual([4, null, 2])
  expect(lastOf([1, 2, null])).toBe(2)
  expect(lastOf([null])).toBeNull()
})

test('what began before the course has no place in it', () => {
  expect(placeOf((AT + 15) * 1000, [AT, AT + 10, AT + 20, AT + 30])).toBe(0.5)
  expect(placeOf((AT - 1) * 1000, [AT, AT + 10])).toBeUndefined()
})

test('a span is one of those that there are, and of a young gateway a short one', () => {
  expect(spanOf('1h')).toBe('1h')
  expect(spanOf('toString')).toBeNull()
  expect(spanOf(undefined)).toBeNull()
  expect(usualSpan(60)).toBe('5m')
  expect(usualSpan(3600)).toBe('15m')
})

test('the incident is the first of those that are down to begin', () => {
  const problem = (severity: 'down' | 'warn', since: string | null, title: string) => ({
    severity,
    since,
    title,
  })
  expect(
    incidentOf([
      problem('down', '2026-11-30T12:05:00Z', 'later'),
      problem('down', null, 'unknown'),
      problem('down', '2026-11-30T12:01:00Z', 'first'),
      problem('warn', '2026-11-30T11:00:00Z', 'not down'),
    ]),
  ).toEqual({ atMs: Date.parse('2026-11-30T12:01:00Z'), title: 'first' })
  expect(incidentOf([])).toBeNull()
})
