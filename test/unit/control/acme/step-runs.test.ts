// Steps of certificates as tries.
import { expect, test } from 'bun:test'
import { runsOf } from '../../../../server/control/acme/step-runs.ts'

const at = (second: number, step: string) => ({ time: new Date(second * 1000).toISOString(), step })

const FAILED = [
  at(0, 'obtains it'),
  at(1, 'made an account at Test CA: https://ca.example/1'),
  at(2, 'ordered a.example (pending)'),
  at(3, 'asked the CA to look at a.example (http-01)'),
  at(5, 'Test CA: 203.0.113.7 answered 404 (unauthorized)'),
  at(6, 'tries again at 2026-01-01T00:00:00.000Z'),
]
const GOOD = [
  at(60, 'told to try now'),
  at(61, 'obtains it'),
  at(62, 'ordered a.example (ready)'),
  at(63, 'sent the certificate request'),
  at(64, 'obtained it from Test CA, until 2026-03-01T00:00:00.000Z'),
]

test('the newest comes first, each with how far it got, how long its steps took and what it failed of', () => {
  const [newest, older] = runsOf([...FAILED, ...GOOD], false)
  expect(newest).toMatchObject({
    outcome: 'obtained',
    reached: 'served',
    why: null,
    started: at(61, '').time,
  })
  expect(newest?.steps.map(({ stage }) => stage)).toEqual(['begin', 'order', 'finalize', 'served'])
  expect(older).toMatchObject({
    outcome: 'failed',
    reached: 'challenge',
    why: 'Test CA: 203.0.113.7 answered 404 (unauthorized)',
  })
  expect(older?.steps[3]).toMatchObject({ stage: 'challenge', took_ms: 2000 })
})

test('one that goes on has no end', () => {
  expect(runsOf(FAILED.slice(0, 4), true)).toMatchObject([
    { outcome: 'running', ended: null, reached: 'challenge' },
  ])
  expect(runsOf([], false)).toEqual([])
})
