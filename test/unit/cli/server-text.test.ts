import { expect, test } from 'bun:test'
import { serverText } from '../../../server/cli/server/server-text.ts'
import type { ServerDocument } from '../../../server/control/order-desk.ts'
import { serverWith } from '../../support/seen-with.ts'

const weightLine = (more: Partial<ServerDocument>): string | undefined => {
  const own = { health_reason: null, drained: false, circuit: null }
  const text = serverText({ ...serverWith({ server: 'a' }), ...own, ...more })
  return text.split('\n').find((line) => line.startsWith('  weight:'))
}

test('the weight of a server says what dynamic weights make of it, or would, or that they leave it alone', () => {
  expect(weightLine({})).toBe('  weight:    1')
  expect(weightLine({ dynamic_weight: 0.43 })).toBe('  weight:    1, dynamic: 0.43')
  expect(weightLine({ dynamic_weight: 0.43, dynamic_weight_shadow: true })).toBe(
    '  weight:    1, it would be 0.43 by dynamic weights (shadow)',
  )
  const ordered = { kind: 'weight', value: 3, reason: null, by: 'ana', since: '', until: null } as const
  expect(
    weightLine({ weight: 3, configured_weight: 1, dynamic_weight: 0.75, orders: [ordered] }),
  ).toStartWith('  weight:    3 (config: 1; dynamic weights leave it alone) since ')
})
