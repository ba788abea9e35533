import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../server/backends/backend.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import type { Server } from '../../../server/backends/server.ts'
import { ANSWERING } from '../../../server/scoreboard/layout.ts'
import { scoreboardOn } from '../../../server/scoreboard/region.ts'
import { backendConfig, Bench } from './backends.ts'

const words = (more: Parameters<typeof backendConfig>[1] = {}) =>
  backendConfig([{ name: 'a' }, { name: 'b', max_connections: 2 }, { name: 'spare', backup: true }], {
    max_connections: 3,
    ...more,
  })

function takeAll(backend: Backend): Server[] {
  const held: Server[] = []
  for (;;) {
    const server = backend.pick(0, null)
    if (server === null) return held
    held.push(server)
  }
}

describe('max_connections of a backend', () => {
  test('holds over its servers and over all workers, whatever each server may carry', () => {
    const bench = new Bench()
    const [one, other] = [bench.backend(words(), { row: 0 }), bench.backend(words(), { row: 1 })]
    const held = [one.pick(0, null)!, other.pick(0, null)!, other.pick(0, null)!]
    expect([one.pick(0, null), other.pick(0, null)]).toEqual([null, null])
    expect([one.lastPickFull, other.lastPickFull]).toEqual([true, true])
    expect(one.limit?.inUse).toBe(3)
    one.release(held[0]!, ANSWERED)
    expect(other.pick(0, null)).not.toBeNull()
    expect(other.pickAgain(0, null, true)).toBeNull()
  })

  test('a pick that finds no server keeps no place of it', () => {
    const bench = new Bench()
    const backend = bench.backend(backendConfig([{ name: 'b', max_connections: 1 }], { max_connections: 5 }))
    expect(takeAll(backend).length).toBe(1)
    expect(backend.limit?.inUse).toBe(1)
    const tried = backend.servers.map(({ slot }) => slot)
    expect(backend.pick(0, tried)).toBeNull()
    expect(backend.pickAgain(0, tried, true)).toBeNull()
    expect(backend.limit?.inUse).toBe(1)
  })

  test('a dead worker gives back what it held, and all is zero at the end', () => {
    const bench = new Bench()
    const [one, dead] = [bench.backend(words(), { row: 0 }), bench.backend(words(), { row: 1 })]
    const mine = one.pick(0, null)!
    expect(takeAll(dead).length).toBe(2)
    const supervisor = scoreboardOn(bench.region, -1)
    supervisor.clearRow(1)
    expect(one.limit?.inUse).toBe(1)
    const more = takeAll(one)
    expect(more.length).toBe(2)
    for (const server of [mine, ...more]) one.release(server, ANSWERED)
    expect(one.limit?.inUse).toBe(0)
  })

  test('another limit counts what is in flight already, and a backup takes a place too', () => {
    const bench = new Bench()
    const before = bench.backend(words())
    const held = takeAll(before)
    const after = bench.backend(words({ max_connections: 4 }), { previous: before })
    expect(takeAll(after).length).toBe(1)
    for (const server of held) before.release(server, ANSWERED)
    expect(after.limit?.inUse).toBe(1)
    const backup = after.pickAgain(0, null, true)
    expect(backup?.name).toBe('spare')
    expect(after.limit?.inUse).toBe(2)
  })

  test('is no part of a backend without it', () => {
    expect(new Bench().backend(backendConfig([{ name: 'a' }])).limit).toBeNull()
  })
})

describe('adaptive_limit', () => {
  const adaptive = (mode: 'enforce' | 'shadow' | 'off') => ({
    ...{ mode, least: 1, most: 100, window: 1000, quantile: 0.5, headroom: 0.1, measure_every: 60_000 },
  })

  test('holds as it was found, beside what is written, and in no other mode', () => {
    const bench = new Bench()
    const backend = bench.backend(words({ max_connections: 3, adaptive_limit: adaptive('enforce') }))
    bench.board.adaptive.setLimit(1, 2)
    const held = takeAll(backend)
    expect([held.length, backend.limit?.told, backend.limit?.isFull]).toEqual([
      2,
      { word: 'adaptive_limit', value: 2 },
      true,
    ])
    bench.board.adaptive.setLimit(1, 50)
    expect(takeAll(backend).length).toBe(1)
    expect(backend.limit?.told).toEqual({ word: 'max_connections', value: 3 })
    const { max_connections: _, ...unlimited } = words()
    expect(bench.backend({ ...unlimited, adaptive_limit: adaptive('off') }).limit).toBeNull()
  })

  test('is of what waits for its answer: tunnels and streams that last take none of its places', () => {
    const bench = new Bench()
    const backend = bench.backend(
      backendConfig([{ name: 'a' }], { adaptive_limit: adaptive('enforce'), max_connections: 20 }),
    )
    bench.board.adaptive.setLimit(1, 2)
    const streams: Server[] = []
    for (let round = 0; round < 5; round++) {
      const held = takeAll(backend)
      expect([held.length, bench.board.adaptive.awaited(1)]).toEqual([2, 2])
      for (const [place, server] of held.entries()) backend.answered(server, place === 0 ? 101 : 200, 3)
      streams.push(...held)
    }
    const waiting = takeAll(backend)
    expect([waiting.length, backend.limit?.inUse]).toEqual([2, 12])
    const loss = { code: 'server_reset', reached: 'answer', isStale: false, detail: null } as const
    const broken = { is: 'lost', loss, waitedMs: 0, wasAnswered: true } as const
    for (const [place, server] of streams.entries())
      backend.release(server, place % 3 === 0 ? broken : ANSWERED)
    expect(bench.board.adaptive.awaited(1)).toBe(2)
    backend.release(waiting[0]!, { is: 'given_up', waitedMs: 9 })
    backend.release(waiting[1]!, { ...broken, wasAnswered: false })
    expect([backend.limit?.inUse, bench.board.gauges.held(1, ANSWERING)]).toEqual([0, 0])
  })

  test('in shadow mode lets pass, and counts', () => {
    const bench = new Bench()
    const backend = bench.backend(words({ max_connections: 3, adaptive_limit: adaptive('shadow') }))
    bench.board.adaptive.setLimit(1, 1)
    expect(takeAll(backend).length).toBe(3)
    expect([backend.limit?.takeShadowed(), backend.limit?.takeShadowed()]).toEqual([3, 0])
    const enforced = bench.backend(words({ adaptive_limit: adaptive('enforce') }))
    expect([takeAll(enforced).length, enforced.limit?.takeShadowed()]).toEqual([0, 0])
  })

  test('counts good answers and waits in vain, not failures', () => {
    const bench = new Bench()
    const backend = bench.backend(words({ adaptive_limit: adaptive('enforce') }))
    const server = backend.pick(0, null)!
    const counted = (): number => bench.board.adaptive.take(1).reduce((sum, count) => sum + count)
    backend.answered(server, 200, 12)
    expect(counted()).toBe(1)
    backend.answered(server, 503, 1)
    backend.answered(server, 200, -1)
    expect(counted()).toBe(0)
    const loss = { code: 'response_timeout', reached: 'request', isStale: false, detail: null } as const
    backend.release(server, { is: 'lost', loss, waitedMs: 900, wasAnswered: false })
    expect(counted()).toBe(1)
  })
})
