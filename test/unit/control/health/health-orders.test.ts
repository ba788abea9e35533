// What persons order of a server's health, and what they ask of it: checks that pause, a state in place of
// what checks say, a check at once, and what was found lately.
import { describe, expect, test } from 'bun:test'
import { NO_HEALTH_ORDER, type HealthOrder } from '../../../../server/control/health/checked-server.ts'
import { STATE_DOWN, STATE_STARTING, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { configOf, healthCheck, slotsOf } from './checks.ts'
import { A, B, Lab, two } from './lab.ts'

const PAUSED: HealthOrder = { isPaused: true, forced: null }
const forced = (is: 'up' | 'down'): HealthOrder => ({
  isPaused: false,
  forced: { is, why: 'said to be down by ana' },
})

/** A prober whose orders a test gives; both servers are asked at once, as they come. */
class Scene extends Lab {
  readonly given: Map<string, HealthOrder>
  onRevived: (place: { readonly server: string }, why: string) => void = () => {}

  constructor(orders: Record<string, HealthOrder> = {}) {
    const given = new Map(Object.entries(orders))
    super({
      orderOf: ({ name }) => given.get(name) ?? NO_HEALTH_ORDER,
      onRevived: (place, why) => this.onRevived(place, why),
      wallMs: () => 1_800_000_000_000 + this.nowMs,
    })
    this.given = given
    const config = configOf(two)
    this.prober.apply(config, slotsOf(config))
  }

  order(name: string, order: HealthOrder): void {
    this.given.set(name, order)
    this.prober.orderChanged('api', name)
  }

  /** Both are up after their first checks. */
  static up(): Scene {
    const scene = new Scene()
    scene.until(10)
    scene.end('a', null)
    scene.end('b', null)
    return scene
  }

  get words(): unknown[] {
    return this.prober
      .historyOf('api', 'a')!
      .entries.map(({ result, state, isChange, reason }) => [result, state, isChange, reason])
  }
}

describe('a server whose checks pause', () => {
  test('is not asked, keeps its state, and begins anew with a check at once', () => {
    const lab = Scene.up()
    const asked = lab.started.length
    lab.order('a', PAUSED)
    lab.until(60_000)
    expect(lab.started.slice(asked).some((run) => run.startsWith('a@'))).toBe(false)
    expect(lab.board.state(A)).toBe(STATE_UP)
    lab.order('a', NO_HEALTH_ORDER)
    expect(lab.board.state(A)).toBe(STATE_STARTING)
    expect(lab.prober.reasons()['api']).toEqual({ a: expect.stringContaining('not checked yet') })
    lab.until(60_000)
    expect(lab.started.at(-1)).toBe('a@60000')
    lab.end('a', null)
    expect(lab.board.state(A)).toBe(STATE_UP)
  })

  test('has the check that is under way given up', () => {
    const lab = Scene.up()
    lab.until(20_000)
    const run = lab.runs.find(({ target }) => target.host === 'a')!
    lab.order('a', PAUSED)
    expect(run.isCancelled).toBe(true)
  })

  test('stays so over another config, and no start waits for it', async () => {
    const lab = new Scene({ a: PAUSED })
    const config = configOf({
      api: { servers: [{ name: 'a' }, { name: 'b' }], check: healthCheck({ path: '/2' }) },
    })
    const staged = lab.prober.stage(config, slotsOf(config, 1))
    lab.until(10)
    lab.runs.findLast(({ target }) => target.host === 'b')!.done(null)
    await staged
    lab.prober.apply(config, slotsOf(config, 1))
    lab.until(60_000)
    expect(lab.started.some((run) => run.startsWith('a@'))).toBe(false)
  })
})

describe('a server that somebody says to be', () => {
  test('down is so whatever its checks say, which are in force again afterwards', () => {
    const lab = Scene.up()
    lab.order('a', forced('down'))
    expect(lab.board.state(A)).toBe(STATE_DOWN)
    expect(lab.changes.at(-1)).toMatchObject({
      server: 'a',
      state: STATE_DOWN,
      reason: 'said to be down by ana',
    })
    lab.until(12_000)
    lab.end('a', null)
    expect(lab.board.state(A)).toBe(STATE_DOWN)
    lab.order('a', NO_HEALTH_ORDER)
    expect(lab.board.state(A)).toBe(STATE_UP)
    expect(lab.prober.reasons()).toEqual({})
    expect(lab.words).toEqual([
      [null, 'up', true, null],
      ['pass', 'down', false, null],
      [null, 'down', true, 'said to be down by ana'],
      ['pass', 'up', true, null],
    ])
  })

  test('up is so while its checks fail', () => {
    const lab = Scene.up()
    lab.order('b', forced('up'))
    for (let i = 0; i < 4; i++) {
      lab.until((i + 1) * 20_000)
      lab.end('b', 'connect refused')
    }
    expect([lab.board.state(B), lab.prober.reasons()]).toEqual([STATE_UP, {}])
    lab.order('b', NO_HEALTH_ORDER)
    expect(lab.board.state(B)).toBe(STATE_DOWN)
    expect(lab.prober.reasons()).toEqual({ api: { b: 'connect refused' } })
  })

  test('down is so where nothing is checked, and from the first moment on', () => {
    const given = new Map([['a', forced('down')]])
    const lab = new Lab({ orderOf: ({ name }) => given.get(name) ?? NO_HEALTH_ORDER })
    const config = configOf({ api: { servers: [{ name: 'a' }, { name: 'b' }], check: null } })
    lab.prober.apply(config, slotsOf(config))
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_DOWN, STATE_UP])
    given.clear()
    lab.prober.orderChanged('api', 'a')
    expect(lab.board.state(A)).toBe(STATE_UP)
  })
})

describe('a check that somebody asks for', () => {
  const answer = { status: 204, bytes: Buffer.from('fine') }

  test('comes at once beside the others, shows the answer, and counts', async () => {
    const lab = Scene.up()
    lab.nowMs = 100
    const once = lab.prober.checkNow('api', 'a')
    const run = lab.runs.pop()!
    expect(run.target).toMatchObject({ host: 'a', isShown: true })
    lab.nowMs = 107
    run.done(null, answer)
    expect(await once).toEqual([{ check: 'http /health', reason: null, ms: 7, seen: answer }])
    expect(lab.prober.historyOf('api', 'a')!.entries[0]).toEqual({
      atMs: 1_800_000_000_107,
      result: 'pass',
      state: 'up',
      isChange: false,
      reason: null,
      ms: 7,
      check: 'http /health',
    })
    // Three failures take it down, whoever asked for the checks.
    for (let i = 0; i < 3; i++) {
      const failing = lab.prober.checkNow('api', 'a')
      lab.runs.pop()!.done('status 500')
      expect((await failing)[0]?.reason).toBe('status 500')
    }
    expect(lab.board.state(A)).toBe(STATE_DOWN)
  })

  test('counts for nothing while checks pause', async () => {
    const lab = Scene.up()
    lab.order('a', PAUSED)
    const before = lab.words
    const once = lab.prober.checkNow('api', 'a')
    lab.runs.pop()!.done('connect refused')
    expect((await once)[0]?.reason).toBe('connect refused')
    expect([lab.board.state(A), lab.words]).toEqual([STATE_UP, before])
  })

  test('asks a server without one whether somebody is there, and of no server nothing', async () => {
    const lab = new Lab()
    const servers = [{ name: 'a' }, { name: 'u', url: 'udp://u:53' }]
    const config = configOf({ api: { servers, check: null } })
    lab.prober.apply(config, slotsOf(config))
    const once = lab.prober.checkNow('api', 'a')
    const run = lab.runs.pop()!
    expect(run.target.check.type).toBe('tcp')
    run.done('connect refused')
    expect((await once)[0]?.reason).toBe('connect refused')
    // It is not checked: what was found once changes nothing.
    expect([lab.board.state(A), lab.results]).toEqual([STATE_UP, []])
    expect(await lab.prober.checkNow('api', 'u')).toEqual([])
    expect(await lab.prober.checkNow('api', 'c')).toEqual([])
    expect(lab.prober.historyOf('api', 'c')).toBeNull()
  })
})

test('of the last results and of the last changes fifty are kept, the newest first', () => {
  const lab = Scene.up()
  for (let i = 0; i < 70; i++) {
    lab.order('a', forced(i % 2 === 0 ? 'down' : 'up'))
    lab.until((i + 1) * 20_000)
    lab.end('a', null)
  }
  const entries = lab.prober.historyOf('api', 'a')!.entries
  expect(entries.filter(({ isChange }) => isChange)).toHaveLength(50)
  expect(entries.filter(({ isChange }) => !isChange)).toHaveLength(50)
  expect(entries.every(({ atMs }, i) => i === 0 || atMs <= entries[i - 1]!.atMs)).toBe(true)
})

describe('a server that passive health has taken out', () => {
  const WHY = 'passive: 5 failures in 30s (last connect_refused), out for 30s'
  /** With what it says when what it was out for is over. */
  function out(): Scene & { revived: string[] } {
    const scene = Scene.up() as Scene & { revived: string[] }
    scene.revived = []
    scene.onRevived = ({ server }, why) => {
      scene.revived.push(`${server} ${why}`)
      scene.prober.setOut('api', server, null)
    }
    scene.prober.setOut('api', 'a', WHY)
    return scene
  }

  test('is down with that reason, and up again when it is no more', () => {
    const lab = out()
    expect([lab.board.state(A), lab.prober.reasons()]).toEqual([STATE_DOWN, { api: { a: WHY } }])
    expect(lab.changes.at(-1)).toMatchObject({ server: 'a', state: STATE_DOWN, was: STATE_UP, reason: WHY })
    const epoch = lab.board.epoch(1)
    lab.prober.setOut('api', 'a', WHY)
    expect(lab.board.epoch(1)).toBe(epoch)
    lab.prober.setOut('api', 'a', null)
    expect([lab.board.state(A), lab.prober.reasons()]).toEqual([STATE_UP, {}])
    expect(lab.board.epoch(1)).toBe(epoch + 1)
    expect(lab.words.slice(0, 2)).toEqual([
      [null, 'up', true, null],
      [null, 'down', true, WHY],
    ])
  })

  test('stays out while its checks pass: they did so when its requests failed', () => {
    const lab = out()
    for (let i = 1; i < 4; i++) {
      lab.until(i * 10_000 + 10)
      lab.end('a', null)
    }
    expect([lab.board.state(A), lab.revived]).toEqual([STATE_DOWN, []])
  })

  test('comes back once its checks have found it down, and up again', () => {
    const lab = out()
    for (let i = 0; i < 3; i++) {
      lab.until(lab.nowMs + 10_010)
      lab.end('a', 'connect refused')
    }
    // One reason: what is found now.
    expect(lab.prober.reasons()).toEqual({ api: { a: 'connect refused' } })
    lab.until(lab.nowMs + 5010)
    lab.end('a', null)
    expect(lab.board.state(A)).toBe(STATE_DOWN)
    lab.until(lab.nowMs + 5010)
    lab.end('a', null)
    expect([lab.board.state(A), lab.revived]).toEqual([STATE_UP, ['a checks']])
    expect(lab.changes.at(-1)).toMatchObject({ server: 'a', state: STATE_UP, was: STATE_DOWN })
  })

  test('is what a person says of it, and begins anew after maintenance', () => {
    const lab = out()
    lab.order('a', forced('up'))
    expect([lab.board.state(A), lab.prober.reasons()]).toEqual([STATE_UP, {}])
    lab.order('a', NO_HEALTH_ORDER)
    expect([lab.board.state(A), lab.prober.reasons()]).toEqual([STATE_DOWN, { api: { a: WHY } }])
    lab.order('a', PAUSED)
    lab.order('a', NO_HEALTH_ORDER)
    expect([lab.board.state(A), lab.revived]).toEqual([STATE_STARTING, ['a ordered']])
  })

  test('stays out over a config that leaves it alone', () => {
    const lab = out()
    const config = configOf({ ...two, zzz: { servers: [{ name: 'new' }], check: healthCheck() } })
    lab.prober.apply(config, slotsOf(config))
    expect([lab.board.state(A), lab.prober.reasons()['api']]).toEqual([STATE_DOWN, { a: WHY }])
  })
})
