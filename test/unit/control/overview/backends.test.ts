import { expect, test } from 'bun:test'
import { backendProblems } from '../../../../server/control/overview/of-backends.ts'
import type { OverviewProblem } from '../../../../server/control/overview/document.ts'
import type { Seen } from '../../../../server/control/overview/seen.ts'
import { healthOf } from '../../../../server/telemetry/documents.ts'
import type { ServerHealth } from '../../../../server/telemetry/server-health.ts'
import {
  configWith,
  downServer,
  minutesAgo,
  NOW_MS,
  seenWith,
  serverWith,
} from '../../../support/seen-with.ts'

const rules = (...names: string[]) =>
  names.map((name) => ({ name, match: { path: `/${name}` }, backend: 'api' }))
const config = (more: object = {}, ruled = rules('shop')) =>
  configWith({
    listeners: { web: { bind: '0.0.0.0:8080' } },
    backends: {
      api: {
        servers: [1, 2, 3, 4, 5].map((n) => ({
          name: `api-${n}`,
          url: `http://192.0.2.${n}:8443`,
          max_connections: 100,
        })),
        health_check: { path: '/healthz' },
        ...more,
      },
    },
    rules: [...ruled, { name: 'rest', respond: { status: 404 } }],
  })

function problems(servers: readonly ServerHealth[], more: Partial<Seen> = {}): OverviewProblem[] {
  return [...backendProblems(seenWith({ health: healthOf(servers), config: config(), ...more }))]
}
const only = (servers: readonly ServerHealth[], more: Partial<Seen> = {}): OverviewProblem => {
  const all = problems(servers, more)
  expect(all.length).toBe(1)
  return all[0]!
}

test('nothing is said of backends that are well', () => {
  expect(problems([serverWith({ server: 'api-1' })])).toEqual([])
  expect(problems([serverWith({ server: 'api-1', state: 'unchecked', operational: 'unchecked' })])).toEqual(
    [],
  )
})

test('nothing is said before the first checks are over', () => {
  const waiting = {
    healthy: false,
    state: 'starting',
    operational: 'unchecked',
    reason: 'not checked yet',
  } as const
  expect(problems([serverWith({ server: 'api-1', ...waiting })])).toEqual([])
})

test('a backend without a server up is told with what all of its servers say', () => {
  const spanOf = () => ({ sinceMs: minutesAgo(8), lastUpMs: minutesAgo(8) })
  const one = only([downServer('a', 'connect refused'), downServer('b', 'connect refused')], { spanOf })
  expect(one).toMatchObject({
    ...{ id: 'backend:api', state: 'down', severity: 'down', since: '2026-03-01T11:52:00.000Z' },
    title: 'Backend api has no server up',
    cause: 'Both servers refuse connections on port 8443. The last one was up 8 min ago.',
    remedy: 'Start their services, or lead rule shop to another backend.',
    about: { kind: 'backend', name: 'api' },
  })
  expect(one.actions.map(({ kind }) => kind)).toEqual(['check', 'open'])
  expect(one.actions[0]?.servers).toEqual(['a', 'b'])
})

test('one server alone is told of as one, and three as all of them', () => {
  expect(only([downServer('a', 'connect refused')])).toMatchObject({
    cause: 'Its only server refuses connections on port 8443.',
    remedy: 'Start the service of a, or lead rule shop to another backend.',
  })
  const three = ['a', 'b', 'c'].map((name) => downServer(name, 'connect refused'))
  expect(only(three).cause).toBe('All 3 servers refuse connections on port 8443.')
})

test('a port is named only where all that refuse have it', () => {
  const servers = [
    downServer('a', 'connect refused'),
    downServer('b', 'connect refused', { url: 'http://192.0.2.2:81' }),
  ]
  expect(only(servers).cause).toBe('Both servers refuse connections.')
})

test('servers that fail in the same way are said together, others apart, and no more than three ways', () => {
  const servers = [
    downServer('a', 'status 503, wanted 200-399'),
    downServer('b', 'timed out after 2s while waiting for the answer'),
    downServer('c', 'status 503, wanted 200-399'),
    downServer('d', 'connect timed out'),
    downServer('e', 'TLS: certificate has expired'),
    downServer('f', 'body lacks "ok"'),
  ]
  expect(only(servers).cause).toBe(
    'a and c answer their check GET /healthz with 503, where 200-399 is wanted. b fails its check GET /healthz: timed out after 2s while waiting for the answer. d fails its check GET /healthz: connect timed out. Others fail in 2 other ways.',
  )
})

test('what to do follows from what is wrong, and names the rules', () => {
  const remedy = (reason: string, ruled = rules('shop')) =>
    only([downServer('a', reason)], { config: config({}, ruled) }).remedy
  expect(remedy('timed out after 2s while connecting')).toBe(
    'See whether a hangs, or a firewall is between, or lead rule shop to another backend.',
  )
  expect(remedy('status 500, wanted 200-399', rules('x', 'y'))).toBe(
    'Look at what a says of its own state, or lead rules x and y to another backend.',
  )
  expect(remedy('name not resolved: no address', rules('a', 'b', 'c', 'd', 'e'))).toBe(
    'Look at a, or lead rules a, b and 3 more to another backend.',
  )
  expect(remedy('name not resolved: no address', [])).toBe(
    'Look at a, or lead its requests to another backend.',
  )
})

test('a server that a person took for down is told with who did it', () => {
  const orders = [
    { kind: 'health', value: 'down', reason: 'flaky disk', by: 'mira', since: '', until: null },
  ] as const
  expect(only([downServer('a', 'flaky disk (mira)', { orders })]).cause).toBe(
    'Its only server is taken for down, as mira ordered (flaky disk).',
  )
})

test('servers that nobody checks fail requests: they are tried, and the backend is not said to be down', () => {
  const reason = 'connect_refused, 12 in a row, the last 3 s ago'
  const failing = { reason, healthy: false, state: 'unchecked', operational: 'unchecked' } as const
  // It counted as usable for as long as nobody had tried it.
  const spanOf = () => ({ sinceMs: minutesAgo(1), lastUpMs: minutesAgo(1) })
  expect(only([serverWith({ server: 'a', ...failing })], { spanOf })).toMatchObject({
    ...{ state: 'failing', severity: 'down', title: 'Backend api fails all requests' },
    cause: 'Its only server refuses connections on port 8443.',
  })
  const other = { ...failing, reason: 'response_timeout, 2 in a row, the last 3 s ago' }
  expect(only([serverWith({ server: 'a', ...other })]).cause).toStartWith(
    'Its only server failed its last 2 requests (response_timeout: ',
  )
})

test('one server down among others is told of as that server, with what the others bear', () => {
  const spanOf = (_: string, server?: string) => ({
    sinceMs: server === 'api-2' ? minutesAgo(14) : null,
    lastUpMs: null,
  })
  const up = ['api-1', 'api-3'].map((server) => serverWith({ server, active_connections: 41 }))
  const one = only([...up, downServer('api-2', 'connect refused')], { spanOf })
  expect(one).toMatchObject({
    ...{ id: 'server:api/api-2', state: 'down', severity: 'warn', since: '2026-03-01T11:46:00.000Z' },
    title: 'Server api-2 of backend api is down',
    cause: 'api-2 refuses connections on port 8443. The two left stand at 41 % of their limits.',
    remedy: 'Start the service of api-2; until then the others take its requests.',
    about: { kind: 'server', name: 'api-2', backend: 'api' },
  })
  const alone = only([
    serverWith({ server: 'api-1', active_connections: 7 }),
    downServer('api-2', 'connect refused'),
  ])
  expect(alone.cause).toEndWith('The one left stands at 7 % of its limit.')
  expect(alone.remedy).toBe('Start the service of api-2; until then the other one takes its requests.')
})

test('several down among others are a backend that is not whole, and those taken out of use are named', () => {
  const order = (value: 'drain' | 'maintenance', by: string, reason: string | null) =>
    [{ kind: 'admin', value, reason, by, since: '', until: null }] as const
  const out = { healthy: false, reason: null } as const
  const one = only([
    serverWith({ server: 'api-1' }),
    downServer('api-2', 'connect refused'),
    serverWith({
      server: 'api-3',
      ...out,
      state: 'draining',
      admin: 'drain',
      orders: order('drain', 'mira', null),
    }),
    downServer('api-4', 'connect refused'),
    serverWith({
      server: 'api-5',
      ...out,
      state: 'maintenance',
      admin: 'maintenance',
      orders: order('maintenance', 'jonas', 'disk swap'),
    }),
  ])
  expect(one).toMatchObject({
    ...{
      id: 'backend:api',
      state: 'degraded',
      severity: 'warn',
      title: 'Backend api runs on 1 of 5 servers',
    },
    cause:
      'api-2 and api-4 refuse connections on port 8443. api-3 drains for mira and api-5 is in maintenance by jonas (disk swap). The one left stands at 0 % of its limit.',
  })
})

test('servers out of use that nobody else misses are no problem; all of them are', () => {
  const orders = [
    { kind: 'admin', value: 'maintenance', reason: null, by: 'jonas', since: '', until: null },
  ] as const
  const out = (server: string) =>
    serverWith({ server, healthy: false, state: 'maintenance', admin: 'maintenance', orders })
  expect(problems([serverWith({ server: 'a' }), out('b')])).toEqual([])
  expect(only([out('a'), out('b')])).toMatchObject({
    ...{ state: 'down', severity: 'down', title: 'Backend api has no server in use' },
    cause: 'a and b are in maintenance by jonas.',
    remedy: 'Take one of them into use again.',
  })
  expect(only([out('a')]).actions[0]).toMatchObject({ kind: 'ready', servers: ['a'] })
})

test('a server whose checks pass and whose requests fail is told of, and its requests are offered', () => {
  const reason = 'server_closed, 3 in a row, the last 1 s ago'
  const one = only([serverWith({ server: 'api-1' }), serverWith({ server: 'api-2', reason })])
  expect(one).toMatchObject({
    state: 'failing',
    severity: 'warn',
    title: 'Requests to api-2 of backend api fail',
  })
  expect(one.actions.at(-1)).toMatchObject({ kind: 'requests', backend: 'api', servers: ['api-2'] })
})

test('of a server that fails and is used all the same nobody says that the others take all requests', () => {
  const servers = ['a', 'b', 'c'].map((server) => serverWith({ server }))
  const reason = 'server_closed, 119 in a row, the last 0 s ago'
  const one = only([...servers.slice(0, 2), serverWith({ server: 'c', reason })])
  expect(one.cause).toEndWith('. The two left of three answer what comes to them.')
  expect(one.remedy).toBe('Look at c.')
  const unchecked = { state: 'unchecked', operational: 'unchecked', healthy: false } as const
  expect(only([...servers.slice(0, 2), serverWith({ server: 'c', reason, ...unchecked })]).cause).toEndWith(
    '. The two left of three answer what comes to them.',
  )
  expect(only([...servers.slice(0, 2), downServer('c', 'connect refused')]).cause).toEndWith(
    'The two left of three take all requests.',
  )
})

test('who would be out but for max_out is named as long as others are out', () => {
  const events = [
    { event: 'circuit_held', atMs: NOW_MS - 60_000, fields: { backend: 'api', server: 'b', max_out: 0.5 } },
    { event: 'circuit_held', atMs: NOW_MS - 60_000, fields: { backend: 'other', server: 'c' } },
    { event: 'passive_held', atMs: minutesAgo(9), fields: { backend: 'api', server: 'c' } },
  ]
  const spanOf = () => ({ sinceMs: NOW_MS - 60_500, lastUpMs: NOW_MS - 60_500 })
  const seen = { events, spanOf, config: config({ circuit_breaker: { max_out: 0.4 } }) }
  const servers = [broken('a', 'Open'), serverWith({ server: 'b' }), serverWith({ server: 'c' })]
  expect(only(servers, seen).cause).toBe(
    'a is left alone by its breaker (57 of 100 failed). b fails as well, and is used all the same: no more may be out at once (max_out 0.4). The one left of three answers what comes to it.',
  )
  // Who is kept in use fails requests of the other as its own.
  expect(only(servers, seen).remedy).not.toContain('until then')
  const well = ['a', 'b', 'c'].map((server) => serverWith({ server }))
  expect(problems(well, seen)).toEqual([])
})

test('servers that are used although they are down are no outage', () => {
  const panic = ['a', 'b'].map((server) => downServer(server, 'status 503, wanted 200-399', { panic: true }))
  const seen = { config: config({ panic_threshold: 0.4 }) }
  expect(only(panic, seen)).toMatchObject({
    ...{ id: 'backend:api', state: 'panic', severity: 'warn' },
    title: 'Backend api uses servers that are down',
    cause:
      'Both servers answer their check GET /healthz with 503, where 200-399 is wanted. Fewer are up than its panic_threshold (0.4) asks, so all of them get requests.',
  })
  expect(only([...panic, serverWith({ server: 'c' })], seen).state).toBe('panic')
})

test('far more 5xx than in the hour before are told; as many as ever, few, or without a past are not', () => {
  const up = [serverWith({ server: 'api-1' })]
  const rates = (lately: [number, number], before: [number, number]) => {
    const rate = ([requests, errors]: [number, number]) => ({ requests, errors })
    return {
      rates: new Map([['api', { lately: rate(lately), before: rate(before), sinceMs: minutesAgo(3) }]]),
    }
  }
  expect(only(up, rates([1630, 52], [20_000, 16]))).toMatchObject({
    ...{
      id: 'errors:api',
      state: 'failing',
      severity: 'warn',
      since: new Date(NOW_MS - 180_000).toISOString(),
    },
    title: 'Backend api answers 3.2 % of requests with 5xx',
    cause: '52 of 1,630 requests in the last 5 minutes; in the hour before it was 0.08 %.',
  })
  expect(only(up, rates([100, 50], [100, 0])).cause).toEndWith('; in the hour before it was none.')
  expect(problems(up, rates([1000, 50], [10_000, 400]))).toEqual([])
  expect(problems(up, rates([1000, 4], [10_000, 0]))).toEqual([])
  expect(problems(up, rates([1000, 500], [10, 0]))).toEqual([])
  expect(only([downServer('a', 'connect refused')], rates([100, 100], [100, 0])).id).toBe('backend:api')
})

/** Its breaker does not let everybody through. */
const broken = (server: string, is: 'Open' | 'HalfOpen', figures = '57 of 100 failed'): ServerHealth =>
  serverWith({
    server,
    circuit_state: is,
    healthy: is !== 'Open',
    reason: `circuit ${is === 'Open' ? 'open' : 'half-open'}: ${figures}`,
  })

test('a breaker that is open is told with its figures, and that it tries again by itself', () => {
  const one = only([serverWith({ server: 'api-1' }), broken('api-2', 'Open')])
  expect(one).toMatchObject({
    ...{ id: 'server:api/api-2', state: 'open', severity: 'warn' },
    title: 'The breaker of api-2 of backend api is open',
    remedy:
      'See which of its requests fail: its breaker tries it again by itself, or at once by `sluice server api-2 circuit reset`; until then the other one takes its requests.',
  })
  expect(one.cause).toStartWith('api-2 is left alone by its breaker (57 of 100 failed).')
  expect(one.actions.map(({ kind }) => kind)).toEqual(['requests', 'open'])
  expect(only([serverWith({ server: 'api-1' }), broken('api-2', 'HalfOpen')])).toMatchObject({
    ...{ state: 'half_open', title: 'Server api-2 of backend api is tried again' },
    cause:
      'api-2 is tried again by a few requests, as its breaker is half-open (57 of 100 failed). The one left stands at 0 % of its limit.',
  })
})

test('where all breakers are open the backend is down, also where nobody checks its servers', () => {
  const unchecked = { state: 'unchecked', operational: 'unchecked' } as const
  const all = [broken('a', 'Open'), { ...broken('b', 'Open', '6 failed in a row'), ...unchecked }]
  expect(only(all, { spanOf: () => ({ sinceMs: null, lastUpMs: null }) })).toMatchObject({
    ...{ id: 'backend:api', state: 'down', severity: 'down' },
    title: 'Backend api has its breakers open, and refuses requests',
    cause: 'Both servers are left alone by their breakers.',
    remedy:
      'See which requests fail: the breakers try their servers again by themselves, or at once by `sluice server SERVER circuit reset`, or lead rule shop to another backend.',
  })
})

test('a breaker that only watches is no problem', () => {
  expect(problems([serverWith({ server: 'api-1', circuit_state: 'Open' })])).toEqual([])
})

test('a server that is this gateway itself is told as a loop, that of its dashboard is not', () => {
  const looping = configWith({
    listeners: { web: { bind: '127.0.0.1:8080' } },
    admin: { bind: '127.0.0.1:9090' },
    backends: {
      app: { servers: [{ url: 'http://10.0.0.1' }, { name: 'self', url: 'http://localhost:8080' }] },
      board: { dashboard: true, servers: [{ url: 'http://127.0.0.1:9090' }] },
    },
    rules: [{ name: 'all', backend: 'app' }],
  })
  expect(problems([], { config: looping })).toMatchObject([
    {
      ...{ id: 'loop:app/self', state: 'failing', severity: 'warn' },
      title: 'Server self of backend app is this gateway itself',
      cause:
        'Listener web is at 127.0.0.1:8080. A request that comes round to the gateway is refused with 508.',
      about: { kind: 'server', name: 'self', backend: 'app' },
    },
  ])
})

test('where all requests are answered with 5xx, nobody needs a past to compare with', () => {
  const of = (requests: number, errors: number) =>
    problems([serverWith({ server: 'a' })], {
      rates: new Map([
        ['api', { lately: { requests, errors }, before: { requests: 0, errors: 0 }, sinceMs: NOW_MS }],
      ]),
    })
  expect(of(12, 12)).toMatchObject([
    {
      title: 'Backend api answers all requests with 5xx',
      cause: '12 of 12 requests in the last 5 minutes.',
    },
  ])
  expect(of(12, 11)).toEqual([])
  expect(of(4, 4)).toEqual([])
})
