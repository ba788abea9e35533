import { expect, test } from 'bun:test'
import type { BackendConfig } from '../../../../server/backends/backend.options.ts'
import { warningsOf } from '../../../../server/control/orders/warnings.ts'
import { STATE_DOWN } from '../../../../server/scoreboard/states.ts'

/** Of a backend whose only server is out of use. */
function warned(url: string): readonly string[] {
  const backend = { algorithm: 'round_robin', servers: [{ url, weight: 1 }] } as unknown as BackendConfig
  const slots = { servers: { [url]: { index: 0, generation: 0 } } } as never
  return warningsOf('drain', {
    name: 'a',
    backend,
    slots,
    board: { order: () => 0, state: () => STATE_DOWN },
  })
}

test.each([
  ['http://127.0.0.1:9', 'who asks for it is refused (503, no_server)'],
  ['tls://127.0.0.1:9', 'who connects is reset (no_server)'],
  ['udp://127.0.0.1:9', 'new flows are dropped (no_server)'],
])('of the last server of %s it is said what becomes of clients', (url, what) => {
  expect(warned(url)).toEqual([`no server of backend "a" gets new work now: ${what}`])
})
