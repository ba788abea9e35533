import { expect, test } from 'bun:test'
import { Registry } from '../../../../server/telemetry/registry.ts'
import { meterNetwork } from '../../../../server/turn/relay/meter-network.ts'
import { Counters } from '../../../../server/turn/sockets/counters.ts'

test('what sockets count is in the metrics from the first time on; paused accepting is told once', () => {
  const registry = new Registry()
  const counters = new Counters()
  const told: string[] = []
  meterNetwork(registry, counters, (_, event) => told.push(event))
  const taken = (): unknown[] => registry.take().filter(([name]) => name === 'turn_dropped_total')
  expect(taken()).toEqual([])
  counters.full = 3
  counters.badHeaders = 1
  counters.acceptPauses = 2
  expect(taken()).toEqual([
    ['turn_dropped_total', ['-', 'buffer_full'], 3],
    ['turn_dropped_total', ['-', 'bad_header'], 1],
  ])
  counters.full = 5
  expect(taken()).toEqual([['turn_dropped_total', ['-', 'buffer_full'], 2]])
  expect(told).toEqual(['accept_paused'])
})
