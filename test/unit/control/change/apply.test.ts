import { describe, expect, test } from 'bun:test'
import {
  Applier,
  type ApplierOptions,
  type Outcome,
  type Wish,
} from '../../../../server/control/change/apply.ts'
import type { Part } from '../../../../server/control/change/part.ts'
import { partsOf, bindProblems, type PartHands } from '../../../../server/control/change/parts.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import type { Config } from '../../../../server/config/schema.ts'
import { BindProblem } from '../../../../server/control/sockets/bind-problem.ts'
import type { Checked, Edition } from '../../../../server/control/problem.ts'
import { settle } from '../processes/crews.ts'

function config(servers: readonly string[] = ['http://a'], workers = 2): Config {
  const backends = { api: { servers: servers.map((url) => ({ url, weight: 1 })) } }
  return {
    listeners: { web: { bind: '127.0.0.1:0', limits: {} } },
    backends,
    workers,
    drain: 30,
    rules: [],
    logs: { level: 'info', format: 'json', access: { enabled: false } },
  } as unknown as Config
}

const edition = (words: Config): Edition => ({
  text: '',
  hash: '',
  config: words,
  from: 'file',
  by: null,
  replaces: null,
})

const valid = (words: Config): Wish => ({
  check: () => Promise.resolve({ is: 'valid', edition: edition(words) }),
  isReading: true,
})

interface Scene {
  readonly applier: Applier
  readonly notes: string[]
  readonly plans: PlanBody[]
  hands: { -readonly [K in keyof PartHands]: PartHands[K] }
  options: { -readonly [K in keyof ApplierOptions]: ApplierOptions[K] }
}

/** The parts of the product, of hands that only note what they do. A test may give them others later. */
function scene(): Scene {
  const notes: string[] = []
  const plans: PlanBody[] = []
  const note = (text: string): void => void notes.push(text)
  const part = (name: string, commit: string, drop: string): Part => ({
    name,
    stage: () => [],
    commit: () => note(commit),
    drop: () => note(drop),
  })
  const quiet = (name: string): Part => ({ name, stage: () => [], commit: () => {}, drop: () => {} })
  const hands: Scene['hands'] = {
    file: quiet('file'),
    desk: { orders: { load: () => Promise.resolve() }, commit: () => {} },
    history: quiet('history'),
    book: quiet('revisions'),
    certificates: quiet('certificates'),
    predecessor: null,
    tlsFiles: quiet('server_tls'),
    geo: quiet('geo'),
    keys: quiet('keys'),
    plugins: quiet('plugins'),
    sockets: {
      stage: () => {
        note('open sockets')
        return []
      },
      commit: () => note('keep sockets'),
      drop: () => note('close sockets'),
    },
    portsFreed: () => Promise.resolve(),
    crew: {
      slots: [0, 1],
      prepare: (plan) => {
        note('prepare')
        plans.push(plan)
        return Promise.resolve([])
      },
      commit: () => Promise.resolve(note('commit')),
      drop: () => note('drop'),
      resize: (count) => Promise.resolve(note(`resize ${count}`)),
    },
    board: {
      reserve: (records) => note(`reserve ${records}`),
      reserveBuckets: () => note('reserve buckets'),
      reserveWindows: () => note('reserve windows'),
      reserveLeases: () => note('reserve leases'),
      adapt: () => {},
      occupy: () => note('occupy'),
    },
    admin: part('admin', 'keep admin', 'close admin'),
    turn: part('turn', 'commit relay', 'drop relay'),
    prober: {
      stage: () => Promise.resolve(note('judge')),
      apply: () => note('health'),
      drop: () => note('drop health'),
    },
    resolver: { configure: () => {} },
    chosen: { listenerProblems: () => [] },
    first: config(),
    isServing: () => applier.running !== null,
  }
  /** As it is when it is asked. */
  const late = <T extends object>(of: () => T): T =>
    new Proxy({} as T, { get: (_, key) => Reflect.get(of(), key) as unknown, has: (_, key) => key in of() })
  let revision = 0
  const options: Scene['options'] = {
    parts: [],
    isReusable: () => true,
    gather: () => Promise.resolve({ door: '/run/door', certificates: {}, challenges: {} }),
    dryRun: () => Promise.resolve(note('dry run')),
    restartProblems: () => [],
    revisionOf: () => ++revision,
    onBug: (name, error) => note(`bug in ${name}: ${String(error)}`),
  }
  options.parts = partsOf({
    ...hands,
    file: late(() => hands.file),
    sockets: late(() => hands.sockets),
    crew: late(() => hands.crew),
    board: late(() => hands.board),
    admin: late(() => hands.admin),
    turn: late(() => hands.turn),
    prober: late(() => hands.prober),
  })
  const applier = new Applier(late(() => options))
  return { applier, notes, plans, hands, options }
}

const rejection = (outcome: Outcome): unknown => (outcome.is === 'rejected' ? outcome.problems : outcome)

describe('applying a change', () => {
  test('the first plan: new servers are judged beside sockets and workers, then all swaps', async () => {
    const { applier, notes } = scene()
    const outcome = await applier.apply(valid(config()))
    expect(outcome.is).toBe('applied')
    expect(notes).toEqual([
      'reserve 3',
      'judge',
      'open sockets',
      'prepare',
      'occupy',
      'health',
      'keep sockets',
      'keep admin',
      'commit relay',
      'commit',
      'resize 2',
    ])
  })

  test('later plans are compiled as a dry run first', async () => {
    const { applier, notes } = scene()
    await applier.apply(valid(config()))
    notes.length = 0
    await applier.apply(valid(config(['http://b'], 5)))
    expect(notes[0]).toBe('dry run')
    expect(notes.at(-1)).toBe('resize 5')
    expect(applier.running?.revision).toBe(2)
  })

  test('no plan is served before its new servers are judged, and one that is refused waits for none', async () => {
    const { applier, notes, hands } = scene()
    const judged = Promise.withResolvers<void>()
    hands.prober = { ...hands.prober, stage: () => judged.promise }
    const outcome = applier.apply(valid(config()))
    await settle()
    expect(notes).toContain('prepare')
    expect(notes).not.toContain('health')
    judged.resolve()
    expect((await outcome).is).toBe('applied')
    hands.prober = { ...hands.prober, stage: () => new Promise(() => {}) }
    hands.crew = { ...hands.crew, slots: [0, 1], prepare: () => Promise.resolve(['no room']) }
    expect((await applier.apply(valid(config(['http://b'])))).is).toBe('rejected')
  })

  test('work that can be done meanwhile is, once all are asked and before they answer; what it throws is told', async () => {
    const { applier, notes, hands } = scene()
    const ready = Promise.withResolvers<string[]>()
    hands.crew = { ...hands.crew, prepare: () => (notes.push('asked'), ready.promise) }
    const meanwhile = (): void => {
      notes.push('meanwhile')
      ready.resolve([])
      throw new Error('of no use')
    }
    expect((await applier.apply({ ...valid(config()), meanwhile })).is).toBe('applied')
    const told = ['asked', 'meanwhile', 'bug in meanwhile: Error: of no use']
    expect(notes.filter((one) => told.includes(one))).toEqual(told)
  })

  test('an invalid config changes nothing at all', async () => {
    const { applier, notes } = scene()
    await applier.apply(valid(config()))
    notes.length = 0
    const problems = [{ path: 'rules', message: 'no' }]
    const outcome = await applier.apply({ check: () => Promise.resolve({ is: 'invalid', problems }) })
    expect(rejection(outcome)).toEqual(problems)
    expect(notes).toEqual([])
    expect(applier.running?.revision).toBe(1)
  })

  test('what needs a restart is refused before anything is opened', async () => {
    const { applier, notes, options } = scene()
    await applier.apply(valid(config()))
    notes.length = 0
    options.restartProblems = () => [{ path: 'data', message: 'needs a restart' }]
    expect(rejection(await applier.apply(valid(config())))).toEqual([
      { path: 'data', message: 'needs a restart' },
    ])
    expect(notes).toEqual([])
  })

  test('one worker against it: dropped everywhere, what was opened is closed, the old plan runs', async () => {
    const { applier, notes, hands } = scene()
    await applier.apply(valid(config()))
    const before = applier.running
    notes.length = 0
    hands.crew = { ...hands.crew, slots: [0, 1], prepare: () => Promise.resolve(['no room']) }
    expect(rejection(await applier.apply(valid(config(['http://b']))))).toEqual([
      { path: '', message: 'no room' },
    ])
    expect(notes).toEqual([
      'dry run',
      'reserve 4',
      'judge',
      'open sockets',
      'drop',
      'drop relay',
      'close admin',
      'close sockets',
      'drop health',
    ])
    expect(applier.running).toBe(before)
  })

  test('an address in use is told by the path of its listener, and no worker is asked', async () => {
    const { applier, notes, hands } = scene()
    hands.sockets = {
      ...hands.sockets,
      stage: () => [new BindProblem('web', '127.0.0.1:1', 'EADDRINUSE')],
    }
    const outcome = await applier.apply(valid(config()))
    expect(rejection(outcome)).toEqual([
      {
        path: 'listeners.web.bind',
        ...{ code: 'cannot_listen', system: 'EADDRINUSE' },
        message: 'cannot listen on 127.0.0.1:1: another program has this port (EADDRINUSE)',
        hint: 'stop the other program, or choose another port',
      },
    ])
    expect(notes).not.toContain('prepare')
  })

  test('all that cannot be opened is told at once', async () => {
    const { applier, hands } = scene()
    await applier.apply(valid(config()))
    hands.sockets = {
      ...hands.sockets,
      stage: () => [
        new BindProblem('web', '127.0.0.1:1', 'EADDRINUSE'),
        new BindProblem('more', '192.0.2.1:1', 'EADDRNOTAVAIL'),
      ],
    }
    hands.admin = { ...hands.admin, stage: () => [{ path: 'admin.bind', message: 'in use' }] }
    const words = config()
    const access = { enabled: true, file: '/nowhere/at/all/access.log' }
    const logs = { ...words.logs, access } as Config['logs']
    expect(rejection(await applier.apply(valid({ ...words, logs })))).toMatchObject([
      { path: 'listeners.web.bind', hint: 'try again with SIGHUP once the port is free' },
      { path: 'listeners.more.bind' },
      { path: 'admin.bind' },
      { path: 'logs.access.file' },
    ])
  })

  test.each([
    ['file', 'try again with SIGHUP once the port is free'],
    ['api', 'try again to apply it once the port is free'],
    ['rollback', 'try again to go back once the port is free'],
  ] as const)('of a change from %s it is said how to try that one again', (from, hint) => {
    const problem = new BindProblem('web', '127.0.0.1:1', 'EADDRINUSE')
    expect(bindProblems([problem], true, from)).toMatchObject([{ hint }])
  })

  test('the admin address in use is a refusal as well', async () => {
    const { applier, hands } = scene()
    const problem = { path: 'admin.bind', message: 'in use' }
    hands.admin = { ...hands.admin, stage: () => Promise.resolve([problem]) }
    expect(rejection(await applier.apply(valid(config())))).toEqual([problem])
    expect(applier.running).toBeNull()
  })

  test('a plan that was refused takes no slots: the next begins where the last applied one ended', async () => {
    const { applier, hands, plans } = scene()
    await applier.apply(valid(config()))
    const { prepare } = hands.crew
    hands.crew = { ...hands.crew, slots: [0], prepare: () => Promise.resolve(['no']) }
    await applier.apply(valid(config(['http://x', 'http://y'])))
    hands.crew = { ...hands.crew, slots: [0], prepare }
    await applier.apply(valid(config(['http://z'])))
    expect(plans.at(-1)?.slots['api']?.servers['http://z']).toEqual({ index: 3, generation: 0 })
    expect(plans.at(-1)?.number).toBe(3)
    expect(applier.running?.revision).toBe(2)
  })

  test('the relay is asked with the workers, and swaps before they do; what stands against it is told first', async () => {
    const { applier, notes, plans, hands } = scene()
    hands.turn = {
      ...hands.turn,
      ask: () => Promise.resolve([{ path: 'listeners.turn.relay.bind', message: 'not here' }]),
    }
    hands.crew = { ...hands.crew, slots: [0, 1], prepare: () => Promise.resolve(['no']) }
    expect(rejection(await applier.apply(valid(config())))).toEqual([
      { path: 'listeners.turn.relay.bind', message: 'not here' },
      { path: '', message: 'no' },
    ])
    expect(notes).toContain('drop relay')
    expect(plans).toEqual([])
    const again = scene()
    await again.applier.apply(valid(config()))
    expect(again.plans[0]?.door).toBe('/run/door')
    expect(again.notes.indexOf('commit relay')).toBeLessThan(again.notes.indexOf('commit'))
  })

  test('a UDP address in use is told as one of TCP is, beside it', async () => {
    const { applier, hands } = scene()
    hands.sockets = { ...hands.sockets, stage: () => [new BindProblem('web', '127.0.0.1:1', 'EADDRINUSE')] }
    const problem = new BindProblem('turn', 'UDP 127.0.0.1:2', 'EADDRINUSE')
    hands.turn = { ...hands.turn, stage: () => bindProblems([problem], applier.running !== null) }
    expect(rejection(await applier.apply(valid(config())))).toMatchObject([
      { path: 'listeners.web.bind' },
      {
        path: 'listeners.turn.bind',
        message: 'cannot listen on UDP 127.0.0.1:2: another program has this port (EADDRINUSE)',
        hint: 'stop the other program, or choose another port',
      },
    ])
  })

  test('one part that throws is no reason to drop what another is still opening: that ends first', async () => {
    const { applier, notes, hands } = scene()
    hands.turn = { ...hands.turn, stage: () => Promise.reject(new Error('no door')) }
    hands.admin = {
      ...hands.admin,
      stage: async () => {
        await settle()
        notes.push('open admin')
        return []
      },
    }
    expect(rejection(await applier.apply(valid(config())))).toEqual([{ path: '', message: 'no door' }])
    expect(notes.indexOf('open admin')).toBeGreaterThan(0)
    expect(notes.indexOf('close admin')).toBeGreaterThan(notes.indexOf('open admin'))
  })

  test('whatever throws is a refusal, and the next change goes through', async () => {
    const { applier, options } = scene()
    await applier.apply(valid(config()))
    const { dryRun } = options
    options.dryRun = () => Promise.reject(Object.assign(new Error('rules.0: bad'), { path: 'rules.0' }))
    expect(rejection(await applier.apply(valid(config())))).toEqual([
      { path: 'rules.0', message: 'rules.0: bad' },
    ])
    options.dryRun = dryRun
    expect((await applier.apply(valid(config()))).is).toBe('applied')
  })

  test('one at a time: a newer request waits, and replaces the one that waits', async () => {
    const { applier, plans } = scene()
    const first = Promise.withResolvers<Checked>()
    const outcomes = [
      applier.apply({ check: () => first.promise, isReading: true }),
      applier.apply(valid(config(['http://b']))),
      applier.apply(valid(config(['http://c']))),
    ]
    first.resolve({ is: 'valid', edition: edition(config()) })
    expect((await Promise.all(outcomes)).map(({ is }) => is)).toEqual(['applied', 'superseded', 'applied'])
    expect(plans.map(({ config: words }) => words.backends['api']?.servers[0]?.url)).toEqual([
      'http://a',
      'http://c',
    ])
  })
})
