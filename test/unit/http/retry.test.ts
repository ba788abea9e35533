import { expect, test } from 'bun:test'
import type { RetryConfig } from '../../../server/backends/retry.options.ts'
import { RETRY_FAULTS } from '../../../server/backends/retry.options.ts'
import { DEFAULT_FAULTS, RetryPolicy } from '../../../server/backends/retry-policy.ts'
import { backoffMs, isRetried, mayRepeat, retryAfterMs } from '../../../server/http/retry.ts'
import { FAULTS, type Loss } from '../../../server/tables/faults.ts'
import { METHODS, METHOD_GET } from '../../../server/tables/methods.ts'
import { Bench, RETRY } from '../backends/backends.ts'

const POST = METHODS.indexOf('POST')
const lost = (code: Loss['code'], reached: Loss['reached']): Loss => ({
  code,
  reached,
  isStale: false,
  detail: null,
})
const policy = (words: Partial<RetryConfig> = {}): RetryPolicy =>
  new RetryPolicy({ ...RETRY, ...words }, new Bench().board, 1, null)
const USUAL = policy()

test('what no server can have seen is repeated whatever its method', () => {
  for (const code of [
    'connect_refused',
    'connect_failed',
    'connect_timeout',
    'dns_failed',
    'server_closed',
  ] as const)
    expect(mayRepeat(lost(code, 'nothing'), POST, USUAL)).toBe(true)
})

test('what was sent is repeated when it is idempotent and no byte of an answer came', () => {
  expect(mayRepeat(lost('server_closed', 'request'), METHOD_GET, USUAL)).toBe(true)
  expect(mayRepeat(lost('server_closed', 'answer'), METHOD_GET, USUAL)).toBe(false)
  expect(mayRepeat(lost('server_closed', 'request'), POST, USUAL)).toBe(false)
})

test('an answer that was waited for in vain is not waited for again, unless that is asked for', () => {
  const waits = policy({ faults: ['default', 'response_timeout', 'server_truncated'] })
  for (const code of ['response_timeout', 'server_stalled'] as const)
    expect(mayRepeat(lost(code, 'request'), METHOD_GET, USUAL)).toBe(false)
  expect(mayRepeat(lost('response_timeout', 'request'), METHOD_GET, waits)).toBe(true)
  expect(mayRepeat(lost('server_truncated', 'answer'), METHOD_GET, waits)).toBe(true)
  expect(mayRepeat(lost('server_truncated', 'answer'), POST, waits)).toBe(false)
  expect(mayRepeat(lost('server_stalled', 'request'), METHOD_GET, waits)).toBe(false)
})

test('what is left out of the faults is not repeated, not even unsent', () => {
  const few = policy({ faults: ['server_closed'] })
  expect(mayRepeat(lost('connect_refused', 'nothing'), METHOD_GET, few)).toBe(false)
  expect(mayRepeat(lost('server_closed', 'request'), METHOD_GET, few)).toBe(true)
})

test('the faults that may be named are those of servers, and the usual ones are among them', () => {
  const ofServers = Object.entries(FAULTS).filter(([, { side }]) => side === 'server')
  const names: string[] = ['default', ...ofServers.map(([code]) => code)]
  expect(RETRY_FAULTS.toSorted()).toEqual(names.toSorted() as (typeof RETRY_FAULTS)[number][])
  expect(names).toEqual(expect.arrayContaining([...DEFAULT_FAULTS]))
  expect(DEFAULT_FAULTS).toEqual(expect.arrayContaining(['connect_refused', 'server_closed', 'tls_expired']))
})

test('the wait before the same servers doubles up to a bound', () => {
  expect([1, 2, 3].map((attempts) => backoffMs(USUAL, attempts, 1))).toEqual([25, 50, 100])
  expect(backoffMs(USUAL, 20, 1)).toBe(5000)
  expect(backoffMs(policy({ backoff_max: 60 }), 3, 1)).toBe(60)
  expect(backoffMs(USUAL, 3, 0.5)).toBe(50)
})

test('statuses are looked up by ranges from 400 on', () => {
  const some = policy({ statuses: ['502-504', '429-429'] })
  const tried = [200, 400, 429, 500, 502, 504, 505, 599].filter((status) => isRetried(status, some))
  expect(tried).toEqual([429, 502, 504])
  expect(isRetried(503, USUAL)).toBe(false)
})

test('Retry-After is read in seconds and as a date by the clock of its server', () => {
  const date = 'Mon, 30 Nov 2026 12:00:00 GMT'
  const unixMs = Date.parse(date) + 3_600_000
  expect(retryAfterMs('3', null, unixMs)).toBe(3000)
  // However long it is: longer than anybody waits.
  for (const long of ['9'.repeat(10), '9'.repeat(400)])
    expect(retryAfterMs(long, null, unixMs)).toBeGreaterThan(1e12)
  expect(retryAfterMs('Mon, 30 Nov 2026 12:00:07 GMT', date, unixMs)).toBe(7000)
  expect(retryAfterMs('Mon, 30 Nov 2026 13:00:02 GMT', null, unixMs)).toBe(2000)
  expect(retryAfterMs('Mon, 30 Nov 2026 11:00:00 GMT', date, unixMs)).toBe(0)
  for (const bad of ['', 'soon', '-1', '1.5', 'Mon 30 GMT']) expect(retryAfterMs(bad, date, unixMs)).toBe(0)
})
