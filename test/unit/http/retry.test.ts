import { expect, test } from 'bun:test'
import { backoffMs, mayRepeat } from '../../../server/http/retry.ts'
import type { Loss } from '../../../server/tables/faults.ts'
import { METHODS, METHOD_GET } from '../../../server/tables/methods.ts'

const POST = METHODS.indexOf('POST')
const lost = (code: Loss['code'], reached: Loss['reached']): Loss => ({
  code,
  reached,
  isStale: false,
  detail: null,
})

test('what no server can have seen is repeated whatever its method', () => {
  for (const code of [
    'connect_refused',
    'connect_failed',
    'connect_timeout',
    'dns_failed',
    'server_closed',
  ] as const)
    expect(mayRepeat(lost(code, 'nothing'), POST)).toBe(true)
})

test('what was sent is repeated when it is idempotent and no byte of an answer came', () => {
  expect(mayRepeat(lost('server_closed', 'request'), METHOD_GET)).toBe(true)
  expect(mayRepeat(lost('server_closed', 'answer'), METHOD_GET)).toBe(false)
  expect(mayRepeat(lost('server_closed', 'request'), POST)).toBe(false)
})

test('an answer that was waited for in vain is not waited for again', () => {
  expect(mayRepeat(lost('response_timeout', 'request'), METHOD_GET)).toBe(false)
  expect(mayRepeat(lost('server_stalled', 'request'), METHOD_GET)).toBe(false)
})

test('the wait before the same servers doubles up to a bound', () => {
  expect([1, 2, 3].map((attempts) => backoffMs(25, attempts, 1))).toEqual([25, 50, 100])
  expect(backoffMs(25, 20, 1)).toBe(5000)
  expect(backoffMs(25, 3, 0.5)).toBe(50)
})
