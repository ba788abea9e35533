// Priority groups: who carries what while some are down.
import { describe, expect, test } from 'bun:test'
import { ALGORITHMS } from '../../../server/backends/algorithm.options.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import type { Server } from '../../../server/backends/server.ts'
import { carrying } from '../../../server/backends/groups.ts'
import { ADMIN_DRAIN, STATE_DOWN, STATE_UP } from '../../../server/scoreboard/states.ts'
import { seededRandom } from '../../support/random.ts'
import { backendConfig, Bench, tally, walk } from './backends.ts'

const HASH = { by: 'client_ip', load_factor: 100 } as const
const key = (pick: number): number => Math.imul(pick + 1, 0x9e3779b1) >>> 0
/** So many servers in each group: a1, a2 …, b1 … */
const servers = (...sizes: number[]) =>
  sizes.flatMap((size, group) =>
    Array.from({ length: size }, (_, i) => ({ name: `${'abc'[group]}${i + 1}`, group: group + 1 })),
  )

const shares = (sizes: readonly (readonly [all: number, up: number])[], failoverBelow?: number) => {
  const all = sizes.flatMap(([count, up], group) =>
    Array.from({ length: count }, (_, i) => ({ group: group + 1, weight: 1, isUp: i < up })),
  )
  const { groups, isEnough } = carrying(
    all as unknown as Server[],
    (one) => (one as unknown as { isUp: boolean }).isUp,
    failoverBelow,
  )
  return [groups.map(({ group, share }) => [group, Math.round(share * 1000) / 1000]), isEnough]
}

test('a group carries all while enough of it is up, and the next one what is missing', () => {
  expect(
    shares([
      [10, 10],
      [10, 10],
    ]),
  ).toEqual([[[1, 1]], true])
  expect(
    shares([
      [10, 7],
      [10, 10],
    ]),
  ).toEqual([[[1, 1]], true])
  expect(
    shares([
      [10, 6],
      [10, 10],
    ]),
  ).toEqual([
    [
      [1, 0.857],
      [2, 0.143],
    ],
    true,
  ])
  expect(
    shares([
      [10, 0],
      [10, 10],
    ]),
  ).toEqual([[[2, 1]], true])
  expect(
    shares([
      [10, 1],
      [10, 1],
      [10, 10],
    ]),
  ).toEqual([
    [
      [1, 0.143],
      [2, 0.143],
      [3, 0.714],
    ],
    true,
  ])
  expect(
    shares([
      [10, 3],
      [10, 3],
    ]),
  ).toEqual([
    [
      [1, 0.429],
      [2, 0.429],
    ],
    false,
  ])
  expect(shares([[10, 0]])).toEqual([[], false])
})

test('how much is enough is settable, up to all and down to one', () => {
  expect(
    shares(
      [
        [10, 9],
        [10, 10],
      ],
      1,
    ),
  ).toEqual([
    [
      [1, 0.9],
      [2, 0.1],
    ],
    true,
  ])
  expect(
    shares(
      [
        [10, 1],
        [10, 10],
      ],
      0,
    ),
  ).toEqual([[[1, 1]], true])
  expect(
    shares(
      [
        [10, 0],
        [10, 10],
      ],
      0,
    ),
  ).toEqual([[[2, 1]], true])
})

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const start = (bench: Bench, list: ReturnType<typeof servers>) =>
    bench.backend(backendConfig(list, { algorithm, hash: HASH }), { chance: seededRandom(5).next })

  test('uses the first group alone, and the next one alone when none of it is up', () => {
    const bench = new Bench()
    const backend = start(bench, servers(2, 2))
    expect(walk(backend, 200, key).every((name) => name.startsWith('a'))).toBe(true)
    bench.set('a1', STATE_DOWN)
    bench.set('a2', STATE_DOWN)
    expect(walk(backend, 200, key).every((name) => name.startsWith('b'))).toBe(true)
    bench.set('a1', STATE_UP)
    bench.set('a2', STATE_UP)
    expect(walk(backend, 200, key).every((name) => name.startsWith('a'))).toBe(true)
  })

  test('gives the next group the share that is missing', () => {
    const bench = new Bench()
    const backend = start(bench, servers(10, 10))
    for (let i = 1; i <= 4; i++) bench.set(`a${i}`, STATE_DOWN)
    const inB = walk(backend, 4000, key).filter((name) => name.startsWith('b')).length / 4000
    // 6 of 10 are up, which carry 6/7 of what 7 would. Who fills servers one by one spills nothing.
    const wanted = algorithm === 'first_available' ? 0 : 1 / 7
    // Three and a half standard deviations of what is drawn.
    expect(Math.abs(inB - wanted)).toBeLessThan(0.02)
  })
})

test('weights of servers count, and who was taken out counts for nothing', () => {
  const bench = new Bench()
  const list = servers(3, 1).map((one) => ({ ...one, weight: one.name === 'a1' ? 8 : 1 }))
  const backend = bench.backend(backendConfig(list))
  bench.set('a2', STATE_DOWN)
  expect(tally(walk(backend, 90))['b1']).toBeUndefined()
  bench.order('a2', ADMIN_DRAIN)
  bench.set('a2', STATE_UP)
  bench.set('a1', STATE_DOWN)
  // Of 9 that are not taken out 1 is up, which carries 1/6.3.
  expect(tally(walk(backend, 6300))).toEqual({ a3: expect.closeTo(1000, -2), b1: expect.closeTo(5300, -2) })
})

describe('a panic', () => {
  const start = (bench: Bench, list: ReturnType<typeof servers>) =>
    bench.backend(backendConfig(list, { panic_threshold: 0.5 }))
  const used = (backend: ReturnType<typeof start>): string =>
    Object.keys(tally(walk(backend, 400)))
      .toSorted()
      .join(' ')

  test('is none while a group behind carries what is missing', () => {
    const bench = new Bench()
    const backend = start(bench, servers(4, 2))
    for (const name of ['a1', 'a2', 'a3', 'a4']) bench.set(name, STATE_DOWN)
    expect(used(backend)).toBe('b1 b2')
  })

  test('uses all groups alike when too few of all are up', () => {
    const bench = new Bench()
    const backend = start(bench, servers(4, 4))
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'b3']) bench.set(name, STATE_DOWN)
    expect(tally(walk(backend, 400))).toEqual(Object.fromEntries(servers(4, 4).map(({ name }) => [name, 50])))
  })
})

test('the next group stands by for the last try, before backups', () => {
  const bench = new Bench()
  const list = [...servers(1, 1), { name: 'z', backup: true }]
  const backend = bench.backend(backendConfig(list))
  expect(backend.pickAgain(0, null, true)?.name).toBe('b1')
  bench.set('b1', STATE_DOWN)
  expect(backend.pickAgain(0, null, true)?.name).toBe('z')
  bench.set('a1', STATE_DOWN)
  expect(tally(walk(backend, 4))).toEqual({ z: 4 })
})

test('shares are those of the groups, too, where the algorithm looks at no weight of theirs', () => {
  const bench = new Bench()
  const first = ['a1', 'a2', 'a3', 'a4'].map((name) => ({ name, group: 1, weight: 50 }))
  const second = ['b1', 'b2'].map((name) => ({ name, group: 2, weight: 1 }))
  const backend = bench.backend(
    backendConfig([...first, ...second], { algorithm: 'random', failover_below: 1 }),
    { chance: seededRandom(3).next },
  )
  for (const name of ['a1', 'a2']) bench.set(name, STATE_DOWN)
  const { a3 = 0, a4 = 0, b1 = 0, b2 = 0 } = tally(walk(backend, 4000))
  // Half of its weight is up: half of the work. Four standard deviations.
  expect(a3 + a4).toBeWithin(2000 - 127, 2000 + 127)
  expect(Math.abs(a3 - a4)).toBeLessThan(180)
  expect(Math.abs(b1 - b2)).toBeLessThan(180)
})

test('least_response_time goes by times within a group: the share of one is not that of how fast it is', () => {
  const bench = new Bench()
  let nowMs = 1000
  const backend = bench.backend(backendConfig(servers(10, 10), { algorithm: 'least_response_time' }), {
    now: () => nowMs,
  })
  for (let i = 1; i <= 4; i++) bench.set(`a${i}`, STATE_DOWN)
  // The second group answers ten times as fast, and one of each is ten times as slow as its like.
  const msOf = (name: string): number => (name.startsWith('a') ? 10 : 1) * (name.endsWith('5') ? 10 : 1)
  const open: { server: Server; endMs: number }[] = []
  const names: string[] = []
  while (names.length < 4000) {
    nowMs += 0.5
    for (const one of open.filter(({ endMs }) => endMs <= nowMs)) {
      open.splice(open.indexOf(one), 1)
      backend.answered(one.server, 200, msOf(one.server.name))
      backend.release(one.server, ANSWERED)
    }
    const server = backend.pick(0, null)!
    names.push(server.name)
    open.push({ server, endMs: nowMs + msOf(server.name) })
  }
  const { a5 = 0, b5 = 0, ...others } = tally(names)
  const inB = names.filter((name) => name.startsWith('b')).length / names.length
  expect(Math.abs(inB - 1 / 7)).toBeLessThan(0.001)
  expect(a5).toBeLessThan((others['a6'] ?? 0) / 3)
  expect(b5).toBeLessThan((others['b6'] ?? 0) / 3)
})

test('least_response_time asks another group where the one whose turn it is has no room', () => {
  const bench = new Bench()
  const list = servers(2, 2).map((one) => ({ ...one, max_connections: 2 }))
  const backend = bench.backend(backendConfig(list, { algorithm: 'least_response_time', failover_below: 1 }))
  bench.set('a1', STATE_DOWN)
  const names = Array.from({ length: 7 }, () => backend.pick(0, null)?.name ?? '-')
  expect(tally(names)).toEqual({ a2: 2, b1: 2, b2: 2, '-': 1 })
})
