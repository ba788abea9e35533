import { expect, test } from 'bun:test'
import type { BackendConfig } from '../../../../server/backends/backend.options.ts'
import { warningsOf } from '../../../../server/control/orders/warnings.ts'
import { CLOSED } from '../../../../server/scoreboard/circuits.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import { STATE_DOWN, STATE_UP } from '../../../../server/scoreboard/states.ts'

/** Of a backend whose only server is out of use. */
function warned(url: string): readonly string[] {
  const backend = { algorithm: 'round_robin', servers: [{ url, weight: 1 }] } as unknown as BackendConfig
  const slots = { servers: { [url]: { index: 2, generation: 0 } } } as never
  const board = scoreboardOn(privateRegion(4, 1), -1)
  board.setState(2, STATE_DOWN)
  return warningsOf('drain', { name: 'a', backend, slots, board })
}

test.each([
  ['http://127.0.0.1:9', 'who asks for it is refused (503, no_server)'],
  ['tls://127.0.0.1:9', 'who connects is reset (no_server)'],
  ['udp://127.0.0.1:9', 'new flows are dropped (no_server)'],
])('of the last server of %s it is said what becomes of clients', (url, what) => {
  expect(warned(url)).toEqual([`no server of backend "a" gets new work now: ${what}`])
})

test('of the last server whose breaker is held open it is said, too, and not of one of two', () => {
  const servers = [{ url: 'http://127.0.0.1:9', weight: 1, name: 'one' }]
  const own = { algorithm: 'round_robin', servers, circuit_breaker: { mode: 'enforce' } }
  const slots = { servers: { one: { index: 2 }, two: { index: 3 } } } as never
  const board = scoreboardOn(privateRegion(5, 1), -1)
  for (const slot of [2, 3]) board.setState(slot, STATE_UP)
  board.circuits.beginOpening(2, CLOSED)
  const warn = (backend: object): readonly string[] =>
    warningsOf('open', { name: 'a', backend: backend as BackendConfig, slots, board })
  expect(warn(own)).toEqual([
    'no server of backend "a" gets new work now: who asks for it is refused (503, circuit_open)',
  ])
  expect(warn({ ...own, servers: [...servers, { ...servers[0], name: 'two' }] })).toEqual([])
})
