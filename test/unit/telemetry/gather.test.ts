import { expect, test } from 'bun:test'
import {
  meterOverload,
  meterProcess,
  meterQueues,
  meterSurplus,
  type OverloadNow,
} from '../../../server/telemetry/gather.ts'
import { Registry } from '../../../server/telemetry/registry.ts'

test('queues are told when they change, and as empty when their backend is gone', () => {
  const worker = new Registry()
  let backends = [
    { name: 'api', queue: { length: 2 } },
    { name: 'web', queue: { length: 0 } },
  ]
  meterQueues(worker, 'worker-0', () => backends)
  expect(worker.take()).toEqual([
    ['queue_length', ['api', 'worker-0'], 2],
    ['queue_length', ['web', 'worker-0'], 0],
  ])
  expect(worker.take()).toEqual([])
  backends = [{ name: 'web', queue: { length: 5 } }]
  expect(worker.take()).toEqual([
    ['queue_length', ['web', 'worker-0'], 5],
    ['queue_length', ['api', 'worker-0'], 0],
  ])
  expect(worker.take()).toEqual([])
})

test('what an overload has refused, and how near it is, is told when it changes, and nothing where none is looked for', () => {
  const worker = new Registry()
  let now: OverloadNow | null = null
  meterOverload(worker, 'worker-0', () => now)
  expect(worker.take()).toEqual([])
  now = { share: 0, levels: { memory: 0.4321, loop_lag: 0.1 } }
  expect(worker.take()).toEqual([
    ['overload_share', ['worker-0'], 0],
    ['overload_level', ['memory', 'worker-0'], 0.432],
    ['overload_level', ['loop_lag', 'worker-0'], 0.1],
  ])
  now = { share: 0.35, levels: { memory: 0.4322, loop_lag: 1.2 } }
  expect(worker.take()).toEqual([
    ['overload_share', ['worker-0'], 0.35],
    ['overload_level', ['loop_lag', 'worker-0'], 1.2],
  ])
  expect(worker.take()).toEqual([])
  now = { share: 0.35, levels: { memory: 0.4322 } }
  expect(worker.take()).toEqual([['overload_level', ['loop_lag', 'worker-0'], 0]])
  now = null
  expect(worker.take()).toEqual([
    ['overload_share', ['worker-0'], 0],
    ['overload_level', ['memory', 'worker-0'], 0],
  ])
  expect(worker.take()).toEqual([])
})

test('CPU time and memory of a process are its own', () => {
  const worker = new Registry()
  meterProcess(worker, 'worker-3')
  const byName = new Map(
    worker.take().map(([name, labels, value]) => [`${name} ${labels[0]}`, Number(value)]),
  )
  expect(byName.get('process_cpu_seconds_total worker-3')).toBeGreaterThan(0)
  expect(byName.get('process_resident_memory_bytes worker-3')).toBeGreaterThan(1_000_000)
})

test('answers with too much behind them are counted by server, each once', () => {
  const worker = new Registry()
  const one = { name: 'one', live: { surplus: 2 } }
  const two = { name: 'two', live: { surplus: 0 } }
  meterSurplus(worker, () => [{ name: 'app', servers: [one, two] }])
  const wanted = ['surplus_answers_total', ['app', 'one'], 2]
  expect(worker.take().find(([name]) => name === 'surplus_answers_total')).toEqual(wanted as never)
  expect(one.live.surplus).toBe(0)
  one.live.surplus++
  expect(worker.counter('surplus_answers_total', ['app', 'one']).value).toBe(2)
  expect(worker.take().find(([name]) => name === 'surplus_answers_total')?.[2]).toBe(1)
})
