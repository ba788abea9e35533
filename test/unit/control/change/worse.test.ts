import { expect, test } from 'bun:test'
import { type Measured, worse } from '../../../../server/control/change/worse.ts'

const measured = (more: Partial<Measured>): Measured => ({
  ...{ seconds: 60, requests: 1000, server_errors: 5, p95_ms: 40, servers: 4, usable: 4 },
  ...more,
})

test('as it was, or better, is not worse', () => {
  expect(worse(measured({}), measured({}))).toBeNull()
  expect(worse(measured({}), measured({ server_errors: 0, p95_ms: 10 }))).toBeNull()
  expect(worse(measured({ requests: 0, p95_ms: null }), measured({ requests: 0, p95_ms: null }))).toBeNull()
  // A gateway without servers, or one that gets its first.
  expect(worse(measured({ servers: 0, usable: 0 }), measured({ usable: 1 }))).toBeNull()
})

test('more answers of 5xx than before are worse, with the figures', () => {
  expect(worse(measured({}), measured({ requests: 200, server_errors: 20 }))).toBe(
    '5xx rose from 0.5 % of 1000 to 10 % of 200 requests',
  )
  expect(
    worse(measured({ requests: 0, server_errors: 0 }), measured({ requests: 50, server_errors: 25 })),
  ).toBe('5xx rose from 0 % of 0 to 50 % of 50 requests')
})

test('what chance makes is no reason: few failures, few requests, or a share that was there before', () => {
  expect(worse(measured({}), measured({ requests: 100, server_errors: 9 }))).toBeNull()
  expect(worse(measured({}), measured({ requests: 15, server_errors: 15 }))).toBeNull()
  expect(worse(measured({ server_errors: 300 }), measured({ requests: 100, server_errors: 33 }))).toBeNull()
  expect(worse(measured({}), measured({ server_errors: 20 }))).toBeNull()
})

test('a latency that rose is worse where enough requests say so', () => {
  expect(worse(measured({}), measured({ p95_ms: 90 }))).toBe(
    'the latency that 95 % stay below rose from 40 to 90 ms',
  )
  expect(worse(measured({}), measured({ p95_ms: 55 }))).toBeNull()
  expect(worse(measured({ p95_ms: 1 }), measured({ p95_ms: 15 }))).toBeNull()
  expect(worse(measured({ requests: 50 }), measured({ p95_ms: 90 }))).toBeNull()
})

test('servers that went down are worse; those that were down before are not', () => {
  expect(worse(measured({}), measured({ usable: 2 }))).toBe(
    '2 of 4 servers are usable; before it were 4 of 4',
  )
  expect(worse(measured({ usable: 2 }), measured({ usable: 2 }))).toBeNull()
  expect(worse(measured({ usable: 2 }), measured({ servers: 2, usable: 1 }))).toBeNull()
})
