// What a person orders of a server: drain, maintenance, another weight.
import { describe, expect, test } from 'bun:test'
import { ALGORITHMS } from '../../../server/backends/algorithm.options.ts'
import { BOUND } from '../../../server/backends/key.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  ADMIN_READY,
  adminOf,
  packOrder,
  STATE_DOWN,
  weightOf,
} from '../../../server/scoreboard/states.ts'
import { backendConfig, Bench, tally, walk } from './backends.ts'

const THREE = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]
const HASH = { by: 'cookie', name: 'user', load_factor: 100 } as const

test('an order is a state and a weight in one number', () => {
  for (const admin of [ADMIN_READY, ADMIN_DRAIN, ADMIN_MAINTENANCE]) {
    for (const weight of [0, 1, 3, 1000]) {
      const order = packOrder(admin, weight)
      expect([adminOf(order), weightOf(order, 7)]).toEqual([admin, weight])
    }
    expect(weightOf(packOrder(admin, null), 7)).toBe(7)
  }
})

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const start = (bench: Bench) =>
    bench.backend(backendConfig(THREE, { algorithm, hash: { by: 'client_ip', load_factor: 1.25 } }))

  test.each([ADMIN_DRAIN, ADMIN_MAINTENANCE])(
    'gives no new work to who is out (%i), and gives it back',
    (admin) => {
      const bench = new Bench()
      const backend = start(bench)
      const keys = (pick: number): number => Math.imul(pick, 0x9e3779b1) >>> 0
      expect(tally(walk(backend, 60, keys))['a']).toBeGreaterThan(0)
      bench.order('a', admin)
      expect(tally(walk(backend, 60, keys))['a']).toBeUndefined()
      expect(backend.down().map(({ server }) => server)).toEqual(['a'])
      bench.order('a', ADMIN_READY)
      expect(tally(walk(backend, 60, keys))['a']).toBeGreaterThan(0)
    },
  )

  test('has nobody left when all are out, also in a panic and for the last try', () => {
    const bench = new Bench()
    const servers = [{ name: 'a' }, { name: 'b' }, { name: 'z', backup: true }]
    const backend = bench.backend(
      backendConfig(servers, { algorithm, panic_threshold: 1, hash: { by: 'client_ip', load_factor: 1.25 } }),
    )
    bench.order('a', ADMIN_DRAIN)
    bench.order('b', ADMIN_MAINTENANCE)
    expect(tally(walk(backend, 4))).toEqual({ z: 4 })
    bench.order('z', ADMIN_DRAIN)
    expect([backend.pick(1, null), backend.pickAgain(1, null, true), backend.lastPickFull]).toEqual([
      null,
      null,
      false,
    ])
  })
})

describe('who names what it is hashed by', () => {
  const keys = Array.from({ length: 200 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0)
  const start = (bench: Bench) => bench.backend(backendConfig(THREE, { algorithm: 'hash', hash: HASH }))
  const ask = (backend: ReturnType<typeof start>, key: number): string => {
    const server = backend.pick(key, null)
    if (server) backend.release(server, ANSWERED)
    return server?.name ?? '-'
  }

  test('stays with a server that drains, and new clients go elsewhere', () => {
    const bench = new Bench()
    const backend = start(bench)
    const before = keys.map((key) => ask(backend, BOUND + key))
    // What is added says nothing of where a key belongs.
    expect(keys.map((key) => ask(backend, key))).toEqual(before)
    bench.order('a', ADMIN_DRAIN)
    expect(keys.map((key) => ask(backend, BOUND + key))).toEqual(before)
    const unbound = keys.map((key) => ask(backend, key))
    expect(unbound).not.toContain('a')
    // Nobody else moves.
    expect(unbound.filter((name, i) => name !== before[i] && before[i] !== 'a')).toEqual([])
  })

  test('moves with all others when it is in maintenance, is down, or has failed them', () => {
    const bench = new Bench()
    const backend = start(bench)
    const key = BOUND + keys.find((one) => ask(backend, BOUND + one) === 'a')!
    bench.order('a', ADMIN_MAINTENANCE)
    expect(ask(backend, key)).not.toBe('a')
    bench.order('a', ADMIN_DRAIN)
    expect(ask(backend, key)).toBe('a')
    expect(backend.pick(key, [backend.servers[0]!.slot])?.name).not.toBe('a')
    bench.set('a', STATE_DOWN)
    expect(ask(backend, key)).not.toBe('a')
  })

  test('belongs to no backup that drains beside others, and finds another one where its server is full', () => {
    const bench = new Bench()
    const servers = [{ name: 'a', max_connections: 1 }, { name: 'b' }, { name: 'z', backup: true }]
    const backend = bench.backend(backendConfig(servers, { algorithm: 'hash', hash: HASH }))
    const before = keys.map((key) => ask(backend, BOUND + key))
    bench.order('z', ADMIN_DRAIN)
    expect(keys.map((key) => ask(backend, BOUND + key))).toEqual(before)
    bench.order('z', ADMIN_READY)
    bench.order('a', ADMIN_DRAIN)
    bench.order('b', ADMIN_MAINTENANCE)
    const key = BOUND + keys[0]!
    expect(backend.pick(key, null)?.name).toBe('a')
    expect(backend.pick(key, null)?.name).toBe('z')
  })

  test('goes on when the last server drains, as nobody else does', () => {
    const bench = new Bench()
    const backend = start(bench)
    for (const { name } of THREE) bench.order(name, ADMIN_DRAIN)
    expect(ask(backend, BOUND + keys[0]!)).not.toBe('-')
    expect(ask(backend, keys[0]!)).toBe('-')
  })
})

test('a preferred server is taken while it drains, and no more in maintenance', () => {
  const bench = new Bench()
  const backend = bench.backend(backendConfig(THREE))
  const [a] = backend.servers
  bench.order('a', ADMIN_DRAIN)
  expect(backend.pick(0, null, a!)?.name).toBe('a')
  bench.order('a', ADMIN_MAINTENANCE)
  expect(backend.pick(0, null, a!)?.name).not.toBe('a')
})

describe('an ordered weight', () => {
  test('is the share from the next pick on, until it is taken back', () => {
    const bench = new Bench()
    const backend = bench.backend(backendConfig([{ name: 'a', weight: 2 }, { name: 'b' }]))
    expect(tally(walk(backend, 30))).toEqual({ a: 20, b: 10 })
    bench.order('a', ADMIN_READY, 9)
    expect(tally(walk(backend, 30))).toEqual({ a: 27, b: 3 })
    bench.order('a', ADMIN_READY, 0)
    expect(tally(walk(backend, 30))).toEqual({ b: 30 })
    expect(backend.down()).toEqual([{ server: 'a', reason: 'weight 0' }])
    bench.order('a', ADMIN_READY)
    expect(tally(walk(backend, 30))).toEqual({ a: 20, b: 10 })
  })

  test('outlives another snapshot, in which the config has a weight of its own', () => {
    const bench = new Bench()
    const before = bench.backend(backendConfig([{ name: 'a' }, { name: 'b' }]))
    bench.order('a', ADMIN_READY, 3)
    expect(tally(walk(before, 8))).toEqual({ a: 6, b: 2 })
    const after = bench.backend(backendConfig([{ name: 'a', weight: 7 }, { name: 'b' }]), {
      previous: before,
    })
    expect(tally(walk(after, 8))).toEqual({ a: 6, b: 2 })
  })
})
