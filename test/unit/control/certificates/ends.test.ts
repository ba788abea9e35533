import { expect, test } from 'bun:test'
import { CertificateEnds } from '../../../../server/control/certificates/ends.ts'
import type { CertificateText } from '../../../../server/tls/certificate.ts'

const DAY_MS = 86_400_000
const START_MS = Date.parse('2026-03-01T12:00:00Z')
const ending = (days: number): CertificateText => ({
  pairs: [],
  names: ['a.example'],
  endsMs: START_MS + days * DAY_MS,
})

function watch() {
  const state = { nowMs: START_MS }
  const told: string[] = []
  const ends = new CertificateEnds(
    () => state.nowMs,
    (level, event, fields) =>
      void told.push(`${level} ${event} ${fields?.['certificate']} ${fields?.['days_left']}`),
  )
  return { state, told, ends }
}

test('an end is told a month, two weeks, a week and a day before, and when it is there; each once', () => {
  const { state, told, ends } = watch()
  for (let hours = 0; hours <= 34 * 24; hours += 6) {
    state.nowMs = START_MS + hours * 3_600_000
    ends.look({ site: ending(32) })
  }
  expect(told).toEqual([
    'warn certificate_expires site 30',
    'warn certificate_expires site 14',
    'warn certificate_expires site 7',
    'error certificate_expires site 1',
    'error certificate_expires site 0',
  ])
})

test('a start tells how it is then, of each; one that was renewed begins anew', () => {
  const { told, ends } = watch()
  const all = { good: ending(31), soon: ending(5), over: ending(-3) }
  ends.lookNow(all)
  ends.lookNow(all)
  expect(told.splice(0)).toEqual(['warn certificate_expires soon 5', 'error certificate_expires over 0'])
  ends.lookNow({ ...all, soon: ending(90) })
  expect(told).toEqual([])
  ends.lookNow({ ...all, soon: ending(6) })
  expect(told).toEqual(['warn certificate_expires soon 6'])
})

test('it is looked at once a minute', () => {
  const { state, told, ends } = watch()
  ends.look({})
  state.nowMs += 30_000
  ends.look({ soon: ending(5) })
  expect(told).toEqual([])
  state.nowMs += 30_000
  ends.look({ soon: ending(5) })
  expect(told).toHaveLength(1)
})

test('of one that is renewed by itself it is told only once that is overdue', () => {
  const { told, ends } = watch()
  ends.lookNow({ short: ending(5) }, () => true)
  expect(told).toEqual([])
  ends.lookNow({ short: ending(1) }, () => false)
  expect(told).toEqual(['error certificate_expires short 1'])
})

test('a clock that is set back is heeded: it is looked at, and what comes nearer then is told', () => {
  const { state, told, ends } = watch()
  state.nowMs += 60 * DAY_MS
  ends.look({ site: ending(20) })
  expect(told.splice(0)).toEqual(['error certificate_expires site 0'])
  for (let days = 0; days <= 20; days++) {
    state.nowMs = START_MS + days * DAY_MS
    ends.look({ site: ending(20) })
  }
  expect(told).toEqual([
    'warn certificate_expires site 14',
    'warn certificate_expires site 7',
    'error certificate_expires site 1',
    'error certificate_expires site 0',
  ])
})
