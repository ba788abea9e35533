import { expect, test } from 'bun:test'
import { DrainedWatch } from '../../../../server/control/orders/drained.ts'
import type { Order } from '../../../../server/control/orders/order.ts'
import { warningsOf } from '../../../../server/control/orders/warnings.ts'
import {
  ADMIN_DRAIN,
  ADMIN_READY,
  packOrder,
  STATE_DOWN,
  STATE_UP,
} from '../../../../server/scoreboard/states.ts'
import { backendConfig, Bench } from '../../backends/backends.ts'

const order = (): Order => {
  return { kind: 'admin', value: 'drain', reason: null, by: 'ana', sinceMs: 1, untilMs: null }
}

test('a server has drained when nothing is with it, and nothing came since the last look; once', () => {
  const bench = new Bench()
  let nowMs = 0
  const watch = new DrainedWatch(
    () => bench.board,
    () => nowMs,
  )
  const place = { backend: 'api', server: 'a', url: 'http://a:1' }
  const [first, slot] = [order(), 2]
  const look = (given: Order, quietMs = 0): boolean =>
    watch.look([{ place, slot, order: given, quietMs }]).length > 0
  bench.board.enter(slot, Infinity)
  expect([look(first), look(first), watch.isWaiting]).toEqual([false, false, true])
  bench.board.leave(slot)
  // Somebody came back meanwhile, and is gone again.
  bench.board.attemptAnswered(slot)
  expect([look(first), watch.hasDrained(first)]).toEqual([false, false])
  expect([look(first), watch.hasDrained(first), watch.isWaiting]).toEqual([true, true, false])
  bench.board.enter(slot, Infinity)
  expect([look(first), watch.hasDrained(first)]).toEqual([false, true])
  bench.board.leave(slot)
  // Another order is another time to wait for.
  const second = order()
  expect([look(second), look(second), watch.hasDrained(first)]).toEqual([false, true, false])
  expect([watch.look([]), watch.isWaiting]).toEqual([[], false])
  // Where somebody may come back, nobody may have for a while.
  const third = order()
  const steps = [0, 9000, 9000, 18_999, 19_000].map((ms) => {
    nowMs = ms
    if (ms === 9000) bench.board.attemptAnswered(slot)
    return look(third, 10_000)
  })
  nowMs = 30_000
  expect([...steps, look(third, 10_000)]).toEqual([false, false, false, false, false, true])
})

test('whoever takes the last server away is warned, and only then', () => {
  const bench = new Bench()
  const backend = backendConfig([{ name: 'a' }, { name: 'b' }, { name: 'c', weight: 0 }])
  const slots = bench.slots(backend)
  for (const name of ['a', 'b', 'c']) bench.board.setState(bench.slotOf(name), STATE_UP)
  const warnings = (value: Parameters<typeof warningsOf>[0]): number =>
    warningsOf(value, { name: 'api', backend, slots, board: bench.board }).length
  bench.board.setOrder(bench.slotOf('a'), packOrder(ADMIN_DRAIN, null))
  expect(warnings('drain')).toBe(0)
  bench.board.setState(bench.slotOf('b'), STATE_DOWN)
  expect(
    ['drain', 'maintenance', 'down', 0, 'up', 5, null].map((value) => warnings(value as 'drain')),
  ).toEqual([...[1, 1, 1, 1, 0, 0, 0]])
  // Another weight makes up for it.
  bench.board.setOrder(bench.slotOf('c'), packOrder(ADMIN_READY, 1))
  expect(warnings('drain')).toBe(0)
})

test('whoever drains a server of a backend that is hashed by a name is told who goes on', () => {
  const bench = new Bench()
  const hashedBy = (by: 'cookie' | 'client_ip'): number => {
    const hash = { by, name: 'user', load_factor: 2 }
    const backend = backendConfig([{ name: 'a' }, { name: 'b' }], { algorithm: 'hash', hash })
    bench.board.setState(bench.slotOf('b'), STATE_UP)
    return warningsOf('drain', { name: 'api', backend, slots: bench.slots(backend), board: bench.board })
      .length
  }
  expect([hashedBy('cookie'), hashedBy('client_ip')]).toEqual([1, 0])
})
