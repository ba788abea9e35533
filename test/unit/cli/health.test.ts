import { expect, test } from 'bun:test'
import { healthLines } from '../../../server/cli/health.ts'
import { statusText } from '../../../server/cli/status.ts'

const document = { healthy: true, backends: [], healthy_count: 0, total_count: 0 }

test('health tells of allocations by listener, and of a relay that does not run', () => {
  const listeners = [
    { listener: 'turn', realm: 'example.org', allocations: 3 },
    { listener: 'more', realm: 'example.org', allocations: 0 },
  ]
  expect(healthLines(document)).toBe('healthy: no servers')
  expect(healthLines({ ...document, turn: { serving: true, listeners } }).split('\n')[1]).toBe(
    'turn: 3 allocations (turn 3, more 0)',
  )
  const [one] = listeners.map((listener) => ({ ...listener, allocations: 1 }))
  expect(healthLines({ ...document, turn: { serving: true, listeners: [one!] } })).toEndWith(
    'turn: 1 allocation',
  )
  expect(healthLines({ ...document, turn: { serving: false, listeners } })).toContain(
    'the relay does not run',
  )
})

test('a relay alone has no traffic of servers to tell', () => {
  const turn = { serving: true, listeners: [{ listener: 'turn', realm: 'example.org', allocations: 2 }] }
  const metrics = { total_requests: 0, total_failures: 0, success_rate: 100, backends: [] }
  expect(statusText({ ...document, turn }, metrics)).toBe('healthy: no servers\nturn: 2 allocations\n')
  expect(statusText(document, metrics)).toContain('0 requests')
})
