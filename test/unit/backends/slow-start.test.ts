// What workers make of a server that has come up lately: the same share at each of them.
import { describe, expect, test } from 'bun:test'
import { ALGORITHMS } from '../../../server/backends/algorithm.options.ts'
import type { BackendConfig } from '../../../server/backends/backend.options.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import type { Server } from '../../../server/backends/server.ts'
import { STATE_DOWN, STATE_UP } from '../../../server/scoreboard/states.ts'
import { seededRandom } from '../../support/random.ts'
import { backendConfig, Bench, tally, walk } from './backends.ts'

const WORKERS = 4
const PICKS = 4000
const THREE = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]
const key = (pick: number): number => Math.imul(pick + 1, 0x9e3779b1) >>> 0

function start(bench: Bench, change: Partial<BackendConfig>) {
  const options = backendConfig(THREE, {
    slow_start: { over: 30_000, aggression: 1, least: 0.1 },
    hash: { by: 'client_ip', load_factor: 100 },
    ...change,
  })
  return Array.from({ length: WORKERS }, (_, row) =>
    bench.backend(options, { row, chance: seededRandom(7 + row).next, now: () => 1000 }),
  )
}

const warm = (bench: Bench, server: string, hundredths: number): void => {
  bench.board.shares.setWarmth(bench.slotOf(server), hundredths)
  bench.board.bumpEpoch(1)
}

/** Shares of picks, of which so many are in flight at once, by whatever worker they came. */
function shares(backends: ReturnType<typeof start>, inFlight: number): Record<string, number> {
  const open: { server: Server; row: number }[] = []
  const names = Array.from({ length: PICKS }, (_, pick) => {
    const row = pick % WORKERS
    if (open.length >= inFlight) {
      const { server, row: own } = open.shift()!
      backends[own]!.release(server, ANSWERED)
    }
    const server = backends[row]!.pick(key(pick), null)!
    server.live.record.meanMs = 5
    open.push({ server, row })
    return server.name
  })
  for (const { server, row } of open) backends[row]!.release(server, ANSWERED)
  return Object.fromEntries(Object.entries(tally(names)).map(([name, count]) => [name, count / PICKS]))
}

const WEIGHED = ALGORITHMS.filter((algorithm) => algorithm !== 'first_available')

describe.each(WEIGHED)('%s', (algorithm) => {
  describe.each([1, 64])('%i in flight', (inFlight) => {
    test.each([10, 50])(
      'a server with %i hundredths of its weight has its share of it, over all workers',
      (part) => {
        const bench = new Bench()
        const backends = start(bench, { algorithm })
        warm(bench, 'c', part)
        const wanted = part / (200 + part)
        const { c = 0, a = 0, b = 0 } = shares(backends, inFlight)
        // Of two that are drawn by weight the one with less to do is taken: at most both draws.
        const most = algorithm === 'power_of_two' ? 2 * wanted : wanted
        // Four standard deviations of what is drawn.
        const slack = 4 * Math.sqrt((most * (1 - most)) / PICKS)
        expect(c).toBeWithin(wanted - slack, most + slack)
        expect(Math.abs(a - b)).toBeLessThan(0.06)
      },
    )
  })
})

test('round robin is exact over any period, whoever asks', () => {
  const bench = new Bench()
  const backends = start(bench, {})
  warm(bench, 'c', 10)
  const names = Array.from({ length: 210 }, (_, pick) => {
    const backend = backends[pick % WORKERS]!
    const server = backend.pick(0, null)!
    backend.release(server, ANSWERED)
    return server.name
  })
  expect(tally(names)).toEqual({ a: 100, b: 100, c: 10 })
})

test('who is not up is used by its whole weight, where too few are', () => {
  const bench = new Bench()
  const backends = start(bench, { panic_threshold: 1 })
  bench.set('b', STATE_DOWN)
  warm(bench, 'b', 10)
  expect(shares(backends, 1)).toEqual({
    a: expect.closeTo(1 / 3),
    b: expect.closeTo(1 / 3),
    c: expect.closeTo(1 / 3),
  })
  bench.set('b', STATE_UP)
  expect(shares(backends, 1)['b']).toBeCloseTo(0.1 / 2.1, 2)
})

test('is nothing without the word, whatever the cell says', () => {
  const bench = new Bench()
  const backend = bench.backend(backendConfig(THREE))
  warm(bench, 'c', 10)
  const names = Array.from({ length: 30 }, () => {
    const server = backend.pick(0, null)!
    backend.release(server, ANSWERED)
    return server.name
  })
  expect(tally(names)).toEqual({ a: 10, b: 10, c: 10 })
})

test('a server that is down or stands by does not blur the shares of the others, however large its weight is', () => {
  const bench = new Bench()
  const options = backendConfig(
    [
      { name: 'a' },
      { name: 'b' },
      { name: 'large', weight: 1000 },
      { name: 'spare', weight: 1000, backup: true },
    ],
    { slow_start: { over: 30_000, aggression: 1, least: 0.1 } },
  )
  const backend = bench.backend(options)
  bench.set('large', STATE_DOWN)
  warm(bench, 'b', 10)
  expect(tally(walk(backend, 110))).toEqual({ a: 100, b: 10 })
})

test('least_response_time gives it its turns alone, while others are so much slower as they have too much to do', () => {
  const bench = new Bench()
  const [backend] = start(bench, { algorithm: 'least_response_time' })
  warm(bench, 'c', 10)
  const open: Server[] = []
  const names = Array.from({ length: PICKS }, () => {
    if (open.length >= 30) {
      const server = open.shift()!
      backend!.answered(server, 200, server.name === 'c' ? 1 : 100)
      backend!.release(server, ANSWERED)
    }
    const server = backend!.pick(0, null)!
    open.push(server)
    return server.name
  })
  const { a = 0, b = 0, c = 0 } = tally(names)
  expect(c).toBeWithin(PICKS / 21 - 2, PICKS / 21 + 2)
  expect(Math.abs(a - b)).toBeLessThan(PICKS / 20)
})

test('least_response_time lets it take what others have no room for', () => {
  const bench = new Bench()
  const [backend] = start(bench, {
    algorithm: 'least_response_time',
    servers: backendConfig([
      { name: 'a', max_connections: 1 },
      { name: 'b', max_connections: 1 },
      { name: 'c' },
    ]).servers,
  })
  warm(bench, 'c', 10)
  expect(tally(Array.from({ length: 9 }, () => backend!.pick(0, null)!.name))).toEqual({ a: 1, b: 1, c: 7 })
})
