import { expect, test } from 'bun:test'
import { AuditAllowance } from '../../../server/admin/audit-allowance.ts'

test('so many entries a minute are kept of each, and the next one tells how many were left out', () => {
  let nowMs = 0
  const allowance = new AuditAllowance(() => nowMs)
  const taken = Array.from({ length: 63 }, () => allowance.take('a', true))
  expect(taken.filter((one) => one === 0)).toHaveLength(60)
  expect(taken.slice(60)).toEqual([null, null, null])
  expect(allowance.take('b', true)).toBe(0)
  // What changes the gateway is always kept.
  expect(allowance.take('a', false)).toBe(3)
  expect(allowance.take('a', true)).toBeNull()
  nowMs = 60_000
  expect(allowance.take('a', true)).toBe(1)
  expect(allowance.take('a', true)).toBe(0)
})
