import { expect, test } from 'bun:test'
import { backoffMs, mayRepeat } from '../../../server/http/retry.ts'
import type { Outbound } from '../../../server/http1/outbound.ts'
import { METHODS, METHOD_GET } from '../../../server/tables/methods.ts'

const POST = METHODS.indexOf('POST')
const silent = { hasAnswered: false } as Outbound
const begun = { hasAnswered: true } as Outbound

test('what no server can have seen is repeated whatever its method', () => {
  for (const code of ['connect_refused', 'connect_failed', 'connect_timeout', 'dns_failed'] as const)
    expect(mayRepeat(code, POST, null)).toBe(true)
})

test('what was sent is repeated when it is idempotent and no byte of an answer came', () => {
  expect(mayRepeat('server_closed', METHOD_GET, silent)).toBe(true)
  expect(mayRepeat('server_closed', METHOD_GET, begun)).toBe(false)
  expect(mayRepeat('server_closed', POST, silent)).toBe(false)
})

test('an answer that was waited for in vain is not waited for again', () => {
  expect(mayRepeat('response_timeout', METHOD_GET, silent)).toBe(false)
  expect(mayRepeat('server_stalled', METHOD_GET, silent)).toBe(false)
})

test('the wait before the same servers doubles up to a bound', () => {
  expect([1, 2, 3].map((attempts) => backoffMs(25, attempts, 1))).toEqual([25, 50, 100])
  expect(backoffMs(25, 20, 1)).toBe(5000)
  expect(backoffMs(25, 3, 0.5)).toBe(50)
})
