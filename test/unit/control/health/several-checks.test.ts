// A server with several checks is up while all of them say so, and says which one does not; and many servers
// are never asked all at once.
import { describe, expect, test } from 'bun:test'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import { STATE_DOWN, STATE_STARTING, STATE_UP } from '../../../../server/scoreboard/states.ts'

import { seededRandom } from '../../../support/random.ts'
import { configOf, healthCheck, slotsOf } from './checks.ts'
import { A, Lab } from './lab.ts'

const READY = healthCheck({ path: '/ready', port: 8081 })
const DATA = healthCheck({ type: 'tcp', port: 9000, interval: 3000, interval_down: 3000, fall: 1, rise: 1 })
const both = (checks = [READY, DATA]) => configOf({ api: { servers: [{ name: 'a' }], check: checks } })

function begun(config = both()): Lab {
  const lab = new Lab()
  lab.prober.apply(config, slotsOf(config))
  lab.until(10)
  return lab
}

/** Ends the check that runs at this port. */
function end(lab: Lab, port: number, reason: string | null): void {
  const at = lab.runs.findIndex(({ target }) => target.port === port)
  const [run] = lab.runs.splice(at, 1)
  expect([at >= 0, run?.isCancelled]).toEqual([true, false])
  run!.done(reason)
}

describe('a server with two checks', () => {
  test('is asked both at their own ports, and is up once both have passed', () => {
    const lab = begun()
    expect(lab.runs.map(({ target }) => [target.host, target.authority, target.check.type])).toEqual([
      ['a', 'a:8081', 'http'],
      ['a', 'a:9000', 'tcp'],
    ])
    end(lab, 8081, null)
    expect(lab.board.state(A)).toBe(STATE_STARTING)
    end(lab, 9000, null)
    expect(lab.board.state(A)).toBe(STATE_UP)
    expect(lab.prober.reasons()).toEqual({})
  })

  test('is down as soon as one says so, with the reason and the name of that one', () => {
    const lab = begun()
    end(lab, 8081, null)
    end(lab, 9000, 'connect refused')
    expect(lab.board.state(A)).toBe(STATE_DOWN)
    expect(lab.changes.at(-1)).toMatchObject({ reason: 'connect refused, in check tcp :9000' })
    // The other one goes on passing: that changes nothing.
    lab.until(10_010)
    end(lab, 8081, null)
    expect(lab.board.state(A)).toBe(STATE_DOWN)
    expect(lab.prober.checksOf('api', 'a')!.map(({ judge, reason }) => [judge.verdict, reason])).toEqual([
      ['up', null],
      ['down', 'connect refused'],
    ])
    expect(lab.prober.historyOf('api', 'a')!.entries.map(({ check, result }) => [check, result])).toEqual([
      ['http :8081/ready', 'pass'],
      ['tcp :9000', 'fail'],
      ['http :8081/ready', 'pass'],
    ])
    end(lab, 9000, null)
    expect([lab.board.state(A), lab.prober.reasons()]).toEqual([STATE_UP, {}])
  })

  test('has each at its own pace, with its own rise and fall', () => {
    const lab = begun()
    end(lab, 8081, null)
    end(lab, 9000, null)
    const started = (): number[] => lab.runs.map(({ target }) => target.port)
    lab.until(3500)
    expect(started()).toEqual([9000])
    end(lab, 9000, null)
    lab.until(10_100)
    expect(started()).toEqual([9000, 8081])
    end(lab, 8081, 'status 503, wanted 200-399')
    expect(lab.board.state(A)).toBe(STATE_UP) // falls with the third
    end(lab, 9000, 'connect refused')
    expect(lab.board.state(A)).toBe(STATE_DOWN) // with the first
  })

  test('is staged until the first results of both, or one that says it is down', async () => {
    for (const [port, reason] of [
      [8081, null],
      [9000, 'connect refused'],
    ] as const) {
      const lab = new Lab()
      let isStaged = false
      const config = both()
      const staged = lab.prober.stage(config, slotsOf(config)).then(() => (isStaged = true))
      lab.until(10)
      end(lab, port, reason)
      await Promise.resolve()
      await Promise.resolve()
      expect(isStaged).toBe(reason !== null)
      if (reason === null) end(lab, 9000, null)
      await staged
    }
  })

  test('is asked both when somebody wants to know', async () => {
    const lab = begun()
    end(lab, 8081, null)
    end(lab, 9000, null)
    const now = lab.prober.checkNow('api', 'a')
    end(lab, 9000, 'connect refused')
    end(lab, 8081, null)
    expect((await now).map(({ check, reason }) => [check, reason])).toEqual([
      ['http :8081/ready', null],
      ['tcp :9000', 'connect refused'],
    ])
    expect(lab.board.state(A)).toBe(STATE_DOWN)
  })
})

describe('another config', () => {
  const up = (): Lab => {
    const lab = begun()
    end(lab, 8081, null)
    end(lab, 9000, null)
    return lab
  }
  const apply = (lab: Lab, ...checks: Parameters<typeof both>[0] & {}): void => {
    const config = both(checks)
    lab.prober.apply(config, slotsOf(config))
  }

  test('in another order leaves both as they are', () => {
    const lab = up()
    const { timers } = lab
    apply(lab, DATA, READY)
    expect([lab.timers, lab.runs.length]).toEqual([timers, 0])
  })

  test('that adds a check leaves the server up until its first result, and the others on their way', () => {
    const lab = up()
    apply(lab, READY, DATA, healthCheck({ path: '/third', port: 7000 }))
    lab.until(20)
    expect(lab.runs.map(({ target }) => target.port)).toEqual([7000])
    expect(lab.board.state(A)).toBe(STATE_UP)
    end(lab, 7000, 'status 500, wanted 200-399')
    expect(lab.board.state(A)).toBe(STATE_DOWN)
    // And without it the server is up again at once.
    apply(lab, READY, DATA)
    expect([lab.board.state(A), lab.prober.reasons()]).toEqual([STATE_UP, {}])
    lab.until(60)
    expect(lab.runs).toEqual([])
  })

  test('that takes the failing check away gives up what runs of it', () => {
    const lab = up()
    lab.until(3500)
    const [run] = lab.runs
    apply(lab, READY)
    expect(run?.isCancelled).toBe(true)
    run!.done('connect refused')
    expect(lab.board.state(A)).toBe(STATE_UP)
  })
})

describe('a thousand servers', () => {
  /** Checks that began, for each 100 ms, over a minute; each takes 20 ms. */
  function counted(check = healthCheck()): number[] {
    const servers = Array.from({ length: 1000 }, (_, i) => ({ name: `s${i}` }))
    const config = configOf({ api: { servers, check } })
    const random = seededRandom(7)
    const counts = Array.from({ length: 600 }, () => 0)
    const due: { atMs: number; end: () => void }[] = []
    const lab = new Lab({
      board: scoreboardOn(privateRegion(1002, 1), -1),
      chance: () => random.next(),
      probe: (_, done) => {
        counts[Math.floor(lab.nowMs / 100)]! += 1
        due.push({ atMs: lab.nowMs + 20, end: () => done(null) })
        return () => {}
      },
    })
    lab.prober.apply(config, slotsOf(config))
    for (let nowMs = 0; nowMs < 59_990; nowMs += 10) {
      lab.until(nowMs)
      while (due[0] !== undefined && due[0].atMs <= nowMs) due.shift()!.end()
    }
    return counts
  }

  test('are asked without a burst, from the first round on', () => {
    const counts = counted()
    // Within a second each has been asked once, evenly; the first of the second round come between.
    expect(Math.max(...counts.slice(0, 10))).toBeLessThanOrEqual(115)
    expect(counts.slice(0, 10).reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(1000)
    // And then about ten in each 100 ms, all the time: 1,000 in 10 s.
    const rest = counts.slice(12, 599)
    expect(Math.max(...rest)).toBeLessThanOrEqual(25)
    expect(rest.filter((one) => one === 0).length).toBeLessThanOrEqual(6)
  })
})
