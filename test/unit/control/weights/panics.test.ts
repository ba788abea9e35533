// Servers that are used although they are down.
import { expect, test } from 'bun:test'
import { panicsOf } from '../../../../server/control/weights/panics.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { STATE_DOWN, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { backendConfig, Bench } from '../../backends/backends.ts'

test('are found while fewer are up than panic_threshold, and only those that are down', () => {
  const bench = new Bench()
  const options = { ...backendConfig([{ name: 'a' }, { name: 'b' }, { name: 'c' }]), panic_threshold: 0.5 }
  const slots = { api: bench.slots(options) }
  const found = (threshold = 0.5): number =>
    panicsOf(
      {
        config: { backends: { api: { ...options, panic_threshold: threshold } } },
        slots,
      } as unknown as PlanBody,
      bench.board,
    ).size
  for (const name of 'abc') bench.set(name, STATE_UP)
  expect(found()).toBe(0)
  bench.set('a', STATE_DOWN)
  expect(found()).toBe(0)
  bench.set('b', STATE_DOWN)
  expect(found()).toBe(2)
  bench.set('c', STATE_DOWN)
  expect(found()).toBe(3)
  expect(found(0)).toBe(0)
})
