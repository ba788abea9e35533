import { expect, test } from 'bun:test'
import { overloadDocument } from '../../../server/control/facts-of-overload.ts'
import { Totals } from '../../../server/telemetry/registry.ts'
import { configWith } from '../../support/seen-with.ts'

const runningWith = (overload: object) => ({
  edition: {
    config: configWith({
      listeners: { web: { bind: '127.0.0.1:0' } },
      backends: {},
      rules: [{ name: 'all', respond: { status: 204 } }],
      overload,
    }),
  },
})
const workers = [{ slot: 10 }, { slot: 2 }]

test('each worker has how near it is to what is too much, also where that was always nothing', () => {
  const totals = new Totals()
  totals.gauge('overload_share', ['worker-10']).set(0.35)
  totals.gauge('overload_level', ['memory', 'worker-10']).set(1.2)
  totals.gauge('overload_level', ['descriptors', 'worker-10']).set(0.4)
  totals.counter('overload_shed_total', ['memory', 'refused', '0']).add(12)
  totals.counter('overload_shed_total', ['memory', 'refused', '5']).add(3)
  const running = runningWith({ memory: '1GiB', loop_lag: '250ms' })
  expect(overloadDocument({ running, totals, workers })).toEqual({
    ...{ mode: 'enforce', limits: { memory: 2 ** 30, loop_lag: 250 }, most: 0.95 },
    workers: [
      { process: 'worker-2', share: 0, levels: { memory: 0, loop_lag: 0 } },
      { process: 'worker-10', share: 0.35, levels: { memory: 1.2, loop_lag: 0 } },
    ],
    shed: [
      { priority: 5, cause: 'memory', decision: 'refused', requests: 3 },
      { priority: 0, cause: 'memory', decision: 'refused', requests: 12 },
    ],
  })
})

test('where nothing is looked at nobody is near anything', () => {
  const none = { mode: 'off', limits: {}, workers: [], shed: [] }
  const totals = new Totals()
  for (const running of [null, runningWith({}), runningWith({ memory: '1GiB', mode: 'off' })])
    expect(overloadDocument({ running, totals, workers })).toMatchObject(none)
})
