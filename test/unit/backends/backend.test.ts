import { describe, expect, test } from 'bun:test'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import type { Backend } from '../../../server/backends/backend.ts'
import { ALGORITHMS } from '../../../server/backends/algorithm.options.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  ADMIN_READY,
  STATE_DOWN,
  STATE_EMPTY,
  STATE_STARTING,
  STATE_UP,
} from '../../../server/scoreboard/states.ts'
import { CLOSED } from '../../../server/scoreboard/circuits.ts'
import { backendConfig, Bench, tally, walk } from './backends.ts'
import { BREAKER } from './circuits.ts'

const names = (picked: string[]): string => Object.keys(tally(picked)).toSorted().join('')

describe('usable servers', () => {
  test('are those that are up, as of the last epoch', () => {
    const bench = new Bench()
    const backend = bench.backend(backendConfig([{ name: 'a' }, { name: 'b' }, { name: 'c' }]))
    expect(names(walk(backend, 9))).toBe('abc')
    for (const state of [STATE_DOWN, STATE_STARTING, STATE_EMPTY]) {
      bench.set('b', state)
      expect(tally(walk(backend, 10))).toEqual({ a: 5, c: 5 })
    }
    bench.set('b', STATE_UP)
    for (const admin of [ADMIN_DRAIN, ADMIN_MAINTENANCE]) {
      bench.order('b', admin)
      expect(tally(walk(backend, 10))).toEqual({ a: 5, c: 5 })
    }
    bench.order('b', ADMIN_READY)
    expect(names(walk(backend, 9))).toBe('abc')
  })

  test('have a weight', () => {
    const backend = new Bench().backend(backendConfig([{ name: 'a', weight: 0 }, { name: 'b' }]))
    expect(names(walk(backend, 5))).toBe('b')
    expect(backend.down()).toEqual([{ server: 'a', reason: 'weight 0' }])
  })

  test('are backups only while no other is up', () => {
    const bench = new Bench()
    const options = backendConfig([
      { name: 'a' },
      { name: 'b' },
      { name: 'y', backup: true },
      { name: 'z', backup: true },
    ])
    const backend = bench.backend(options)
    expect(names(walk(backend, 9))).toBe('ab')
    bench.set('a', STATE_DOWN)
    expect(names(walk(backend, 9))).toBe('b')
    bench.set('b', STATE_DOWN)
    expect(names(walk(backend, 9))).toBe('yz')
    bench.set('y', STATE_DOWN)
    expect(names(walk(backend, 9))).toBe('z')
    bench.set('a', STATE_UP)
    expect(names(walk(backend, 9))).toBe('a')
  })

  test('that are full do not call the backups', () => {
    const bench = new Bench()
    const backend = bench.backend(
      backendConfig([
        { name: 'a', max_connections: 1 },
        { name: 'z', backup: true },
      ]),
    )
    expect(backend.pick(0, null)?.name).toBe('a')
    expect(backend.pick(0, null)).toBeNull()
    expect(backend.lastPickFull).toBe(true)
  })

  test('are all but those taken out by hand when fewer than the panic threshold are up', () => {
    const bench = new Bench()
    const servers = ['a', 'b', 'c', 'd'].map((name) => ({ name }))
    const backend = bench.backend(backendConfig(servers, { panic_threshold: 0.5 }))
    bench.set('a', STATE_DOWN)
    bench.set('b', STATE_DOWN)
    expect(names(walk(backend, 8))).toBe('cd')
    bench.set('c', STATE_DOWN)
    expect(names(walk(backend, 8))).toBe('abcd')
    bench.order('b', ADMIN_MAINTENANCE)
    expect(names(walk(backend, 9))).toBe('acd')
    bench.order('d', ADMIN_DRAIN)
    expect(names(walk(backend, 8))).toBe('ac')
  })

  test('are none that attempts have taken out, by whichever policy, in a panic', () => {
    const bench = new Bench()
    const servers = ['a', 'b', 'c', 'd'].map((name) => ({ name }))
    const backend = bench.backend(backendConfig(servers, { panic_threshold: 0.6, circuit_breaker: BREAKER }))
    bench.board.passive.setOut(bench.slotOf('a'), true)
    bench.set('a', STATE_DOWN)
    bench.board.circuits.beginOpening(bench.slotOf('b'), CLOSED)
    bench.set('c', STATE_DOWN)
    expect(names(walk(backend, 8))).toBe('cd')
  })

  test('are backups that are up rather than servers that are down, also in a panic', () => {
    const bench = new Bench()
    const options = backendConfig([{ name: 'a' }, { name: 'z', backup: true }], { panic_threshold: 1 })
    const backend = bench.backend(options)
    bench.set('a', STATE_DOWN)
    expect(names(walk(backend, 4))).toBe('z')
    bench.set('z', STATE_DOWN)
    expect(names(walk(backend, 4))).toBe('a')
  })

  test('are those that nothing is known of yet when none is up, backups the last', () => {
    const bench = new Bench()
    const options = backendConfig([{ name: 'a' }, { name: 'b' }, { name: 'z', backup: true }])
    const backend = bench.backend(options)
    bench.set('a', STATE_STARTING)
    bench.set('b', STATE_DOWN)
    expect(names(walk(backend, 2))).toBe('z')
    bench.set('z', STATE_STARTING)
    expect(names(walk(backend, 2))).toBe('a')
    bench.order('a', ADMIN_MAINTENANCE)
    expect(names(walk(backend, 2))).toBe('z')
    bench.set('b', STATE_UP)
    expect(names(walk(backend, 2))).toBe('b')
  })
})

describe('a pick', () => {
  test('says whether servers were merely full', () => {
    const bench = new Bench()
    const options = backendConfig([
      { name: 'a', max_connections: 1 },
      { name: 'b', max_connections: 1 },
    ])
    const backend = bench.backend(options)
    const [a, b] = [backend.pick(0, null)!, backend.pick(0, null)!]
    expect(backend.pick(0, null)).toBeNull()
    expect(backend.lastPickFull).toBe(true)
    expect(backend.pick(0, [a.slot])).toBeNull()
    expect(backend.lastPickFull).toBe(true)
    backend.release(b, ANSWERED)
    expect(backend.pick(0, [b.slot])).toBeNull()
    expect(backend.lastPickFull).toBe(true)
    expect(backend.pick(0, [a.slot, b.slot])).toBeNull()
    expect(backend.lastPickFull).toBe(false)
    bench.set('a', STATE_DOWN)
    bench.set('b', STATE_DOWN)
    expect(backend.pick(0, null)).toBeNull()
    expect(backend.lastPickFull).toBe(false)
  })

  test('of a server without max_connections takes as many as come, by every algorithm', () => {
    for (const algorithm of ALGORITHMS) {
      const backend = new Bench().backend(
        backendConfig([{ name: 'a' }], {
          algorithm,
          hash: { by: 'path', load_factor: 1.25 },
        }),
      )
      const picked = Array.from({ length: 3000 }, () => backend.pick(7, null))
      expect([algorithm, picked.every((server) => server?.name === 'a')]).toEqual([algorithm, true])
    }
  })

  test('never exceeds the limit of a server over several workers', () => {
    const bench = new Bench()
    const options = backendConfig([{ name: 'a', max_connections: 10 }])
    const workers = [0, 1, 2, 3].map((row) => bench.backend(options, { row }))
    const picked = Array.from({ length: 200 }, (_, i) => workers[i % 4]!.pick(0, null))
    expect(picked.filter((server) => server !== null).length).toBe(10)
  })
})

describe('another attempt', () => {
  const these = (backend: Backend, ...wanted: string[]): number[] =>
    backend.servers.filter(({ name }) => wanted.includes(name)).map(({ slot }) => slot)
  const spare = [{ name: 'a' }, { name: 'b' }, { name: 'z', backup: true }]

  test('is at a backup when the others are tried, or when it is the last', () => {
    const backend = new Bench().backend(backendConfig(spare))
    const again = (isLast: boolean, ...tried: string[]) =>
      backend.pickAgain(0, these(backend, ...tried), isLast)?.name ?? null
    expect(again(false, 'a')).toBe('b')
    expect(again(false, 'a', 'b')).toBe('z')
    expect(again(true, 'a')).toBe('z')
    expect(again(true, 'a', 'z')).toBe('b')
    expect(again(false, 'a', 'b', 'z')).toBeNull()
    expect(backend.lastPickFull).toBe(false)
  })

  test('is at no backup that is down, has no weight or no room, nor while others only are full', () => {
    const bench = new Bench()
    const backend = bench.backend(backendConfig(spare))
    bench.set('z', STATE_DOWN)
    expect(backend.pickAgain(0, these(backend, 'a'), true)?.name).toBe('b')
    expect(backend.pickAgain(0, these(backend, 'a', 'b'), true)).toBeNull()
    const weightless = new Bench().backend(
      backendConfig([{ name: 'a' }, { name: 'z', backup: true, weight: 0 }]),
    )
    expect(weightless.pickAgain(0, these(weightless, 'a'), true)).toBeNull()
    const full = new Bench().backend(
      backendConfig([{ name: 'a' }, { name: 'b', max_connections: 1 }, { name: 'z', backup: true }]),
    )
    while (full.pick(0, these(full, 'a'))) continue
    expect(full.pickAgain(0, these(full, 'a'), false)).toBeNull()
    expect(full.lastPickFull).toBe(true)
  })
})

describe('the reasons of a 503', () => {
  test('are those that the supervisor gave, else the state', () => {
    const bench = new Bench()
    const backend = bench.backend(backendConfig(['a', 'b', 'c', 'd'].map((name) => ({ name }))))
    backend.reasons.set('a', 'connect refused')
    backend.reasons.set('d', 'stale')
    bench.set('a', STATE_DOWN)
    bench.set('b', STATE_STARTING)
    bench.order('c', ADMIN_MAINTENANCE)
    expect(backend.down()).toEqual([
      { server: 'a', reason: 'connect refused' },
      { server: 'b', reason: 'not checked yet' },
      { server: 'c', reason: 'in maintenance' },
    ])
  })
})

describe('a new snapshot', () => {
  test('keeps the state of servers that stay the same, and of those only', () => {
    const bench = new Bench()
    const before = bench.backend(backendConfig([{ name: 'a' }, { name: 'b' }, { name: 'c' }]))
    const options = backendConfig([
      { name: 'c', weight: 5 },
      { name: 'a' },
      { name: 'b', url: 'http://other' },
    ])
    const after = bench.backend(options, { previous: before })
    const live = (name: string, backend = after) =>
      backend.servers.find((server) => server.name === name)?.live
    expect(live('a')).toBe(live('a', before)!)
    expect(live('c')).toBe(live('c', before)!)
    expect(live('b')).not.toBe(live('b', before)!)
    const slots = bench.slots(options)
    const again = { ...slots, servers: { ...slots.servers, a: { ...slots.servers['a']!, generation: 1 } } }
    bench.slots = () => again
    expect(live('a', bench.backend(options, { previous: after }))).not.toBe(live('a')!)
  })

  test('keeps the state of a server that only got another name', () => {
    const bench = new Bench()
    const before = bench.backend(backendConfig([{ name: 'a', url: 'http://a:1' }]))
    const slot = bench.slotOf('a')
    bench.slots = () => ({
      slot: { index: 1, generation: 0 },
      servers: { renamed: { index: slot, generation: 0 } },
    })
    const after = bench.backend(backendConfig([{ name: 'renamed', url: 'http://a:1' }]), { previous: before })
    expect(after.servers[0]?.live).toBe(before.servers[0]!.live)
  })

  test('replaces a learned keep-alive time only when the configured one changes, and not before it is used', () => {
    const bench = new Bench()
    const before = bench.backend(backendConfig([{ name: 'a' }]))
    walk(before, 1)
    const { live } = before.servers[0]!
    live.keepAliveMs = 30_000
    walk(bench.backend(backendConfig([{ name: 'a' }]), { previous: before }), 1)
    expect(live.keepAliveMs).toBe(30_000)
    const changed = backendConfig([{ name: 'a' }], { keep_alive: { idle: 9000, connections: 1024 } })
    const after = bench.backend(changed, { previous: before })
    expect(live.keepAliveMs).toBe(30_000)
    walk(after, 1)
    expect(live.keepAliveMs).toBe(9000)
  })

  test('needs a slot for each server', () => {
    const bench = new Bench()
    const slots = bench.slots(backendConfig([{ name: 'a' }]))
    bench.slots = () => slots
    expect(() => bench.backend(backendConfig([{ name: 'b' }]))).toThrow(
      'no slot for server "b" of backend "api"',
    )
  })
})
