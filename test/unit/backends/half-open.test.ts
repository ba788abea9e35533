// Whom a half-open breaker lets through, and what they decide.
import { describe, expect, jest, test } from 'bun:test'
import type { Backend } from '../../../server/backends/backend.ts'
import type { CircuitBreakerConfig } from '../../../server/backends/circuit-breaker.options.ts'
import { ANSWERED, type Outcome } from '../../../server/backends/outcome.ts'
import { Permit } from '../../../server/backends/permit.ts'
import { CLOSED, HALF_OPEN, OPEN } from '../../../server/scoreboard/circuits.ts'
import { PERMITS } from '../../../server/scoreboard/layout.ts'
import { scoreboardOn } from '../../../server/scoreboard/region.ts'
import { STATE_DOWN } from '../../../server/scoreboard/states.ts'
import { waitFor } from '../../support/wait.ts'
import { backendConfig, tally, walk } from './backends.ts'

import { GIVEN_UP, lost, World } from './circuits.ts'

describe('while it is half-open', () => {
  const world = (change: Partial<CircuitBreakerConfig> = {}): World =>
    new World(change).attempts(10, 500).halfOpen()

  test('so many at once are let through, over all workers, and the others go elsewhere', () => {
    const one = world()
    const probes = [one.probe(0), one.probe(1)]
    for (const worker of one.workers) expect(tally(walk(worker, 5))).toEqual({ b: 5 })
    one.end(probes[0]!, GIVEN_UP, 0)
    expect(one.permits).toBe(1)
    one.probe(2)
    expect(one.permits).toBe(2)
  })

  test.each<[string, number | Outcome]>([
    ['a good answer', 200],
    ['an answer that counts as a failure', 500],
    ['a client that left', GIVEN_UP],
    ['a reset', lost('server_reset')],
    ['a timeout', lost('response_timeout')],
    ['a limit of ours', lost('descriptor_limit')],
    ['an answer that broke off', lost('server_truncated', { wasAnswered: true })],
  ])('%s gives the place and the permit back, once', (_how, end) => {
    const one = world()
    one.end(one.probe(), end)
    expect([one.permits, one.bench.board.inFlight(one.bench.slotOf('a'))]).toEqual([0, 0])
  })

  test('a worker that died gives its permits back', () => {
    const one = world()
    one.probe(1)
    one.probe(1)
    expect(one.workers[0]!.pick(0, null)!.name).toBe('b')
    scoreboardOn(one.bench.region, -1).clearRow(1)
    expect(one.permits).toBe(0)
    one.probe(0)
  })

  test('a session is let through to its own server, and never taken from another one', () => {
    const one = world()
    const [a, b] = one.workers[0]!.servers
    const other = one.workers[0]!.pick(0, null, b)!
    expect([other.name, other.permit]).toEqual(['b', null])
    const own = one.workers[0]!.pick(0, null, a)!
    expect([own.name, own.permit === null]).toEqual(['a', false])
  })

  test('a backup that stands by is let through to by nobody, until it stands in', () => {
    const one = new World({}, {}, 'az').attempts(10, 500, { name: 'z' }).halfOpen('z')
    const worker = one.workers[0]!
    expect(tally(walk(worker, 10))).toEqual({ a: 10 })
    one.bench.set('a', STATE_DOWN)
    const probe = worker.pick(0, null)!
    expect([probe.name, probe.permit === null]).toEqual(['z', false])
    worker.release(probe, GIVEN_UP)
  })

  test('a server of a group that stands by is let through to by nobody, until its group is asked', () => {
    const servers = [...backendConfig([{ name: 'a' }, { name: 'b', group: 2 }]).servers]
    const one = new World({}, { servers }).attempts(10, 500, { name: 'b' }).halfOpen('b')
    const worker = one.workers[0]!
    expect(tally(walk(worker, 10))).toEqual({ a: 10 })
    one.bench.set('a', STATE_DOWN)
    const probe = worker.pick(0, null)!
    expect([probe.name, probe.permit === null]).toEqual(['b', false])
    worker.release(probe, GIVEN_UP)
  })

  test('a permit that is held for too long is given back before its end, once', async () => {
    const one = world()
    const slot = one.bench.slotOf('a')
    const { board } = one.bench
    expect(board.gauges.enter(slot, PERMITS, 1)).toBe(true)
    const permit = new Permit(board, slot, board.circuits.serial(slot), 1)
    await waitFor(() => board.gauges.held(slot, PERMITS) === 0)
    permit.free()
    expect(one.permits).toBe(0)
  })

  test('an answer is good once it is whole, or has come for five seconds; not one that its client left', () => {
    jest.useFakeTimers()
    try {
      const one = world()
      const slot = one.bench.slotOf('a')
      const [worker] = one.workers as [Backend]
      const left = one.probe()
      worker.answered(left, 200, 1)
      worker.release(left, ANSWERED)
      jest.advanceTimersByTime(6000)
      expect([one.circuits.good(slot), one.permits]).toEqual([0, 0])
      const long = one.probe()
      worker.answered(long, 200, 1)
      jest.advanceTimersByTime(4999)
      expect([one.circuits.good(slot), one.permits]).toEqual([0, 1])
      jest.advanceTimersByTime(1)
      // What streams on for hours holds no place.
      expect([one.circuits.good(slot), one.permits]).toEqual([1, 0])
      worker.whole(long, 200)
      worker.release(long, ANSWERED)
      expect([one.circuits.good(slot), one.permits]).toEqual([1, 0])
      const breaking = one.probe()
      worker.answered(breaking, 200, 1)
      one.end(breaking, lost('server_truncated', { wasAnswered: true, status: 200, cameMs: 100 }))
      expect(one.state()).toBe(OPEN)
    } finally {
      jest.useRealTimers()
    }
  })

  test('a tunnel gives its permit back once it stands, and is not let through twice', () => {
    const one = world()
    const tunnel = one.probe()
    one.workers[0]!.answered(tunnel, 101, 1)
    expect(one.permits).toBe(0)
    one.workers[0]!.release(tunnel, ANSWERED)
    expect(one.permits).toBe(0)
    expect(one.circuits.good(one.bench.slotOf('a'))).toBe(1)
  })

  test('enough good ones close it, and its window begins anew', () => {
    const one = world()
    for (let i = 0; i < 2; i++) one.end(one.probe(i), 200, i)
    expect(one.state()).toBe(HALF_OPEN)
    one.end(one.probe(2), 200, 2)
    expect(one.state()).toBe(CLOSED)
    expect(tally(walk(one.workers[3]!, 10))).toEqual({ a: 5, b: 5 })
    expect(one.attempts(9, 500).state()).toBe(CLOSED)
    expect(one.attempts(1, 500).state()).toBe(OPEN)
  })

  test('what was sent before it opened says nothing, nor what was let through an opening ago', () => {
    const one = world()
    const late = one.probe()
    one.attempt(500, { row: 1 })
    expect(one.state()).toBe(HALF_OPEN)
    one.end(one.probe(), 500)
    one.halfOpen()
    one.end(late, 500)
    expect(one.state()).toBe(HALF_OPEN)
    expect(one.permits).toBe(0)
  })

  test('a slow answer opens it again where slowness counts', () => {
    const one = world({ slow: { over: 100, ratio: 0.5 } })
    const probe = one.probe()
    one.workers[0]!.answered(probe, 200, 101)
    one.workers[0]!.release(probe, ANSWERED)
    expect(one.state()).toBe(OPEN)
  })

  test('a full server is no permit lost', () => {
    const one = new World(
      {},
      { servers: [{ ...backendConfig([{ name: 'a' }]).servers[0]!, max_connections: 1 }] },
      'a',
    )
    one.attempts(10, 500).halfOpen()
    const probe = one.probe(0)
    expect([one.workers[1]!.pick(0, null), one.permits]).toEqual([null, 1])
    one.end(probe, 200)
    expect(one.permits).toBe(0)
  })

  test('a server that its checks say is down gets nothing', () => {
    const one = world()
    one.bench.set('a', STATE_DOWN)
    expect(tally(walk(one.workers[0]!, 5))).toEqual({ b: 5 })
  })
})

test('who belongs to a server by its hash is let through to that one alone, and nobody else is', () => {
  const hash = { by: 'path', load_factor: 100 } as const
  const world = new World({ half_open_requests: 100 }, { algorithm: 'hash', hash })
  const keys = Array.from({ length: 40 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0)
  const names = (): string[] => walk(world.workers[0]!, keys.length, (pick) => keys[pick]!)
  const before = names()
  expect(tally(before)['a']).toBeGreaterThan(5)
  world.attempts(10, 500).halfOpen()
  expect(names()).toEqual(before)
})
