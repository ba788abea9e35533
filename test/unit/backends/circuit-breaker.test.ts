// When a breaker opens, whom it lets through, and when it closes again.
import { describe, expect, spyOn, test } from 'bun:test'
import { ANSWERED, type Outcome } from '../../../server/backends/outcome.ts'
import { SERVER_FAULTS } from '../../../server/backends/server-fault.options.ts'
import { Circuits, CLOSED, FORCED_CLOSED, OPEN } from '../../../server/scoreboard/circuits.ts'
import { FAULTS } from '../../../server/tables/faults.ts'
import { tally, walk } from './backends.ts'

import { GIVEN_UP, lost, World } from './circuits.ts'

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

  test('by failures in a row also of a server that answers and always breaks off, until one is whole', () => {
    const world = new World({ failures: 3 })
    const breaksOff = (cameMs: number): void => {
      world.bench.board.enter(world.bench.slotOf('a'), Infinity)
      const [server] = world.workers[0]!.servers
      world.workers[0]!.answered(server!, 200, 1)
      world.workers[0]!.release(server!, lost('server_truncated', { wasAnswered: true, status: 200, cameMs }))
    }
    for (let n = 0; n < 2; n++) breaksOff(0)
    world.attempt(200)
    for (let n = 0; n < 2; n++) breaksOff(4999)
    // A server that is started anew cuts all that comes from it.
    for (let n = 0; n < 20; n++) breaksOff(5000)
    expect(world.state()).toBe(CLOSED)
    breaksOff(10)
    expect(world.circuits.opening(world.bench.slotOf('a'))).toMatchObject({
      reason: 'failures_in_a_row',
      inARow: 3,
    })
    expect(world.state()).toBe(OPEN)
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

  test('by no more failures than attempts: an answer that was one and breaks off is one', () => {
    const world = new World({ min_requests: 4 }).attempts(2, 200)
    for (let n = 0; n < 2; n++) {
      world.bench.board.enter(world.bench.slotOf('a'), Infinity)
      const [server] = world.workers[0]!.servers
      world.workers[0]!.answered(server!, 503, 1)
      world.workers[0]!.release(server!, lost('server_truncated', { wasAnswered: true, status: 503 }))
    }
    expect(world.state()).toBe(CLOSED)
    expect(world.attempts(1, 500).state()).toBe(OPEN)
    expect(world.circuits.opening(world.bench.slotOf('a'))).toMatchObject({ total: 5, failed: 3 })
  })

  test('by streams that fall silent, each one attempt, however long ago they were answered', () => {
    const world = new World()
    const worker = world.workers[0]!
    const server = worker.servers[0]!
    for (let n = 0; n < 6; n++) {
      world.bench.board.enter(server.slot, Infinity)
      worker.answered(server, 200, 1)
    }
    world.nowMs += 20_000
    world.attempts(5, 200)
    for (let n = 0; n < 6; n++) {
      expect([n, world.state()]).toEqual([n, CLOSED])
      worker.release(server, lost('server_stalled', { wasAnswered: true, status: 200, waitedMs: 20_000 }))
    }
    expect(world.circuits.opening(server.slot)).toMatchObject({ total: 11, failed: 6 })
    expect(world.state()).toBe(OPEN)
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
    expect([all.workers[1]!.pick(0, null), all.workers[1]!.noneFault]).toEqual([null, 'circuit_open'])
  })

  test('for one of two that two workers open at the same moment, where there is room for one', () => {
    const world = new World({}, {}, 'abc')
    const [a, b] = ['a', 'b'].map((name) => world.bench.slotOf(name)) as [number, number]
    const { circuits } = world
    // The worker of the later one gives way to who opens the other.
    world.attempts(9, 500, { name: 'b' })
    expect(circuits.beginOpening(a, CLOSED)).toBe(true)
    world.attempt(500, { name: 'b' })
    expect([circuits.state(b), circuits.held(b)]).toEqual([CLOSED, 1])
    circuits.leftClosed(a)
    // And that one waits for its decision.
    world.attempts(9, 500)
    expect(circuits.beginOpening(b, CLOSED)).toBe(true)
    let looks = 0
    const state = spyOn(Circuits.prototype, 'isOpening').mockImplementation((slot) => {
      if (++looks === 5) circuits.heldBack(b)
      return slot === b && looks < 5
    })
    world.attempt(500)
    state.mockRestore()
    expect([circuits.state(a), circuits.state(b), circuits.held(a)]).toEqual([OPEN, CLOSED, 0])
  })

  test('not for ever where the worker of the other has died', () => {
    const world = new World({}, {}, 'abc').attempts(9, 500)
    expect(world.circuits.beginOpening(world.bench.slotOf('b'), CLOSED)).toBe(true)
    expect(world.attempts(1, 500).state()).toBe(CLOSED)
    expect(world.circuits.held(world.bench.slotOf('a'))).toBe(1)
  })

  test('not where a person has closed it', () => {
    const world = new World()
    world.circuits.force(world.bench.slotOf('a'), FORCED_CLOSED)
    expect(world.attempts(50, 500).state()).toBe(CLOSED)
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
  const own = next.pick(0, null)!
  expect([own.permit === null, world.permits, next.pick(0, null)!.name]).toEqual([false, 2, 'b'])
  world.end(probe, 200)
  next.answered(own, 200, 1)
  next.whole(own, 200)
  next.release(own, ANSWERED)
  expect([world.permits, world.circuits.good(probe.slot)]).toEqual([0, 2])
})

test('backups stand in while all others are out', () => {
  const world = new World({ max_out: 1 }, {}, 'az').attempts(10, 500)
  expect(tally(walk(world.workers[0]!, 5))).toEqual({ z: 5 })
})
