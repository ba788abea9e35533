// The algorithm of a plugin: it chooses among those with room, and what it does wrong costs no request.
import { expect, test } from 'bun:test'
import { Backend } from '../../../server/backends/backend.ts'
import type { PluginAlgorithm } from '../../../server/backends/by-plugin.ts'
import type { Pick } from '../../../server/plugins/api.ts'
import { backendConfig, Bench, tally } from './backends.ts'

const OPTIONS = { algorithm: 'plugin', plugin: { name: 'own', options: { n: 1 } } } as const

function scene(
  pick: Pick | (() => never),
  servers: readonly object[] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
) {
  const failures: string[] = []
  const given: unknown[] = []
  const plugin: PluginAlgorithm = {
    code: '1',
    make: (options) => {
      given.push(options)
      return pick
    },
    failed: (why) => failures.push(why),
  }
  const config = backendConfig(servers as Parameters<typeof backendConfig>[0], OPTIONS)
  const backend = new Bench().backend(config, { plugin })
  const names = (count: number): string[] =>
    Array.from({ length: count }, () => backend.pick(0, null)?.name ?? '-')
  return { backend, failures, given, names }
}

test('chooses by the live figures of servers', () => {
  const { backend, names, given, failures } = scene((servers) => {
    const loads = servers.map(({ inFlight, weight }) => inFlight / weight)
    return loads.indexOf(Math.min(...loads))
  })
  expect(tally(names(9))).toEqual({ a: 3, b: 3, c: 3 })
  backend.servers[1]!.live.record.meanMs = 7
  expect(given).toEqual([{ n: 1 }])
  expect(failures).toEqual([])
})

test('sees name, URL, weight, what is in flight and how long answers take', () => {
  const seen: unknown[] = []
  const { backend, names } = scene((servers) => {
    seen.push(
      servers.map(({ name, url, weight, inFlight, latencyMs }) => ({
        name,
        url,
        weight,
        inFlight,
        latencyMs,
      })),
    )
    return 0
  })
  backend.servers[0]!.live.record.meanMs = 7
  names(2)
  expect(seen[1]).toMatchObject([
    { name: 'a', weight: 1, inFlight: 1, latencyMs: 7 },
    { name: 'b', inFlight: 0, latencyMs: null },
    { name: 'c' },
  ])
})

test('is not shown who was tried, or has no room', () => {
  const { backend, names } = scene(() => 0, [{ name: 'a', max_connections: 1 }, { name: 'b' }])
  expect(names(3)).toEqual(['a', 'b', 'b'])
  expect(backend.pick(0, [backend.servers[1]!.slot])).toBeNull()
})

test.each<[what: string, pick: Pick | (() => never), told: string | null]>([
  ['nothing', () => null, null],
  ['a place that is none', () => 7, 'it chose 7 of 3 servers'],
  ['half a place', () => 0.5, 'it chose 0.5 of 3 servers'],
  ['less than none', () => -1, 'it chose -1 of 3 servers'],
  ['a text', () => 'a' as never, 'it chose a of 3 servers'],
  [
    'an error',
    () => {
      throw new TypeError('no\r\nway')
    },
    'TypeError: no way',
  ],
  [
    'what cannot be shown',
    () => {
      throw {
        toString: () => {
          throw new Error('x')
        },
      } as never
    },
    'something that cannot be shown',
  ],
])('where it gives %s the servers take turns', (_, pick, told) => {
  const { names, failures } = scene(pick)
  expect(tally(names(9))).toEqual({ a: 3, b: 3, c: 3 })
  expect([...new Set(failures)]).toEqual(told === null ? [] : [told])
})

test('with code that is another the backend is another', () => {
  const config = backendConfig([{ name: 'a' }], OPTIONS)
  const bench = new Bench()
  const plugin = (code: string): PluginAlgorithm => ({ code, make: () => () => 0, failed: () => {} })
  const board = bench.board
  const slots = bench.slots(config)
  const backend = new Backend({
    name: 'api',
    options: config,
    slots,
    board,
    previous: null,
    plugin: plugin('1'),
  })
  const isOf = (other?: PluginAlgorithm): boolean =>
    backend.isOf({ options: config, slots, board, plugin: other })
  expect([isOf(plugin('1')), isOf(plugin('2')), isOf()]).toEqual([true, false, false])
})
