// Algorithms that go by what servers did with earlier requests.
import { describe, expect, test } from 'bun:test'
import type { BackendConfig } from '../../../server/backends/backend.options.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import { Backend } from '../../../server/backends/backend.ts'
import type { Server } from '../../../server/backends/server.ts'
import { privateRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import type { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import { STATE_UP } from '../../../server/scoreboard/states.ts'
import { seededRandom } from '../../support/random.ts'
import { backendConfig, Bench, tally } from './backends.ts'

const three = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]

describe('least response time', () => {
  const options = backendConfig(three, { algorithm: 'least_response_time' })

  test('takes the fastest until what it has in flight outweighs it', () => {
    const backend = new Bench().backend(options)
    for (const [i, ms] of [10, 25, 1000].entries()) backend.servers[i]!.live.record.meanMs = ms
    const picked = Array.from({ length: 7 }, () => backend.pick(0, null)?.name ?? '-')
    expect(tally(picked)).toEqual({ a: 5, b: 2 })
  })

  test('counts a server without a time as fast as the fastest', () => {
    const backend = new Bench().backend(options)
    backend.servers[0]!.live.record.meanMs = 10
    backend.servers[1]!.live.record.meanMs = 500
    const picked = Array.from({ length: 10 }, () => backend.pick(0, null)?.name ?? '-')
    expect(tally(picked)).toEqual({ a: 5, c: 5 })
  })

  test('asks a server again that was slow once, soon and with few requests', () => {
    const clock = { nowMs: 1000 }
    const backend = new Bench().backend(options, { now: () => clock.nowMs })
    for (const { live } of backend.servers)
      live.record.answered(live === backend.servers[2]!.live ? 500 : 1, 1000)
    const picked = serve(backend, clock, 1200, () => 1)
    expect(picked.slice(0, 240)).not.toContain('c')
    expect(tally(picked)['c']).toBeGreaterThan(200)
  })

  test('asks a slow server seldom, and only so many', () => {
    const clock = { nowMs: 1000 }
    const backend = new Bench().backend(options, { now: () => clock.nowMs })
    const picked = serve(backend, clock, 10_000, (name) => (name === 'c' ? 100 : 1))
    expect(tally(picked)['c']).toBeWithin(2, 40)
  })

  test('keeps a tried server out of a trial', () => {
    const clock = { nowMs: 1000 }
    const backend = new Bench().backend(options, { now: () => clock.nowMs })
    for (const { live } of backend.servers) live.record.answered(1, 1000)
    clock.nowMs = 10_000
    for (let i = 0; i < 50; i++) {
      const server = backend.pick(0, [backend.servers[0]!.slot])
      expect(server?.name).not.toBe('a')
      backend.release(server!, ANSWERED)
    }
  })
})

/** So many requests one after the other, each taking what `take` says; Infinity: it fails at once. */
function serve(
  backend: Backend,
  clock: { nowMs: number },
  requests: number,
  take: (name: string) => number,
): string[] {
  return Array.from({ length: requests }, () => {
    const server = backend.pick(0, null)!
    const ms = take(server.name)
    clock.nowMs += ms === Infinity ? 0.1 : ms
    if (ms === Infinity) server.live.record.failed(0.1, clock.nowMs)
    else server.live.record.answered(ms, clock.nowMs)
    backend.release(server, ANSWERED)
    return server.name
  })
}

describe('a server that fails at once', () => {
  for (const algorithm of ['least_response_time', 'least_connections', 'power_of_two'] as const) {
    test(`draws nobody to it: ${algorithm}`, () => {
      const clock = { nowMs: 1000 }
      const two = [{ name: 'good' }, { name: 'bad' }]
      const backend = new Bench().backend(backendConfig(two, { algorithm }), {
        now: () => clock.nowMs,
        chance: seededRandom(3).next,
      })
      // Sixteen clients, each of whom asks again as soon as it was answered: after 5 ms by the one, after 0.1
      // by the other.
      const open: { server: Server; dueMs: number }[] = []
      const counts: Record<string, number> = { good: 0, bad: 0 }
      for (let i = 0; i < 20_000; i++) {
        if (open.length === 16) {
          open.sort((a, b) => a.dueMs - b.dueMs)
          const { server, dueMs } = open.shift()!
          clock.nowMs = dueMs
          if (server.name === 'bad') server.live.record.failed(0.1, dueMs)
          else server.live.record.answered(5, dueMs)
          backend.release(server, ANSWERED)
        }
        const server = backend.pick(0, null)!
        counts[server.name]!++
        open.push({ server, dueMs: clock.nowMs + (server.name === 'bad' ? 0.1 : 5) })
      }
      expect(counts['bad']! / 20_000).toBeLessThan(0.03)
      expect(counts['bad']).toBeGreaterThan(0)
    })
  }

  test('is used again when it has recovered', () => {
    const clock = { nowMs: 1000 }
    const options = backendConfig(three, { algorithm: 'least_response_time' })
    const backend = new Bench().backend(options, { now: () => clock.nowMs })
    serve(backend, clock, 5000, (name) => (name === 'c' ? Infinity : 1))
    const since = serve(backend, clock, 40_000, () => 1)
    expect(tally(since.slice(-1000))['c']).toBeGreaterThan(200)
  })
})

const COUNT = 1000
function thousand(
  algorithm: BackendConfig['algorithm'],
  { change = {}, now }: { readonly change?: object; readonly now?: () => number } = {},
): { readonly backend: Backend; readonly board: Scoreboard } {
  const board = scoreboardOn(privateRegion(COUNT + 8, 2), 0)
  const names = Array.from({ length: COUNT }, (_, n) => `s${n}`)
  const servers = Object.fromEntries(names.map((name, n) => [name, { index: n + 2, generation: 0 }]))
  for (const { index } of Object.values(servers)) board.setState(index, STATE_UP)
  const words = names.map((name) => ({ name, ...change }))
  const options = backendConfig(words, { algorithm })
  const slots = { slot: { index: 1, generation: 0 }, servers }
  const parts = { name: 'api', options, slots, board, previous: null }
  return { backend: new Backend(now === undefined ? parts : { ...parts, now }), board }
}

describe('least connections among a thousand', () => {
  test('few are looked at, and still none has much more to do than another', () => {
    const { backend, board } = thousand('least_connections')
    const random = seededRandom(1)
    const held = Array.from({ length: 3 * COUNT }, () => backend.pick(0, null)!)
    expect(backend.servers.every(({ slot }) => board.inFlight(slot) === 3)).toBe(true)
    let looks = 0
    const inFlight = board.inFlight.bind(board)
    board.inFlight = (slot) => (looks++, inFlight(slot))
    const PICKS = 20_000
    let most = 0
    for (let n = 0; n < PICKS; n++) {
      const at = random.below(held.length)
      backend.release(held[at]!, ANSWERED)
      held[at] = backend.pick(0, null)!
      most = Math.max(most, inFlight(held[at].slot))
    }
    expect(looks).toBeLessThanOrEqual(64 * PICKS)
    expect(most).toBeLessThanOrEqual(5)
  })

  test('the only one with room is found, wherever it stands', () => {
    const { backend } = thousand('least_connections', { change: { max_connections: 1 } })
    const held = Array.from({ length: COUNT }, () => backend.pick(0, null)!)
    expect(backend.pick(0, null)).toBeNull()
    for (const at of [0, 500, 999]) {
      backend.release(held[at]!, ANSWERED)
      expect(backend.pick(0, null)?.name).toBe(held[at]!.name)
    }
  })
})

describe('least response time among a thousand', () => {
  /** So many clients, each of whom asks again as soon as it was answered; which server each pick was of. */
  function ask(
    backend: Backend,
    clock: { nowMs: number },
    requests: number,
    take: (index: number) => number,
  ): number[] {
    const CLIENTS = 50
    const open: { server: Server; beganMs: number; dueMs: number }[] = []
    return Array.from({ length: requests }, () => {
      if (open.length === CLIENTS) {
        const first = open.reduce((least, one, at) => (one.dueMs < open[least]!.dueMs ? at : least), 0)
        const [{ server, beganMs, dueMs }] = open.splice(first, 1) as [(typeof open)[number]]
        clock.nowMs = dueMs
        server.live.record.answered(dueMs - beganMs, dueMs)
        backend.release(server, ANSWERED)
      }
      const server = backend.pick(0, null)!
      open.push({ server, beganMs: clock.nowMs, dueMs: clock.nowMs + take(server.index) })
      return server.index
    })
  }
  const isFast = (index: number): boolean => index % 100 === 17

  test('few are looked at, and the few that are fast are found all the same', () => {
    const clock = { nowMs: 1000 }
    const { backend, board } = thousand('least_response_time', { now: () => clock.nowMs })
    let looks = 0
    const inFlight = board.inFlight.bind(board)
    board.inFlight = (slot) => (looks++, inFlight(slot))
    const PICKS = 20_000
    const picked = ask(backend, clock, PICKS, (index) => (isFast(index) ? 1 : 50))
    expect(looks).toBeLessThanOrEqual(68 * PICKS)
    const counts = new Map<number, number>()
    for (const index of picked.slice(-10_000)) counts.set(index, (counts.get(index) ?? 0) + 1)
    const ofFast = [...counts].filter(([index]) => isFast(index))
    // All but trials of the others, and none of the ten has it all.
    expect(ofFast.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(9000)
    expect(ofFast.length).toBe(10)
    expect(Math.max(...ofFast.map(([, count]) => count))).toBeLessThan(3000)
  })

  test('those that were slow once are tried again, wherever they stand', () => {
    const clock = { nowMs: 1000 }
    const { backend } = thousand('least_response_time', { now: () => clock.nowMs })
    const wasSlow = (index: number): boolean => index % 50 === 7
    for (const { live, index } of backend.servers) live.record.answered(wasSlow(index) ? 500 : 10, 1000)
    const picked = new Set(ask(backend, clock, 60_000, () => 10))
    expect([...picked].filter(wasSlow).length).toBe(COUNT / 50)
  })

  test('equals take turns', () => {
    const { backend } = thousand('least_response_time')
    for (const { live } of backend.servers) live.record.meanMs = 3
    const counts = new Uint32Array(COUNT)
    for (let n = 0; n < 4 * COUNT; n++) {
      const server = backend.pick(0, null)!
      counts[server.index]!++
      backend.release(server, ANSWERED)
    }
    expect([Math.min(...counts), Math.max(...counts)]).toEqual([4, 4])
  })

  test('the only one with room is found, wherever it stands', () => {
    const { backend } = thousand('least_response_time', { change: { max_connections: 1 } })
    const held = Array.from({ length: COUNT }, () => backend.pick(0, null)!)
    expect(new Set(held).size).toBe(COUNT)
    expect(backend.pick(0, null)).toBeNull()
    for (const at of [0, 500, 999]) {
      backend.release(held[at]!, ANSWERED)
      expect(backend.pick(0, null)?.name).toBe(held[at]!.name)
    }
  })
})
