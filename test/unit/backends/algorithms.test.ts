import { describe, expect, test } from 'bun:test'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import { hashText } from '../../../server/backends/hash.ts'
import { andTried, type Tried } from '../../../server/backends/tried.ts'
import type { Server } from '../../../server/backends/server.ts'
import { STATE_DOWN, STATE_UP } from '../../../server/scoreboard/states.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { backendConfig, Bench, tally, walk } from './backends.ts'

const three = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]
const keys = Array.from({ length: 20_000 }, (_, i) => hashText(`192.0.2.${i}`))

/** Each key's server while nothing is in flight. */
const owners = (backend: ReturnType<Bench['backend']>): string[] =>
  walk(backend, keys.length, (i) => keys[i]!)

describe('round robin', () => {
  test('takes turns', () => {
    expect(walk(new Bench().backend(backendConfig(three)), 7).join('')).toBe('abcabca')
  })

  test('gives weights of 3:1 exactly over whole periods, also when four workers walk together', () => {
    const bench = new Bench()
    const options = backendConfig([{ name: 'a', weight: 3 }, { name: 'b' }])
    const workers = [0, 1, 2, 3].map((row) => bench.backend(options, { row }))
    const random = seededRandom(seedOfRun())
    const picked = Array.from({ length: 1200 }, () => walk(random.pick(workers), 1)[0]!)
    expect(tally(picked)).toEqual({ a: 900, b: 300 })
    for (let at = 0; at < 1200; at += 4) expect(tally(picked.slice(at, at + 4))).toEqual({ a: 3, b: 1 })
  })

  test('takes no turn for another attempt, so that a dead server is not the first of every request', () => {
    const backend = new Bench().backend(backendConfig([{ name: 'a' }, { name: 'b' }]))
    const firsts = Array.from({ length: 10 }, () => {
      const first = backend.pick(0, null)
      const second = backend.pick(0, first && [first.slot])
      expect(second?.name).toBe(first?.name === 'a' ? 'b' : 'a')
      return first?.name
    })
    expect(firsts.filter((name) => name === 'a')).toHaveLength(5)
  })

  test('spreads the turns of a full server over the others', () => {
    const bench = new Bench()
    const options = backendConfig([{ name: 'a', max_connections: 1 }, { name: 'b' }, { name: 'c' }])
    const backend = bench.backend(options)
    bench.board.enter(bench.slotOf('a'), 1)
    expect(tally(walk(backend, 300))).toEqual({ b: 200, c: 100 })
  })

  test('finds the one server with room behind a long run of places', () => {
    const bench = new Bench()
    const options = backendConfig([
      { name: 'a', weight: 1000, max_connections: 1 },
      { name: 'b', weight: 1, max_connections: 1 },
    ])
    const backend = bench.backend(options)
    expect(backend.pick(0, null)?.name).toBe('a')
    expect(backend.pick(0, null)?.name).toBe('b')
    expect(backend.pick(0, null)).toBeNull()
  })

  test('takes a new weight with the next snapshot', () => {
    const bench = new Bench()
    const before = bench.backend(backendConfig([{ name: 'a' }, { name: 'b' }]))
    expect(tally(walk(before, 100))).toEqual({ a: 50, b: 50 })
    const options = backendConfig([{ name: 'a', weight: 4 }, { name: 'b' }])
    expect(tally(walk(bench.backend(options, { previous: before }), 100))).toEqual({ a: 80, b: 20 })
  })
})

describe('least connections', () => {
  test('takes the one with the least in flight for its weight', () => {
    const bench = new Bench()
    const backend = bench.backend(
      backendConfig([{ name: 'a', weight: 2 }, { name: 'b' }], { algorithm: 'least_connections' }),
    )
    const picked = Array.from({ length: 30 }, () => backend.pick(0, null)?.name ?? '-')
    expect(tally(picked)).toEqual({ a: 20, b: 10 })
  })

  test('sees what other workers have in flight', () => {
    const bench = new Bench()
    const options = backendConfig([{ name: 'a' }, { name: 'b' }], { algorithm: 'least_connections' })
    const [one, other] = [bench.backend(options, { row: 0 }), bench.backend(options, { row: 1 })]
    const held = Array.from({ length: 10 }, () => one.pick(0, null))
    for (const server of held) if (server?.name === 'b') one.release(server, ANSWERED)
    expect(Array.from({ length: 5 }, () => other.pick(0, null)?.name).join('')).toBe('bbbbb')
  })

  test('breaks ties by turns, in proportion to the weights', () => {
    const options = backendConfig([{ name: 'a', weight: 3 }, { name: 'b' }], {
      algorithm: 'least_connections',
    })
    expect(tally(walk(new Bench().backend(options), 400))).toEqual({ a: 300, b: 100 })
  })
})

describe('the algorithms of chance', () => {
  const chance = seededRandom(7).next

  test('random draws each as often, whatever its weight', () => {
    const options = backendConfig([{ name: 'a', weight: 9 }, { name: 'b' }], { algorithm: 'random' })
    expect(tally(walk(new Bench().backend(options, { chance }), 10_000))['a']).toBeWithin(4800, 5200)
  })

  test('weighted random draws in proportion', () => {
    const options = backendConfig([{ name: 'a', weight: 9 }, { name: 'b' }], { algorithm: 'weighted_random' })
    expect(tally(walk(new Bench().backend(options, { chance }), 10_000))['a']).toBeWithin(8850, 9150)
  })

  test('power of two takes the less loaded of two', () => {
    const bench = new Bench()
    const backend = bench.backend(backendConfig(three, { algorithm: 'power_of_two' }), { chance })
    for (let i = 0; i < 100; i++) bench.board.enter(bench.slotOf('c'), 1024)
    const picked = Array.from({ length: 150 }, () => backend.pick(0, null)?.name ?? '-')
    // c loses each comparison until the others have as many.
    expect(tally(picked)['c']).toBeUndefined()
    expect(tally(picked)['a']).toBeWithin(70, 81)
  })

  test('power of two with one server takes it', () => {
    const backend = new Bench().backend(backendConfig([{ name: 'a' }], { algorithm: 'power_of_two' }))
    expect(walk(backend, 2)).toEqual(['a', 'a'])
  })
})

describe('first available', () => {
  test('fills the servers one after the other', () => {
    const bench = new Bench()
    const options = backendConfig(
      three.map(({ name }) => ({ name, max_connections: 2 })),
      { algorithm: 'first_available' },
    )
    const backend = bench.backend(options)
    expect(Array.from({ length: 7 }, () => backend.pick(0, null)?.name ?? '-').join('')).toBe('aabbcc-')
  })
})

describe('hashing', () => {
  const options = (servers: Parameters<typeof backendConfig>[0]) =>
    backendConfig(servers, { algorithm: 'ip_hash' })
  const four = [...three, { name: 'd' }]

  test('has the same values in each release', () => {
    expect(hashText('192.0.2.7')).toBe(2_792_370_494)
    expect(
      owners(new Bench().backend(options(four)))
        .slice(0, 12)
        .join(''),
    ).toBe('bcbcdbaaabda')
  })

  test('gives each server its weight', () => {
    const counts = tally(owners(new Bench().backend(options([{ name: 'a', weight: 3 }, ...four.slice(1)]))))
    expect(counts['a']).toBeWithin(9700, 10_300)
    for (const name of ['b', 'c', 'd']) expect(counts[name]).toBeWithin(3100, 3570)
  })

  for (const weights of [
    [1, 1, 1, 1],
    [5, 2, 3, 1],
  ]) {
    test(`moves the keys of a removed server only, with weights ${weights.join(':')}`, () => {
      const bench = new Bench()
      const servers = four.map(({ name }, i) => ({ name, weight: weights[i]! }))
      const before = bench.backend(options(servers))
      const old = owners(before)
      const after = bench.backend(options(servers.filter(({ name }) => name !== 'b')), { previous: before })
      for (const [i, owner] of owners(after).entries())
        if (old[i] === 'b') expect(owner).not.toBe('b')
        else expect(owner).toBe(old[i]!)
    })
  }

  test('moves the keys of a server that is down only, and all come back', () => {
    const bench = new Bench()
    const backend = bench.backend(options(four))
    const old = owners(backend)
    bench.set('c', STATE_DOWN)
    const moved = owners(backend)
    for (const [i, owner] of moved.entries()) if (old[i] !== 'c') expect(owner).toBe(old[i]!)
    const heirs = tally(moved.filter((_, i) => old[i] === 'c'))
    for (const name of ['a', 'b', 'd']) expect(heirs[name]).toBeGreaterThan(1400)
    bench.set('c', STATE_UP)
    expect(owners(backend)).toEqual(old)
  })

  test('moves keys to or from a server only whose weight changes', () => {
    const bench = new Bench()
    const old = owners(bench.backend(options(four)))
    const heavier = owners(bench.backend(options([{ name: 'a', weight: 2 }, ...four.slice(1)])))
    for (const [i, owner] of heavier.entries()) if (owner !== old[i]) expect(owner).toBe('a')
  })

  test('of an address stays with its server however much that has to do', () => {
    const backend = new Bench().backend(options(four))
    const picked = Array.from({ length: 100 }, () => backend.pick(keys[0]!, null)?.name ?? '-')
    expect(tally(picked)).toEqual({ [picked[0]!]: 100 })
  })

  test('of an address goes to the next of its servers while its own is full or tried', () => {
    const bench = new Bench()
    const backend = bench.backend(options(four.map(({ name }) => ({ name, max_connections: 1 }))))
    const order = Array.from({ length: 5 }, () => backend.pick(keys[3]!, null)?.name ?? '-')
    expect(new Set(order.slice(0, 4)).size).toBe(4)
    expect(order[4]).toBe('-')
    for (const server of backend.servers) backend.release(server, ANSWERED)
    const first = backend.servers.find(({ name }) => name === order[0])!
    expect(backend.pick(keys[3]!, [first.slot])?.name).toBe(order[1]!)
  })

  test('with a bound gives no server more than its multiple of the mean', () => {
    const bench = new Bench()
    for (const load_factor of [1, 1.25, 2]) {
      const servers = ['a', 'b', 'c', 'd', 'e'].map((name, i) => ({
        name: `${name}${load_factor}`,
        weight: 1 + (i % 2),
      }))
      const backend = bench.backend(
        backendConfig(servers, { algorithm: 'hash', hash: { by: 'path', load_factor } }),
      )
      for (let picks = 1; picks <= 200; picks++) {
        expect(backend.pick(keys[0]!, null)).not.toBeNull() // one hot key
        for (const { slot, weight } of backend.servers)
          expect(bench.board.inFlight(slot)).toBeLessThanOrEqual(
            Math.ceil((load_factor * picks * weight) / 7),
          )
      }
    }
  })

  test('with a bound still uses a server beyond it when no other is left', () => {
    const backend = new Bench().backend(
      backendConfig([{ name: 'a' }, { name: 'b' }], {
        algorithm: 'hash',
        hash: { by: 'path', load_factor: 1 },
      }),
    )
    const [a, b] = backend.servers as [Server, Server]
    for (let i = 0; i < 10; i++) expect(backend.pick(keys[0]!, [b.slot])).toBe(a)
  })
})

describe('each algorithm', () => {
  for (const algorithm of [
    'round_robin',
    'weighted_round_robin',
    'least_connections',
    'random',
    'weighted_random',
    'power_of_two',
    'least_response_time',
    'ip_hash',
    'hash',
    'first_available',
  ] as const) {
    test(`fills every place and not one more: ${algorithm}`, () => {
      const bench = new Bench()
      const servers = Array.from({ length: 7 }, (_, i) => ({
        name: `s${i}`,
        weight: 1 + 2 * (i % 3),
        max_connections: 3 + i,
      }))
      const hash = { by: 'path', load_factor: 1.25 } as const
      const workers = [0, 1].map((row) => bench.backend(backendConfig(servers, { algorithm, hash }), { row }))
      const random = seededRandom(seedOfRun())
      const held: Server[] = []
      for (let i = 0; i < 3000; i++) {
        const worker = random.pick(workers)
        const server = worker.pick(random.pick(keys), null)
        if (server !== null) held.push(server)
        else expect([held.length, worker.lastPickFull]).toEqual([42, true])
        if (held.length > 0 && random.next() < 0.4)
          worker.release(held.splice(random.below(held.length), 1)[0]!, ANSWERED)
        for (const { slot, maxConnections } of worker.servers)
          expect(bench.board.inFlight(slot)).toBeLessThanOrEqual(maxConnections)
      }
      for (let i = 0; i < 42; i++) held.push(workers[0]!.pick(keys[i]!, null) ?? held[0]!)
      expect(workers[0]!.servers.map(({ slot }) => bench.board.inFlight(slot))).toEqual([3, 4, 5, 6, 7, 8, 9])
    })

    test.each([3, 60])(`never repeats a tried server, nor leaves another out: ${algorithm}, %p`, (count) => {
      const hash = { by: 'path', load_factor: 1.25 } as const
      const servers = Array.from({ length: count }, (_, i) => ({ name: `s${i}` }))
      const backend = new Bench().backend(backendConfig(servers, { algorithm, hash }))
      let tried: Tried = null
      const seen = new Set<string>()
      for (let i = 0; i < count; i++) {
        const server: Server = backend.pick(keys[i]!, tried)!
        seen.add(server.name)
        tried = andTried(tried, server)
      }
      expect(seen.size).toBe(count)
      expect(backend.pick(keys[0]!, tried)).toBeNull()
      expect(backend.lastPickFull).toBe(false)
    })
  }
})
