// Passive health by a clock of the test's own: workers count on the scoreboard, the supervisor judges.
import { describe, expect, test } from 'bun:test'
import { mayTakeOut } from '../../../../server/backends/may-take-out.ts'
import { peersOf } from '../../../../server/control/health/passive-rules.ts'
import { CLOSED } from '../../../../server/scoreboard/circuits.ts'
import { ADMIN_MAINTENANCE, packOrder, STATE_DOWN } from '../../../../server/scoreboard/states.ts'
import { BREAKER } from '../../backends/circuits.ts'
import { optionsOf, Scene } from './passive-scene.ts'

const ONLY_FAILURES = { faults_in_a_row: 0 }

describe('failures within the window', () => {
  test('of all workers together take a server out, however many went well between', () => {
    const scene = new Scene(ONLY_FAILURES)
    for (const worker of [0, 1, 2, 3]) {
      scene.fail('s0', 1, 'server_reset', worker)
      scene.answer('s0', 200, 10, worker)
    }
    scene.pass(100)
    expect(scene.out()).toEqual([])
    scene.fail('s0', 1, 'connect_refused', 2)
    scene.pass(100)
    expect(scene.out()).toEqual(['s0'])
    expect(scene.reason('s0')).toBe('passive: 5 failures in 30s (last connect_refused), out for 30s')
    expect(scene.news).toMatchObject([
      {
        is: 'out',
        backend: 'api',
        server: 's0',
        out: { rule: 'failures', failures: 5, attempts: 45, times: 1 },
      },
    ])
  })

  test('are as many as attempts: an answer that was one and breaks off is one', () => {
    const scene = new Scene(ONLY_FAILURES)
    scene.breakOff('s0', 4, 503)
    scene.pass(100)
    expect(scene.out()).toEqual([])
    expect(scene.board.passive.failures(scene.slot('s0'))).toBe(4)
  })

  test('count no more once the window has passed them', () => {
    const scene = new Scene(ONLY_FAILURES)
    scene.fail('s0', 4)
    scene.pass(30_100)
    scene.fail('s0', 4)
    scene.pass(20_000)
    expect(scene.out()).toEqual([])
    scene.fail('s0', 1)
    scene.pass(100)
    expect(scene.out()).toEqual(['s0'])
  })

  test('are answers with the statuses that are named, and no others', () => {
    const scene = new Scene(ONLY_FAILURES)
    scene.answer('s0', 500, 50)
    scene.answer('s0', 404, 50)
    scene.answer('s0', 503, 4)
    scene.pass(100)
    expect(scene.out()).toEqual([])
    scene.answer('s0', 504)
    scene.pass(100)
    expect(scene.reason('s0')).toStartWith('passive: 5 failures in 30s (last status 504)')
  })

  test('0 is however many', () => {
    const scene = new Scene({ ...ONLY_FAILURES, failures: 0 })
    scene.fail('s0', 1000)
    scene.pass(1000)
    expect(scene.out()).toEqual([])
  })
})

describe('failures in a row', () => {
  const ONLY_ROW = { failures: 0, faults_in_a_row: 3 }

  test('take it out, also when the row is over before anybody looks', () => {
    const scene = new Scene(ONLY_ROW)
    scene.fail('s0', 2)
    scene.answer('s0')
    scene.fail('s0', 2)
    scene.pass(100)
    expect(scene.out()).toEqual([])
    scene.answer('s0')
    scene.fail('s0', 1, 'connect_timeout', 0)
    scene.fail('s0', 1, 'connect_timeout', 1)
    scene.fail('s0', 1, 'connect_timeout', 2)
    scene.answer('s0')
    scene.pass(100)
    expect(scene.reason('s0')).toBe('passive: 3 failures in a row (last connect_timeout), out for 30s')
  })

  test('are of a server that answers and always breaks off, too; a whole answer makes an end of them', () => {
    const scene = new Scene(ONLY_ROW)
    scene.breakOff('s0', 2)
    scene.answer('s0')
    scene.breakOff('s0', 2)
    scene.pass(100)
    expect(scene.out()).toEqual([])
    scene.breakOff('s0')
    scene.pass(100)
    expect(scene.reason('s0')).toBe('passive: 3 failures in a row (last server_truncated), out for 30s')
  })

  test('end with an answer that has come for long without breaking off, not with one that has just begun', () => {
    const scene = new Scene(ONLY_ROW)
    scene.breakOff('s0', 2)
    scene.begin('s0')
    scene.pass(4900)
    scene.fail('s0')
    scene.pass(100)
    expect(scene.out()).toEqual(['s0'])
    const other = new Scene(ONLY_ROW)
    other.breakOff('s0', 2)
    other.begin('s0')
    other.pass(5000)
    other.fail('s0', 2)
    other.pass(100)
    expect(other.out()).toEqual([])
    other.fail('s0')
    other.pass(100)
    expect(other.out()).toEqual(['s0'])
  })

  test('go on over looks', () => {
    const scene = new Scene(ONLY_ROW)
    for (let i = 0; i < 3; i++) {
      expect(scene.out()).toEqual([])
      scene.fail('s0')
      scene.pass(500)
    }
    expect(scene.out()).toEqual(['s0'])
  })
})

describe('the success rate', () => {
  const ONLY_RATE = {
    failures: 0,
    faults_in_a_row: 0,
    success_rate: { min_servers: 5, min_requests: 100, deviation: 1.9 },
  }
  /** All answer 200 times, of which so many are 500. */
  const rates = (scene: Scene, ...errors: number[]): void => {
    for (const [i, count] of errors.entries()) {
      scene.answer(`s${i}`, 500, count)
      scene.answer(`s${i}`, 200, 200 - count)
    }
  }

  test('takes out who fails more often than its peers, with the figures', () => {
    const scene = new Scene(ONLY_RATE, 6)
    rates(scene, 60, 2, 1, 2, 1, 2)
    scene.pass(3000)
    expect(scene.out()).toEqual(['s0'])
    expect(scene.reason('s0')).toBe(
      'passive: 70 % of 200 attempts went well, 94.3 % with its peers, out for 30s',
    )
    expect(scene.news[0]).toMatchObject({ out: { rule: 'success_rate', success: 0.7 } })
  })

  test('says nothing of too few servers, too few attempts, or one error in a thousand', () => {
    const few = new Scene(ONLY_RATE, 4)
    rates(few, 100, 0, 0, 0)
    const seldom = new Scene(ONLY_RATE, 6)
    for (const name of seldom.names) seldom.answer(name, name === 's0' ? 500 : 200, 99)
    const hardly = new Scene(ONLY_RATE, 6)
    rates(hardly, 4, 0, 0, 0, 0, 0)
    const all = new Scene(ONLY_RATE, 6)
    rates(all, 60, 60, 60, 60, 60, 60)
    for (const scene of [few, seldom, hardly, all]) {
      scene.pass(30_000)
      expect(scene.out()).toEqual([])
    }
  })

  test('is the mean less so many deviations, of those with enough attempts', () => {
    const counts = [0, 0, 0, 0, 50].map((errors) => ({ failures: 0, errors, attempts: 100 }))
    const rule = { min_servers: 5, min_requests: 100, deviation: 1.9 }
    const { mean, threshold } = peersOf(counts, rule)!
    expect([mean, threshold.toFixed(4)]).toEqual([0.9, '0.5200']) // σ of 1, 1, 1, 1, 0.5 is 0.2
    expect(peersOf([...counts.slice(1), { failures: 0, errors: 0, attempts: 99 }], rule)).toBeNull()
  })
})

describe('a server that is out', () => {
  test('comes back by time; each next time lasts longer, up to the most, until it was in for long', () => {
    const scene = new Scene({ ...ONLY_FAILURES, cooldown: 10_000, cooldown_max: 25_000 })
    const lasted: number[] = []
    const once = (): void => {
      scene.fail('s0', 5)
      scene.pass(100)
      expect(scene.out()).toEqual(['s0'])
      const sinceMs = scene.nowMs
      while (scene.out().length > 0) scene.pass(100)
      lasted.push(scene.nowMs - sinceMs)
    }
    for (let i = 0; i < 4; i++) once()
    scene.pass(24_800)
    once()
    scene.pass(25_000)
    once()
    expect(lasted).toEqual([10_000, 20_000, 25_000, 25_000, 25_000, 10_000])
    expect(scene.news.filter(({ is }) => is === 'back')).toHaveLength(6)
    expect(scene.news[0]).toMatchObject({ out: { forMs: 10_000 } })
    expect(scene.news[2]).toMatchObject({
      out: { reason: 'passive: 5 failures in 30s (last connect_refused), out for 20s, the 2nd time' },
    })
  })

  test('begins anew: what it failed before and while it was out is forgotten', () => {
    const scene = new Scene({ cooldown: 10_000, failures: 5, faults_in_a_row: 5 })
    scene.fail('s0', 5)
    scene.pass(100)
    // What was on its way to it fails as well.
    scene.fail('s0', 50)
    scene.pass(10_000)
    expect(scene.out()).toEqual([])
    scene.fail('s0', 4)
    scene.pass(5000)
    expect(scene.out()).toEqual([])
  })

  test('comes back at once when a person or its checks say so, as if it had never been out', () => {
    const scene = new Scene()
    scene.fail('s0', 5)
    scene.pass(100)
    expect(scene.watch.bringBack({ backend: 'api', server: 's0' }, 'ordered', 'ana')).toBe(true)
    expect([scene.out(), scene.reason('s0')]).toEqual([[], null])
    expect(scene.news.at(-1)).toEqual({
      ...{ backend: 'api', server: 's0', mode: 'enforce', is: 'back', why: 'ordered', by: 'ana' },
    })
    expect(scene.watch.bringBack({ backend: 'api', server: 's0' }, 'ordered', 'ana')).toBe(false)
    scene.fail('s0', 5)
    scene.pass(100)
    expect(scene.reason('s0')).toEndWith('out for 30s')
  })
})

describe('how many may be out', () => {
  test('is the share of max_out, and one at least', () => {
    for (const [servers, max_out, out] of [
      [4, 0.5, 2],
      [5, 0.5, 2],
      [3, 0.1, 1],
      [4, 0, 0],
      [4, 1, 3], // the last one stays
    ] as const) {
      const scene = new Scene({ max_out }, servers)
      for (const name of scene.names) scene.fail(name, 10)
      scene.pass(200)
      expect([servers, max_out, scene.out().length]).toEqual([servers, max_out, out])
      expect(scene.news.filter(({ is }) => is === 'held')).toHaveLength(servers - out)
    }
  })

  test('leaves the last that is in use, whoever took out the others', () => {
    const scene = new Scene({ max_out: 1 }, 3)
    scene.board.setState(scene.slot('s1'), STATE_DOWN)
    scene.board.setOrder(scene.slot('s2'), packOrder(ADMIN_MAINTENANCE, null))
    scene.fail('s0', 10)
    scene.pass(100)
    expect(scene.out()).toEqual([])
    expect(scene.news).toMatchObject([{ is: 'held', isLast: true, isTold: true }])
    // Told once a minute.
    for (let i = 0; i < 5; i++) {
      scene.fail('s0', 10)
      scene.pass(1000)
    }
    expect(scene.news.map((news) => news.is === 'held' && news.isTold)).toEqual([
      ...[true, false, false, false, false, false],
    ])
  })
})

describe('beside breakers', () => {
  /** Its breaker is open. */
  function opened(scene: Scene, name: string): void {
    const { circuits } = scene.board
    circuits.beginOpening(scene.slot(name), CLOSED)
    const figures = { total: 0, failed: 0, slow: 0, inARow: 0, times: 1, openMs: 1000 }
    circuits.opened(scene.slot(name), { reason: 'manual', ...figures }, 0)
  }

  test('those that are open are out as well, and the last that is in use stays', () => {
    const scene = new Scene({ max_out: 0.5 })
    scene.apply({ circuit_breaker: BREAKER })
    opened(scene, 's1')
    for (const name of ['s0', 's2']) scene.fail(name, 10)
    scene.pass(100)
    expect(scene.out()).toEqual(['s0']) // two of four
    const most = new Scene({ max_out: 1 }, 2)
    most.apply({ circuit_breaker: BREAKER })
    opened(most, 's1')
    most.fail('s0', 10)
    most.pass(100)
    expect(most.out()).toEqual([])
  })

  test('a server that passive health has out leaves that much less room for breakers', () => {
    const scene = new Scene({ max_out: 0.5 })
    scene.fail('s0', 10)
    scene.pass(100)
    const servers = scene.names.map((name) => ({ slot: scene.slot(name), weight: 1 }))
    const by = { passive: scene.board.passive, circuitIs: () => CLOSED }
    expect(mayTakeOut(servers, servers[1]!, 0.5, by)).toBe(true)
    expect(mayTakeOut(servers, servers[1]!, 0.25, by)).toBe(false)
  })

  test('in shadow mode nobody is out by them, and their servers are in use', () => {
    const scene = new Scene({ max_out: 1 }, 2)
    scene.apply({ circuit_breaker: { ...BREAKER, mode: 'shadow' } })
    opened(scene, 's1')
    scene.fail('s0', 10)
    scene.pass(100)
    expect(scene.out()).toEqual(['s0'])
    const half = new Scene({ max_out: 0.5 })
    half.apply({ circuit_breaker: { ...BREAKER, mode: 'shadow' } })
    for (const name of ['s2', 's3']) opened(half, name)
    for (const name of ['s0', 's1']) half.fail(name, 10)
    half.pass(100)
    expect(half.out()).toEqual(['s0', 's1'])
  })
})

describe('in shadow mode', () => {
  test('all is decided and told, and the server stays in', () => {
    const scene = new Scene({ mode: 'shadow' })
    for (const name of scene.names) scene.fail(name, 10)
    scene.pass(100)
    expect(scene.news.map(({ is, mode }) => `${is} ${mode}`)).toEqual([
      ...['out shadow', 'out shadow', 'held shadow', 'held shadow'],
    ])
    expect([scene.out(), scene.states.size]).toEqual([[], 0])
    scene.pass(30_000)
    expect(scene.news.slice(4).map(({ is }) => is)).toEqual(['back', 'back'])
  })
})

describe('another config', () => {
  const out = (): Scene => {
    const scene = new Scene()
    scene.fail('s0', 5)
    scene.pass(100)
    return scene
  }

  test('that leaves the servers alone leaves them out, for as long, with what is known', () => {
    const scene = out()
    scene.fail('s1', 4)
    scene.pass(10_000)
    scene.apply({ timeouts: { connect: 1, response: 1, idle: 1, stream: 1 } })
    expect(scene.out()).toEqual(['s0'])
    scene.fail('s1')
    scene.pass(100)
    expect(scene.out()).toEqual(['s0', 's1'])
    scene.pass(19_900)
    expect(scene.out()).toEqual(['s1'])
  })

  test.each([
    ['mode: off', { passive_health: optionsOf({ mode: 'off' }) }],
    ['mode: shadow', { passive_health: optionsOf({ mode: 'shadow' }) }],
    ['none', { passive_health: undefined }],
  ])('with %s has it in again', (_, change) => {
    const scene = out()
    scene.apply(change)
    expect([scene.out(), scene.reason('s0')]).toEqual([[], null])
    expect(scene.news.at(-1)).toMatchObject({ is: 'back', why: 'config' })
  })

  test('that gives the record to another server says nothing of that', () => {
    const scene = out()
    for (const name of scene.names) scene.board.setGeneration(scene.slot(name), 1)
    scene.apply({}, 1)
    scene.pass(100)
    expect(scene.out()).toEqual([])
    expect(scene.news).toHaveLength(1)
  })
})
