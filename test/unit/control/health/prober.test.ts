import { describe, expect, test } from 'bun:test'
import { NOT_CHECKED } from '../../../../server/control/health/checked-server.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import { STATE_DOWN, STATE_EMPTY, STATE_STARTING, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { configOf, healthCheck, slotsOf } from './checks.ts'
import { A, B, Lab, started, two } from './lab.ts'

describe('states', () => {
  test('are starting until the first result, which decides at once', () => {
    const lab = started()
    lab.until(10)
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_STARTING, STATE_STARTING])
    const epoch = lab.board.epoch(1)
    lab.end('a', null)
    lab.end('b', 'connect refused')
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_UP, STATE_DOWN])
    expect(lab.board.epoch(1)).toBe(epoch + 2)
    expect(lab.changes).toEqual([
      { backend: 'api', server: 'a', state: STATE_UP, was: STATE_STARTING, reason: null },
      { backend: 'api', server: 'b', state: STATE_DOWN, was: STATE_STARTING, reason: 'connect refused' },
    ])
  })

  test('change after rise and fall, with the epoch bumped for changes only', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', null)
    lab.end('b', null)
    const epoch = lab.board.epoch(1)
    for (let i = 1; i <= 3; i++) {
      lab.until(lab.nowMs + 10_000)
      lab.end('a', `status 50${i}, wanted 200-399`)
      lab.end('b', null)
      expect(lab.board.state(A)).toBe(i < 3 ? STATE_UP : STATE_DOWN)
      expect(lab.board.epoch(1)).toBe(i < 3 ? epoch : epoch + 1)
    }
    expect(lab.prober.reasons()).toEqual({ api: { a: 'status 503, wanted 200-399' } })
    for (let i = 1; i <= 2; i++) {
      lab.until(lab.nowMs + 5000)
      lab.end('a', null)
      expect(lab.board.state(A)).toBe(i < 2 ? STATE_DOWN : STATE_UP)
    }
    expect(lab.prober.reasons()).toEqual({})
    expect(lab.changes.slice(2).map(({ server, state }) => [server, state])).toEqual([
      ['a', STATE_DOWN],
      ['a', STATE_UP],
    ])
  })

  test('are up at once without a check', () => {
    const lab = started(configOf({ api: { ...two.api, check: null } }))
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_UP, STATE_UP])
    expect([lab.timers, lab.changes.length]).toEqual([0, 0])
  })
})

describe('reasons', () => {
  test('begin with "not checked yet" and follow each new failure, told without a new epoch', () => {
    const lab = started()
    expect(lab.prober.reasons()).toEqual({ api: { a: NOT_CHECKED, b: NOT_CHECKED } })
    lab.until(10)
    lab.end('a', 'connect refused')
    const epoch = lab.board.epoch(1)
    lab.until(6000)
    lab.end('a', 'timed out after 2s while connecting')
    expect(lab.changes.at(-1)).toEqual({
      backend: 'api',
      server: 'a',
      state: STATE_DOWN,
      was: STATE_DOWN,
      reason: 'timed out after 2s while connecting',
    })
    expect(lab.board.epoch(1)).toBe(epoch)
    lab.until(12_000)
    lab.end('a', 'timed out after 2s while connecting')
    expect(lab.changes.length).toBe(2)
  })
})

describe('the schedule', () => {
  test('spreads the first checks and then keeps the interval, counted from start to start', () => {
    const lab = started()
    lab.until(100)
    expect(lab.started).toEqual(['a@0', 'b@2'])
    lab.end('a', null)
    lab.until(200)
    lab.end('b', null)
    lab.until(10_002)
    expect(lab.started.slice(2)).toEqual(['a@10000', 'b@10002'])
  })

  test('spreads many over a second at most', () => {
    const servers = Array.from({ length: 50 }, (_, i) => ({ name: `s${i}` }))
    const lab = started(configOf({ api: { servers, check: healthCheck() } }))
    lab.until(97)
    expect(lab.started.length).toBe(49)
    const crowd = Array.from({ length: 5000 }, (_, i) => ({ name: `s${i}` }))
    const config = configOf({ api: { servers: crowd, check: healthCheck() } })
    const big = new Lab({ board: scoreboardOn(privateRegion(5002, 1), -1), concurrency: 5000 })
    big.prober.apply(config, slotsOf(config))
    big.until(499.9)
    expect(big.started.length).toBe(2500)
    big.until(1000)
    expect(big.started.length).toBe(5000)
  })

  test('varies by a tenth', () => {
    for (const [chance, ms] of [
      [0, 9000],
      [0.5, 10_000],
      [0.999_999, 11_000],
    ] as const) {
      const lab = started()
      lab.until(0)
      lab.chance = chance
      lab.end('a', null)
      lab.until(ms - 1)
      expect(lab.started).toEqual(['a@0', 'b@2'])
      lab.until(ms + 1)
      expect(lab.started.length).toBe(3)
    }
  })

  test('is that of interval_down for a server that is not up', () => {
    const lab = started()
    lab.until(0)
    lab.end('a', 'connect refused')
    lab.until(5000)
    expect(lab.started.at(-1)).toBe('a@5000')
  })

  test('starts the next check at once when one took longer than the interval', () => {
    const lab = started(
      configOf({ api: { servers: [{ name: 'a' }], check: healthCheck({ interval: 500 }) } }),
    )
    lab.until(1900)
    lab.end('a', null)
    lab.until(1900)
    expect(lab.started).toEqual(['a@0', 'a@1900'])
  })

  test('runs no more checks at once than allowed, the others in their order', () => {
    const servers = ['a', 'b', 'c', 'd'].map((name) => ({ name }))
    const lab = started(configOf({ api: { servers, check: healthCheck() } }), { concurrency: 2 })
    lab.until(50)
    expect(lab.started).toEqual(['a@0', 'b@2'])
    lab.end('b', null)
    expect(lab.started.at(-1)).toBe('c@50')
    lab.until(60)
    lab.end('a', null)
    expect(lab.started.at(-1)).toBe('d@60')
  })
})

describe('applying a config', () => {
  test('leaves unchanged checks alone', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', null)
    const config = configOf({ ...two, zzz: { servers: [{ name: 'new' }], check: healthCheck() } })
    const epoch = lab.board.epoch(1)
    lab.prober.apply(config, slotsOf(config))
    expect(lab.board.state(A)).toBe(STATE_UP)
    expect(lab.board.epoch(1)).toBe(epoch)
    lab.end('b', null) // still running
    lab.until(10_000)
    expect(lab.started).toEqual(['a@0', 'b@2', 'new@10', 'a@10000'])
    expect(lab.board.state(5)).toBe(STATE_STARTING)
  })

  test('ends the checks of servers that go', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', null)
    const [running] = lab.runs
    const config = configOf({})
    lab.prober.apply(config, {})
    expect(running?.isCancelled).toBe(true)
    expect(lab.timers).toBe(0)
    expect(lab.prober.reasons()).toEqual({})
  })

  test('begins anew where the address is another; in another slot the address keeps its state', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', null)
    lab.end('b', null)
    const moved = configOf({
      api: { servers: [{ name: 'a', url: 'http://other:1' }, { name: 'b' }], check: healthCheck() },
    })
    lab.prober.apply(moved, slotsOf(moved))
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_STARTING, STATE_UP])
    lab.prober.apply(moved, slotsOf(moved, 1))
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_STARTING, STATE_UP])
  })

  test('keeps the state when the check changes, and runs the new one soon', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', null)
    lab.end('b', 'connect refused')
    const config = configOf({ api: { ...two.api, check: healthCheck({ path: '/new', fall: 1 }) } })
    lab.prober.apply(config, slotsOf(config))
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_UP, STATE_DOWN])
    lab.until(20)
    expect(lab.started.slice(2)).toEqual(['a@10', 'b@12'])
    expect(lab.runs[0]?.target.check.path).toBe('/new')
    lab.end('a', 'connect refused')
    expect(lab.board.state(A)).toBe(STATE_DOWN)
  })

  test('brings a server up that is no longer checked', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', 'connect refused')
    const running = lab.runs[0]
    const config = configOf({ api: { ...two.api, check: null } })
    lab.prober.apply(config, slotsOf(config))
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_UP, STATE_UP])
    expect(running?.isCancelled).toBe(true)
    expect(lab.prober.reasons()).toEqual({})
    expect(lab.changes.slice(1).map(({ server, state, was }) => [server, state, was])).toEqual([
      ['a', STATE_UP, STATE_DOWN],
      ['b', STATE_UP, STATE_STARTING],
    ])
  })

  test('leaves a server up that is checked from now on, until its first result', () => {
    const lab = started(configOf({ api: { ...two.api, check: null } }))
    const config = configOf(two)
    lab.prober.apply(config, slotsOf(config))
    expect(lab.board.state(A)).toBe(STATE_UP)
    lab.until(10)
    lab.end('a', 'connect refused')
    expect(lab.board.state(A)).toBe(STATE_DOWN)
  })

  test('from within a change is heard', () => {
    const lab: Lab = started(configOf(two), {
      onChange: () => lab.prober.apply(configOf({}), {}),
    })
    lab.until(10)
    lab.end('a', null)
    expect(lab.timers).toBe(0)
    expect(lab.runs.every((run) => run.isCancelled)).toBe(true)
  })

  test('gives the places of ended checks to others', () => {
    const lab = started(configOf(two), { concurrency: 1 })
    lab.until(10)
    expect(lab.started).toEqual(['a@0'])
    const config = configOf({
      api: { servers: [{ name: 'a', url: 'http://moved:1' }, { name: 'b' }], check: healthCheck() },
    })
    lab.prober.apply(config, slotsOf(config))
    expect(lab.started[1]).toBe('b@10')
  })
})

describe('results', () => {
  test('are told for each check', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', null)
    lab.end('b', 'connect refused')
    expect(lab.results).toEqual([
      { backend: 'api', server: 'a', reason: null },
      { backend: 'api', server: 'b', reason: 'connect refused' },
    ])
  })

  test('end with stop, which leaves the states', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', null)
    lab.prober.stop()
    expect(lab.timers).toBe(0)
    expect([lab.board.state(A), lab.board.state(B), lab.board.state(9)]).toEqual([
      STATE_UP,
      STATE_STARTING,
      STATE_EMPTY,
    ])
  })
})
