// When a breaker opens, whom it lets through, and when it closes again.
import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../server/backends/backend.ts'
import type { BackendConfig } from '../../../server/backends/backend.options.ts'
import type { CircuitBreakerConfig } from '../../../server/backends/circuit-breaker.options.ts'
import { ANSWERED, type Outcome } from '../../../server/backends/outcome.ts'
import { SERVER_FAULTS } from '../../../server/backends/server-fault.options.ts'
import type { Server } from '../../../server/backends/server.ts'
import { CLOSED, FORCED_CLOSED, HALF_OPEN, OPEN } from '../../../server/scoreboard/circuits.ts'
import { PERMITS } from '../../../server/scoreboard/layout.ts'
import { scoreboardOn } from '../../../server/scoreboard/region.ts'
import { STATE_DOWN } from '../../../server/scoreboard/states.ts'
import { FAULTS, type FaultCode } from '../../../server/tables/faults.ts'
import { backendConfig, Bench, tally, walk } from './backends.ts'

const BREAKER: CircuitBreakerConfig = {
  mode: 'enforce',
  failure_ratio: 0.5,
  min_requests: 10,
  window: 10_000,
  counts: { statuses: ['500-599'], faults: [...SERVER_FAULTS] },
  open_for: 30_000,
  open_for_max: 300_000,
  half_open_requests: 2,
  half_open_successes: 3,
  max_out: 0.5,
}

const lost = (code: FaultCode, more: Partial<Outcome & { is: 'lost' }> = {}): Outcome => ({
  is: 'lost',
  loss: { code, reached: 'request', isStale: false, detail: null },
  waitedMs: 5,
  wasAnswered: false,
  ...more,
})
const GIVEN_UP: Outcome = { is: 'given_up', waitedMs: 5 }

/** Workers with the same backend of servers a, b (and more) on one scoreboard. */
class World {
  readonly bench = new Bench()
  nowMs = 1_000_000
  readonly options: BackendConfig
  readonly workers: Backend[]

  constructor(change: Partial<CircuitBreakerConfig> = {}, more: Partial<BackendConfig> = {}, names = 'ab') {
    const servers = [...names].map((name) => ({ name, backup: name === 'z' }))
    this.options = backendConfig(servers, { circuit_breaker: { ...BREAKER, ...change }, ...more })
    this.workers = [0, 1, 2, 3].map((row) => this.backend(row))
  }

  backend(row: number, options = this.options, previous?: Backend): Backend {
    return this.bench.backend(options, { row, shared: () => this.nowMs, ...(previous && { previous }) })
  }

  get circuits() {
    return this.bench.board.circuits
  }

  state(name = 'a'): number {
    return this.circuits.state(this.bench.slotOf(name))
  }

  /** An attempt at a server by worker `row`, whoever would be picked. */
  attempt(end: number | Outcome, { row = 0, name = 'a', ms = 1 } = {}): void {
    const worker = this.workers[row]!
    const server = worker.servers.find((one) => one.name === name)!
    this.bench.board.enter(server.slot, Infinity)
    if (typeof end === 'number') worker.answered(server, end, ms)
    worker.release(server, typeof end === 'number' ? ANSWERED : end)
  }

  attempts(
    times: number,
    end: number | Outcome,
    more: { row?: number; name?: string; ms?: number } = {},
  ): this {
    for (let i = 0; i < times; i++) this.attempt(end, more)
    return this
  }

  /** As the supervisor does it once the time is over. */
  halfOpen(name = 'a'): this {
    const slot = this.bench.slotOf(name)
    this.nowMs += this.circuits.opening(slot).openMs
    expect(this.circuits.halfOpen(slot, this.nowMs)).toBe(true)
    this.bench.board.bumpEpoch(1)
    return this
  }

  /** Picks whom worker `row` lets through. */
  probe(row = 0): Server {
    const server = this.workers[row]!.pick(0, 0)!
    expect([server.name, server.permit === null]).toEqual(['a', false])
    return server
  }

  end(server: Server, end: number | Outcome, row = 0): void {
    const worker = this.workers[row]!
    if (typeof end === 'number') worker.answered(server, end, 1)
    worker.release(server, typeof end === 'number' ? ANSWERED : end)
  }

  get permits(): number {
    return this.bench.board.gauges.held(this.bench.slotOf('a'), PERMITS)
  }
}

test('faults that options may name are those of servers', () => {
  const ofServers = Object.entries(FAULTS).flatMap(([code, { side }]) => (side === 'server' ? [code] : []))
  expect<readonly string[]>(SERVER_FAULTS.toSorted()).toEqual(ofServers.toSorted())
})

describe('it opens', () => {
  test('when more than the share of enough attempts failed, and not a moment before', () => {
    const world = new World().attempts(5, 200).attempts(4, 500)
    expect(world.state()).toBe(CLOSED)
    world.attempt(503) // 5 of 10: not more than half
    expect(world.state()).toBe(CLOSED)
    world.attempt(lost('connect_refused'))
    expect(world.state()).toBe(OPEN)
    expect(world.circuits.opening(world.bench.slotOf('a'))).toEqual({
      ...{ reason: 'failure_ratio', total: 11, failed: 6, slow: 0, inARow: 0, openMs: 30_000, times: 1 },
    })
  })

  test('by the answer that makes enough of them, too', () => {
    const world = new World().attempts(9, 500)
    expect(world.state()).toBe(CLOSED)
    expect(world.attempts(1, 200).state()).toBe(OPEN)
  })

  test('by what all workers have seen, and all of them honour it at their next pick', () => {
    const world = new World()
    expect(tally(walk(world.workers[3]!, 10))).toEqual({ a: 5, b: 5 })
    for (let i = 0; i < 10; i++) world.attempt(500, { row: i % 4 })
    expect(world.state()).toBe(OPEN)
    for (const worker of world.workers) expect(tally(walk(worker, 10))).toEqual({ b: 10 })
    expect(world.workers[3]!.down()).toEqual([{ server: 'a', reason: 'circuit open: 10 of 10 failed' }])
  })

  test('by what is within the window alone', () => {
    const world = new World().attempts(9, 500)
    world.nowMs += 11_000
    expect(world.attempts(9, 500).state()).toBe(CLOSED)
    expect(world.attempts(1, 500).state()).toBe(OPEN)
  })

  test('by failures in a row, of which an answer makes an end', () => {
    const world = new World({ failures: 3 }).attempts(2, 500).attempts(1, 200).attempts(2, 500)
    expect(world.state()).toBe(CLOSED)
    world.attempt(lost('response_timeout'), { row: 2 })
    expect(world.state()).toBe(OPEN)
    const { reason, inARow } = world.circuits.opening(world.bench.slotOf('a'))
    expect([reason, inARow]).toEqual(['failures_in_a_row', 3])
  })

  test('by answers that are slow, where that is asked for', () => {
    const slow = { over: 100, ratio: 0.5 }
    expect(new World().attempts(20, 200, { ms: 5000 }).state()).toBe(CLOSED)
    const world = new World({ slow }).attempts(5, 200, { ms: 100 }).attempts(5, 200, { ms: 101 })
    expect(world.state()).toBe(CLOSED)
    expect(world.attempts(1, 200, { ms: 101 }).state()).toBe(OPEN)
    expect(world.circuits.opening(world.bench.slotOf('a'))).toMatchObject({ reason: 'slow', slow: 6 })
  })

  test('by an answer that breaks off, which is one attempt', () => {
    const world = new World({ failure_ratio: 1, min_requests: 2 }).attempts(1, 500)
    world.bench.board.enter(world.bench.slotOf('a'), Infinity)
    const [server] = world.workers[0]!.servers
    world.workers[0]!.answered(server!, 200, 1)
    world.workers[0]!.release(server!, lost('server_truncated', { wasAnswered: true }))
    expect(world.state()).toBe(OPEN)
    expect(world.circuits.opening(world.bench.slotOf('a'))).toMatchObject({ total: 2, failed: 2 })
  })

  test('only by what counts', () => {
    const counts = { statuses: ['503'], faults: ['connect_refused' as const] }
    const world = new World({ counts, failures: 2 })
    world.attempts(20, 500).attempts(20, lost('response_timeout')).attempts(1, 503)
    expect(world.state()).toBe(CLOSED)
    expect(world.attempts(1, lost('connect_refused')).state()).toBe(OPEN)
    expect(new World({ counts: { statuses: [], faults: [] } }).attempts(50, 500).state()).toBe(CLOSED)
  })

  test.each<[string, Outcome]>([
    ['a limit of ours', lost('descriptor_limit')],
    ['a client that left', GIVEN_UP],
    [
      'a connection that was stale',
      {
        ...lost('server_closed'),
        loss: { code: 'server_closed', reached: 'request', isStale: true, detail: null },
      } as Outcome,
    ],
  ])('never by %s', (_what, outcome) => {
    expect(new World({ failures: 1, min_requests: 1 }).attempts(50, outcome).state()).toBe(CLOSED)
  })

  test('for twice as long each time, up to the most, and for the first time again after a quiet while', () => {
    const world = new World({ open_for_max: 100_000 })
    const slot = world.bench.slotOf('a')
    world.attempts(10, 500)
    const times: number[] = []
    for (let i = 0; i < 4; i++) {
      times.push(world.circuits.opening(slot).openMs)
      world.halfOpen()
      world.end(world.probe(), 500)
      expect(world.state()).toBe(OPEN)
    }
    expect([...times, world.circuits.opening(slot).openMs]).toEqual([
      30_000, 60_000, 100_000, 100_000, 100_000,
    ])
    const close = (): void => {
      world.halfOpen()
      for (let i = 0; i < 3; i++) world.end(world.probe(), 200)
      expect(world.state()).toBe(CLOSED)
    }
    close()
    world.nowMs += 99_999
    expect(world.attempts(10, 500).circuits.opening(slot)).toMatchObject({ openMs: 100_000, times: 6 })
    close()
    world.nowMs += 100_000
    expect(world.attempts(10, 500).circuits.opening(slot)).toMatchObject({ openMs: 30_000, times: 1 })
  })

  test('never for more than the share of the servers, but one may always be out', () => {
    const world = new World({}, {}, 'abcde')
    for (const name of 'abcde') world.attempts(10, 500, { name })
    expect([...'abcde'].map((name) => world.state(name))).toEqual([OPEN, OPEN, CLOSED, CLOSED, CLOSED])
    expect(world.circuits.held(world.bench.slotOf('c'))).toBeGreaterThan(0)
    expect(new World({}, {}, 'a').attempts(10, 500).state()).toBe(OPEN)
    expect(new World({ max_out: 0.1 }).attempts(10, 500).state()).toBe(OPEN)
    expect(new World({ max_out: 0 }).attempts(10, 500).state()).toBe(CLOSED)
    const all = new World({ max_out: 1 })
    all.attempts(10, 500).attempts(10, 500, { name: 'b' })
    expect([all.state('a'), all.state('b')]).toEqual([OPEN, OPEN])
    expect([all.workers[1]!.pick(0, 0), all.workers[1]!.noneFault]).toEqual([null, 'circuit_open'])
  })

  test('not where a person has closed it', () => {
    const world = new World()
    world.circuits.force(world.bench.slotOf('a'), FORCED_CLOSED)
    expect(world.attempts(50, 500).state()).toBe(CLOSED)
  })
})

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
    expect(one.workers[0]!.pick(0, 0)!.name).toBe('b')
    scoreboardOn(one.bench.region, -1).clearRow(1)
    expect(one.permits).toBe(0)
    one.probe(0)
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
    expect([one.workers[1]!.pick(0, 0), one.permits]).toEqual([null, 1])
    one.end(probe, 200)
    expect(one.permits).toBe(0)
  })

  test('a server that its checks say is down gets nothing', () => {
    const one = world()
    one.bench.set('a', STATE_DOWN)
    expect(tally(walk(one.workers[0]!, 5))).toEqual({ b: 5 })
  })
})

test('in shadow mode it decides and tells, and everybody passes', () => {
  const world = new World({ mode: 'shadow' }).attempts(10, 500)
  const slot = world.bench.slotOf('a')
  expect(world.state()).toBe(OPEN)
  expect(tally(walk(world.workers[0]!, 10))).toEqual({ a: 5, b: 5 })
  expect(world.workers[0]!.down()).toEqual([])
  world.attempts(4, 200, { row: 1 }).attempts(3, 500, { row: 2 })
  expect([world.state(), world.circuits.shadowAttempts(slot)]).toEqual([OPEN, 7])
  world.halfOpen().attempts(3, 200)
  expect([world.state(), world.permits]).toEqual([CLOSED, 0])
})

test('turned off it is not there', () => {
  const world = new World({ mode: 'off' }).attempts(50, 500)
  expect([world.state(), world.workers[0]!.servers[0]!.breaker]).toEqual([CLOSED, null])
})

test('a change of something else leaves it as it is, permits under way included', () => {
  const world = new World().attempts(10, 500).halfOpen()
  const probe = world.probe()
  const next = world.backend(
    0,
    { ...world.options, retry: { ...world.options.retry, attempts: 5 } },
    world.workers[0],
  )
  const own = next.pick(0, 0)!
  expect([own.permit === null, world.permits, next.pick(0, 0)!.name]).toEqual([false, 2, 'b'])
  world.end(probe, 200)
  next.answered(own, 200, 1)
  next.release(own, ANSWERED)
  expect([world.permits, world.circuits.good(probe.slot)]).toEqual([0, 2])
})

test('backups stand in while all others are out', () => {
  const world = new World({ max_out: 1 }, {}, 'az').attempts(10, 500)
  expect(tally(walk(world.workers[0]!, 5))).toEqual({ z: 5 })
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
