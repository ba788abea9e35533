import { expect, test } from 'bun:test'
import { LatencyDigest } from '../../../server/backends/latency-digest.ts'
import { Bench, backendConfig, RETRY } from './backends.ts'

test('tells its quantile once twenty are known, at most a tenth too large', () => {
  const digest = new LatencyDigest(0.95)
  for (let n = 1; n < 20; n++) digest.add(n, 1000)
  expect(digest.read(1000)).toBeNaN()
  for (let n = 20; n <= 1000; n++) digest.add(n, 1000)
  const found = digest.read(1000)
  expect(found).toBeGreaterThanOrEqual(950)
  expect(found).toBeLessThanOrEqual(950 * 1.1)
})

test('holds any time, and forgets what is older than a minute', () => {
  const digest = new LatencyDigest(0.5)
  for (const ms of [0, 0.001, 1e9]) digest.add(ms, 0)
  for (let n = 0; n < 40; n++) digest.add(10, 0)
  expect(digest.read(0)).toBeCloseTo(10, -1)
  // Of the half minute before it is known yet, and counts beside what came since.
  for (let n = 0; n < 100; n++) digest.add(100, 31_000)
  expect(digest.read(31_000)).toBeGreaterThanOrEqual(100)
  expect(digest.read(70_000)).toBeGreaterThanOrEqual(100)
  expect(digest.read(140_000)).toBeNaN()
})

test('what a backend has measured outlives a reload, unless another quantile is asked for', () => {
  const bench = new Bench()
  const hedged = (quantile: number) =>
    backendConfig([{ name: 'a' }], { retry: { ...RETRY, hedge: { quantile, after: 10, most: 1 } } })
  const first = bench.backend(hedged(0.9))
  const again = bench.backend(hedged(0.9), { previous: first })
  expect(again.retry.latency).toBe(first.retry.latency!)
  expect(bench.backend(hedged(0.95), { previous: again }).retry.latency).not.toBe(first.retry.latency)
  expect(bench.backend(backendConfig([{ name: 'a' }]), { previous: again }).retry.latency).toBeNull()
})

test('the budget is a share of what is in flight, never less than the least, over all workers', () => {
  const bench = new Bench()
  const options = backendConfig([{ name: 'a' }, { name: 'b' }], {
    retry: { ...RETRY, budget: { ratio: 0.5, least: 1 } },
  })
  const [one, other] = [bench.backend(options, { row: 0 }), bench.backend(options, { row: 1 })]
  const { budget } = one.retry
  const take = (backend: typeof one): boolean => backend.retry.budget.take(backend.servers)
  expect([take(one), take(other), budget.inUse]).toEqual([true, false, 1])
  for (let n = 0; n < 6; n++) one.pick(0, null)
  expect([take(other), take(one), take(other), budget.inUse]).toEqual([true, true, false, 3])
  // What a dead worker held comes back.
  bench.board.clearRow(1)
  expect([budget.inUse, bench.board.isEmpty(1)]).toEqual([2, false])
  for (let n = 0; n < 2; n++) budget.giveBack()
  expect([budget.inUse, bench.board.isEmpty(1)]).toEqual([0, true])
})
