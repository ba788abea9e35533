import { expect, test } from 'bun:test'
import type { OverviewProblem } from '../../../../server/control/overview/document.ts'
import { limitProblems } from '../../../../server/control/overview/of-limits.ts'
import { orderProblems } from '../../../../server/control/overview/of-orders.ts'
import { processProblems } from '../../../../server/control/overview/of-processes.ts'
import type { Seen, ToldEvent } from '../../../../server/control/overview/seen.ts'
import { type HealthDocument, healthOf } from '../../../../server/telemetry/documents.ts'
import { configWith, minutesAgo, NOW_MS, seenWith, serverWith } from '../../../support/seen-with.ts'

const config = configWith({
  listeners: {
    web: { bind: '0.0.0.0:8080', backend: 'api' },
    pass: { bind: '0.0.0.0:8443', protocol: 'tls' },
    inner: { protocol: 'https', certificates: ['site'], backend: 'api' },
  },
  certificates: { site: { self_signed: { names: ['a.example'] } } },
  backends: { api: { servers: [{ url: 'http://192.0.2.1:1' }] } },
  rules: [{ name: 'all', listener: 'inner', match: { listener: 'pass' } }],
})
const OPEN = [
  { listener: 'web', protocol: 'http', addresses: ['0.0.0.0:8080'] },
  { listener: 'pass', protocol: 'tls', addresses: ['0.0.0.0:8443'] },
  { listener: 'inner', protocol: 'https', addresses: [] },
]
const WELL = { wanted: 2, serving: 2 }

function ofProcesses(health: Partial<HealthDocument>, more: Partial<Seen> = {}): OverviewProblem[] {
  const whole = { ...healthOf([]), listeners: OPEN, workers: WELL, ...health }
  return [...processProblems(seenWith({ health: whole, config, ...more }))]
}
const event = (name: string, fields: object = {}, minutes = 1): ToldEvent => ({
  ...{ event: name, atMs: minutesAgo(minutes), fields: { ...fields } },
})

test('nothing is said of a gateway that is well, nor of a listener whose clients come by another one', () => {
  expect(ofProcesses({})).toEqual([])
})

test('workers that are missing are counted, with how the last one ended', () => {
  const events = [event('worker_exited', { signal: 'SIGSEGV' }, 3)]
  expect(ofProcesses({ workers: { wanted: 2, serving: 1 } }, { events })[0]).toMatchObject({
    ...{
      state: 'not_serving',
      severity: 'warn',
      title: '1 of 2 workers serves',
      since: '2026-03-01T11:57:00.000Z',
    },
    cause: 'One was ended by SIGSEGV. The others take its clients.',
  })
  expect(ofProcesses({ workers: { wanted: 4, serving: 2 } })[0]?.title).toBe('2 of 4 workers serve')
  const failed = { events: [...events, event('worker_not_started', { why: 'no memory' })] }
  expect(ofProcesses({ workers: { wanted: 2, serving: 0 } }, failed)[0]).toMatchObject({
    ...{ severity: 'down', title: 'No worker serves' },
    cause: 'It could not be started: no memory. Nobody accepts clients.',
  })
  expect(ofProcesses({ workers: { wanted: 2, serving: 0 } }, { startedMs: NOW_MS - 1000 })).toEqual([])
})

test('a worker that is silent is told with how long; it is the worst where it is the only one', () => {
  const silent = [{ pid: 4711, slot: 1, silent_ms: 4200 }]
  expect(ofProcesses({ workers: { ...WELL, silent } })[0]).toMatchObject({
    ...{ state: 'silent', severity: 'warn', title: 'Worker 1 (pid 4711) has said nothing for 4 s' },
  })
  expect(ofProcesses({ workers: { wanted: 1, serving: 1, silent } })[0]?.severity).toBe('down')
})

test('workers without descriptors are told with the limit, and where to raise it', () => {
  const events = [event('descriptor_limit', { limit: 1024, accepting: false })]
  const one = ofProcesses({ workers: { ...WELL, full: ['worker-0'] } }, { events })[0]
  expect(one).toMatchObject({ state: 'limits', severity: 'warn', title: 'worker-0 accepts no clients' })
  expect(one?.cause).toBe('No descriptors are left of 1024: new clients wait until others have gone.')
  const both = ofProcesses({ workers: { ...WELL, full: ['worker-0', 'worker-1'] } })[0]
  expect(both).toMatchObject({ severity: 'down', title: '2 workers accept no clients' })
})

test('a relay that does not run is told with its listeners, and why it could not be started', () => {
  const of = (...names: string[]) => ({
    turn: { serving: false, listeners: names.map((listener) => ({ listener, realm: 'x', allocations: 0 })) },
  })
  expect(
    ofProcesses(of('turn'), { events: [event('relay_not_started', { why: 'no port' })] })[0],
  ).toMatchObject({
    ...{ state: 'not_serving', severity: 'down', title: 'The TURN relay does not run' },
    cause: 'It could not be started: no port. Listener turn answers nobody.',
  })
  expect(ofProcesses(of('a', 'b'))[0]?.cause).toBe('Listeners a and b answer nobody.')
})

test('a listener with an address that is open nowhere is told', () => {
  const listeners = OPEN.filter(({ listener }) => listener !== 'web')
  expect(ofProcesses({ listeners })).toMatchObject([
    {
      id: 'listener:web',
      severity: 'down',
      title: 'Listener web is not open',
      cause: 'Nobody can connect to 0.0.0.0:8080.',
    },
  ])
})

test('what is not kept is told in the words of the store, with the hint of its event', () => {
  const events = [event('store_gone', { hint: 'restart it once the folder is back' }, 5)]
  const why = '/data/state.db was removed, or another was put in its place'
  expect(ofProcesses({ not_kept: why }, { events })[0]).toMatchObject({
    ...{
      state: 'not_kept',
      severity: 'warn',
      title: 'Not everything is kept',
      since: '2026-03-01T11:55:00.000Z',
    },
    ...{ cause: `${why}. Traffic goes on.`, remedy: 'Restart it once the folder is back.' },
  })
})

const ofLimits = (events: readonly ToldEvent[], more: Partial<Seen> = {}): OverviewProblem[] => [
  ...limitProblems(seenWith({ events, config, ...more })),
]

test('a limit that was reached lately is one problem, however often it was told', () => {
  const limit = 'listeners.web.limits.connections'
  const told = [
    event('limit_reached', { limit, value: 1000, refused: 1 }, 2),
    event('limit_reached', { limit, value: 1000, refused: 1233 }, 1),
  ]
  expect(ofLimits(told)).toMatchObject([
    {
      ...{ id: `limits:limit_reached:${limit}`, state: 'limits', since: '2026-03-01T11:58:00.000Z' },
      title: `${limit} (1,000) is reached`,
      cause: '1,234 were refused in the last 2 min, the last ones 1 min ago.',
      about: { kind: 'listener', name: 'web' },
    },
  ])
  expect(ofLimits([told[0]!])[0]?.cause).toBe('1 was refused 2 min ago.')
  const evicted = { limit: 'limits.rate_limits', value: 8_388_608, evicted: 3 }
  expect(ofLimits([event('limit_reached', evicted)])[0]).toMatchObject({
    ...{
      title: 'limits.rate_limits (8MiB) is reached',
      cause: '3 were evicted 1 min ago.',
      about: { kind: 'config', name: '/etc/sluice/sluice.yaml' },
    },
  })
})

test('a wait that was too long is told with its unit, what is full, and what helps', () => {
  const queue = event('limit_reached', { limit: 'backends.api.queue.timeout', value: 500, refused: 7 }, 0.1)
  const limited = configWith({
    listeners: { web: { bind: '0.0.0.0:8080' } },
    backends: { api: { servers: [{ url: 'http://192.0.2.1:1' }], max_connections: 10 } },
    rules: [{ name: 'all', backend: 'api' }],
  })
  const with_ = (limits: Seen['limits'], is = limited) =>
    [...limitProblems(seenWith({ events: [queue], config: is, limits }))][0]
  const facts = { backend: 'api', in_flight: 10, limit: 10, waiting: 30 }
  expect(with_([facts])).toMatchObject({
    ...{ title: 'backends.api.queue.timeout (500ms) is reached', about: { kind: 'backend', name: 'api' } },
    cause:
      '7 were refused 6 s ago. What it carries is limited by its max_connections (10), or by those of its servers. 30 wait now.',
  })
  expect(with_([facts])?.remedy).toStartWith('Give it more servers')
  expect(with_([], config)?.cause).toContain('Its servers have as much as max_connections of each allows.')
  const adaptive = { in_flight: 3, limit: 3, mode: 'enforce' } as const
  expect(with_([{ ...facts, in_flight: 3, adaptive }])?.cause).toContain(
    'Its adaptive_limit lets 3 wait for answers',
  )
  expect(with_([{ ...facts, adaptive }])?.cause).toContain('limited by its max_connections (10)')
})

test('a limit that the config has no more is not told', () => {
  const rule = (max: object) =>
    configWith({
      listeners: { web: { bind: '0.0.0.0:8080' } },
      backends: { api: { servers: [{ url: 'http://192.0.2.1:1' }] } },
      rules: [{ name: 'a.b', backend: 'api', ...max }],
    })
  const events = [event('limit_reached', { limit: 'rules.a.b.max_connections', value: 5, refused: 1 })]
  const titles = (is: Seen['config']) =>
    [...limitProblems(seenWith({ events, config: is }))].map(({ title }) => title)
  expect(titles(rule({ max_connections: 5 }))).toEqual(['rules.a.b.max_connections (5) is reached'])
  expect(titles(rule({}))).toEqual([])
  expect(titles(config)).toEqual([])
})

test('an overload is told with the share that is refused now, or with what was, once it is over', () => {
  const events = [event('overloaded', { cause: 'memory', limit: 31_457_280, share: 0.1, shadow: false }, 0.1)]
  const cause = (more: Partial<Seen>) => [...limitProblems(seenWith({ events, config, ...more }))][0]?.cause
  expect(cause({ overload: { share: 0.95, workers: 2, mode: 'enforce' } })).toBe(
    'overload.memory (30MiB) is reached: 95 % of new requests are refused.',
  )
  expect(cause({})).toBe(
    'overload.memory (30MiB) was reached in the last 6 s, and is no more: 10 % or more of new requests were refused.',
  )
})

test('limits of longer ago are not told, nor what is told of workers already', () => {
  expect(ofLimits([event('limit_reached', { limit: 'x', value: 1, refused: 1 }, 6)])).toEqual([])
  const full = event('descriptor_limit', { limit: 1024, clients: 9, accepting: false })
  expect(ofLimits([full])[0]?.title).toBe('The limit of open files was reached')
  const workers = { ...WELL, full: ['worker-0'] }
  expect(ofLimits([full], { health: { ...healthOf([]), workers } })).toEqual([])
})

test('every other limit has words of its own', () => {
  const hint = 'do this'
  const titles = ofLimits([
    event('descriptor_limit', { limit: 1024, wanted: 32_768 }),
    event('buffers_full', { limit: 1, hint }),
    event('on_demand_limit', { certificate: 'any', limit: 'on_demand.names', value: 100, hint }),
    event('proxy_header_refused', {
      listener: 'web',
      reason: 'missing',
      proxy: '192.0.2.9',
      refused: 2,
      hint,
    }),
    event('accept_paused', {}),
  ]).map(({ title, severity, remedy }) => [severity, title, remedy === 'Do this.'])
  expect(titles).toEqual([
    ['note', 'The limit of open files is lower than listeners want', false],
    ['warn', 'limits.buffers is reached', true],
    ['warn', 'on_demand.names of certificate any is reached', true],
    ['warn', 'Listener web refuses connections of proxy 192.0.2.9', true],
  ])
})

test('orders that are about to end are told with what holds then; those that do not end are not', () => {
  const until = (minutes: number) => new Date(NOW_MS + minutes * 60_000).toISOString()
  const order = { reason: 'kernel update', by: 'mira', since: '2026-03-01T11:00:00.000Z' }
  const told = (orders: NonNullable<ReturnType<typeof serverWith>['orders']>) => [
    ...orderProblems(seenWith({ health: healthOf([serverWith({ server: 'api-3', orders })]) })),
  ]
  expect(told([{ ...order, kind: 'admin', value: 'drain', until: until(6) }])).toMatchObject([
    {
      ...{
        id: 'order:api/api-3:admin',
        state: 'ending',
        severity: 'note',
        title: 'The drain of api-3 ends in 6 min',
      },
      cause: 'mira ordered it (kernel update). It takes new requests again then.',
      about: { kind: 'server', name: 'api-3', backend: 'api' },
    },
  ])
  const others = told([
    { ...order, kind: 'admin', value: 'maintenance', until: until(1) },
    { ...order, kind: 'weight', value: 10, until: until(1) },
    { ...order, kind: 'health', value: 'up', until: until(1) },
  ])
  expect(others.map(({ title }) => title)).toEqual([
    'The maintenance of api-3 ends in 1 min',
    'Weight 10 of api-3 ends in 1 min',
    'Health up of api-3 ends in 1 min',
  ])
  expect(told([{ ...order, kind: 'admin', value: 'drain', until: null }])).toEqual([])
  expect(told([{ ...order, kind: 'admin', value: 'drain', until: until(30) }])).toEqual([])
})

test('an upgrade is told while it is under way, and no longer', () => {
  const event = (name: string, minutes: number, fields: object = {}): ToldEvent => ({
    ...{ event: name, atMs: minutesAgo(minutes), fields: { ...fields } },
  })
  const told = (...events: ToldEvent[]) =>
    [
      ...processProblems(
        seenWith({ config, events, health: { ...healthOf([]), workers: WELL, listeners: OPEN } }),
      ),
    ].map(({ title, cause }) => `${title}: ${cause}`)
  const begun = event('upgrade_begun', 3, { program: '/usr/bin/sluice' })
  expect(told(begun)).toEqual([
    'An upgrade is under way: /usr/bin/sluice is started to take over; until it serves, this gateway does.',
  ])
  const serving = event('upgrade_serving', 2, { pid: 4711 })
  expect(told(begun, serving)).toEqual([
    'An upgrade is under way: Process 4711 serves in this gateway’s place, and is watched for a while.',
  ])
  expect(told(begun, serving, event('upgrade_done', 1))).toEqual([])
  expect(told(begun, event('upgrade_failed', 1, { why: 'it did not start' }))).toEqual([
    'The last upgrade failed: It did not start. This gateway goes on as it was.',
  ])
})
