import { expect, test } from 'bun:test'
import { healthLines } from '../../../server/cli/health.ts'

const document = { healthy: true, backends: [], healthy_count: 0, total_count: 0 }

test('health tells of allocations by listener, and of a relay that does not run', () => {
  const listeners = [
    { listener: 'turn', realm: 'example.org', allocations: 3 },
    { listener: 'more', realm: 'example.org', allocations: 0 },
  ]
  expect(healthLines(document)).toBe('healthy: 0 of 0 servers up')
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
