// What becomes of servers that a change of the config brings.
import { describe, expect, test } from 'bun:test'
import { STATE_DOWN, STATE_EMPTY, STATE_STARTING, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { configOf, healthCheck, slotsOf } from './checks.ts'
import { A, B, Lab, started, two } from './lab.ts'

describe('staging a config', () => {
  const more = configOf({ ...two, zzz: { servers: [{ name: 'new' }], check: healthCheck() } })
  const NEW = 5

  test('settles when each new server has had a result, and puts nothing on the scoreboard', async () => {
    const lab = new Lab()
    let isOver = false
    const config = configOf({ ...two, plain: { servers: [{ name: 'p' }], check: null } })
    const round = lab.prober.stage(config, slotsOf(config)).then(() => (isOver = true))
    lab.until(10)
    lab.end('a', null)
    await Promise.resolve()
    await Promise.resolve()
    expect(isOver).toBe(false)
    lab.end('b', 'connect refused')
    await round
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_EMPTY, STATE_EMPTY])
    expect(lab.changes).toEqual([])
    lab.prober.apply(config, slotsOf(config))
    expect([lab.board.state(A), lab.board.state(B), lab.board.state(5)]).toEqual([
      STATE_UP,
      STATE_DOWN,
      STATE_UP,
    ])
    expect(lab.changes.map(({ server, state, was, reason }) => [server, state, was, reason])).toEqual([
      ['a', STATE_UP, STATE_STARTING, null],
      ['b', STATE_DOWN, STATE_STARTING, 'connect refused'],
    ])
  })

  test('settles at once where nothing new is checked, when it is dropped, and when all stops', async () => {
    await new Lab().prober.stage(configOf({}), {})
    const lab = started()
    await lab.prober.stage(configOf(two), slotsOf(configOf(two)))
    const dropped = lab.prober.stage(more, slotsOf(more))
    lab.prober.drop()
    await dropped
    const stopped = lab.prober.stage(more, slotsOf(more))
    lab.prober.stop()
    await stopped
    // The change goes on to its commit, but nothing is checked any more.
    lab.prober.apply(more, slotsOf(more))
    expect(lab.timers).toBe(0)
  })

  test('leaves those that are served alone, and dropping it does, too', () => {
    const lab = started()
    lab.until(10)
    lab.end('a', null)
    lab.end('b', null)
    const other = configOf({ zzz: { servers: [{ name: 'new' }], check: healthCheck() } })
    void lab.prober.stage(other, slotsOf(other))
    lab.until(10_010)
    expect(lab.started).toEqual(['a@0', 'b@2', 'new@10', 'a@10000', 'b@10002'])
    lab.prober.drop()
    expect(lab.runs.map(({ target, isCancelled }) => [target.host, isCancelled])).toEqual([
      ['new', true],
      ['a', false],
      ['b', false],
    ])
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_UP, STATE_UP])
  })

  test('a check that is under way when the config is served goes on', () => {
    const lab = started()
    void lab.prober.stage(more, slotsOf(more))
    lab.until(10)
    lab.prober.apply(more, slotsOf(more))
    expect(lab.board.state(NEW)).toBe(STATE_STARTING)
    lab.end('new', null)
    expect(lab.board.state(NEW)).toBe(STATE_UP)
    expect(lab.started.filter((name) => name.startsWith('new'))).toEqual(['new@0'])
  })
})

describe('an address that is known', () => {
  const url = (server: string): string => `http://${server}:80`
  const named = (backend: string, servers: Record<string, string>, change = {}) =>
    configOf({
      [backend]: {
        servers: Object.entries(servers).map(([name, host]) => ({ name, url: url(host) })),
        check: healthCheck(change),
      },
    })

  /** `a` is up, `b` is down. */
  function judged(): Lab {
    const lab = started(named('api', { a: 'a', b: 'b' }))
    lab.until(10)
    lab.end('a', null)
    lab.end('b', 'connect refused')
    lab.changes.length = 0
    return lab
  }

  test('keeps its state, its reason and its failures in a row under another name and in another backend', async () => {
    const lab = judged()
    lab.until(10_000)
    lab.end('a', 'status 503') // one of three
    for (const config of [
      named('api', { first: 'a', second: 'b' }),
      named('renamed', { first: 'a', second: 'b' }),
    ]) {
      const slots = slotsOf(config, config.backends['api'] ? 1 : 2)
      await lab.prober.stage(config, slots)
      lab.prober.apply(config, slots)
      expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_UP, STATE_DOWN])
    }
    expect(lab.prober.reasons()).toEqual({ renamed: { second: 'connect refused' } })
    expect(lab.changes.filter(({ state, was }) => state !== was)).toEqual([])
    for (let i = 0; i < 2; i++) {
      lab.until(lab.nowMs + 10_000)
      lab.end('a', 'status 503')
    }
    expect(lab.board.state(A)).toBe(STATE_DOWN)
  })

  test('is judged anew by another check, and used until then where it was up', async () => {
    const lab = judged()
    const config = named('other', { a: 'a', b: 'b' }, { path: '/other' })
    const round = lab.prober.stage(config, slotsOf(config, 1))
    lab.prober.apply(config, slotsOf(config, 1))
    await round
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_UP, STATE_STARTING])
    lab.until(20)
    lab.end('a', 'status 404')
    lab.end('b', null)
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_DOWN, STATE_UP])
  })

  test('that another question took down comes up with the first pass of the new one, at once', () => {
    const lab = judged()
    const config = named('api', { a: 'a', b: 'b' }, { path: '/mended', rise: 5 })
    lab.prober.apply(config, slotsOf(config))
    lab.until(20)
    lab.end('a', 'status 404')
    lab.end('b', null)
    expect([lab.board.state(A), lab.board.state(B)]).toEqual([STATE_UP, STATE_UP])
  })

  test('whose check asks another question while one runs is asked at once', () => {
    const lab = started(named('api', { a: 'a' }))
    lab.until(10)
    const [old] = lab.runs.splice(0, 1)
    const config = named('api', { a: 'a' }, { path: '/mended' })
    lab.prober.apply(config, slotsOf(config))
    lab.until(10)
    expect(old?.isCancelled).toBe(true)
    expect(lab.runs.map(({ target }) => target.check.path)).toEqual(['/mended'])
  })
})
