import { describe, expect, test } from 'bun:test'
import type { BackendConfig } from '../../../server/backends/backend.options.ts'
import type { Config } from '../../../server/config/schema.ts'
import { RequestHead } from '../../../server/head/request-head.ts'
import type { HttpListenerConfig } from '../../../server/http/listener.options.ts'
import type { RuleConfig } from '../../../server/rules/rule.options.ts'
import { privateRegion } from '../../../server/scoreboard/region.ts'
import { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import { ANYBODY } from '../../../server/rules/asked.ts'
import { toldOf } from '../../../server/rules/told.ts'
import { compile, compileSteps } from '../../../server/snapshot/compile.ts'
import { RETRY } from '../backends/backends.ts'
import { CompileProblem } from '../../../server/snapshot/compile-problem.ts'
import { httpListener } from '../../support/listeners.ts'
import type { Snapshot } from '../../../server/snapshot/snapshot.ts'
import type { BackendSlots } from '../../../server/scoreboard/slot.ts'
import type { Plan } from '../../../server/snapshot/plan.ts'

type Http = Extract<HttpListenerConfig, { protocol: 'http' }>
const listener = (more: Partial<Http> = {}): Http => ({
  bind: ['127.0.0.1:0'],
  protocol: 'http',
  steer: 'off',
  trusted_proxies: [],
  client_from: 'x_forwarded_for',
  status_endpoints: {},
  forwarded: 'x-forwarded',
  underscore_fields: 'drop',
  half_close: 'abort',
  timeouts: { head: 10_000, idle: 30_000, keep_alive: 75_000, tunnel: 3_600_000, step: 30_000 },
  limits: {
    head: 16_384,
    fields: 100,
    target: 8192,
    body: 10_485_760,
    rate_min: 240,
    connections: 16_384,
    requests: 10_000,
  },
  ...more,
})

const backend = (...urls: string[]): BackendConfig => ({
  algorithm: 'round_robin',
  servers: urls.map((url) => ({ url, weight: 1, max_connections: 1024, backup: false })),
  panic_threshold: 0,
  retry: RETRY,
  queue: { size: 10, timeout: 5000 },
  timeouts: { connect: 5000, response: 60_000, idle: 30_000, stream: 600_000, rate_min: 240 },
  answers: 'strict',
  dashboard: false,
  keep_alive: { idle: 4000, connections: 1024 },
})

const rule = (
  name: string,
  more: Omit<Partial<RuleConfig>, 'match'> & { match?: Partial<RuleConfig['match']> },
): RuleConfig => ({
  name,
  middleware: [],
  ...more,
  match: {
    listener: [],
    host: [],
    path: [],
    method: [],
    header: {},
    query: {},
    cookie: {},
    claims: {},
    client: [],
    country: [],
    continent: [],
    asn: [],
    all: [],
    any: [],
    server_name: [],
    alpn: [],
    ...more.match,
  },
})

const config = (more: Partial<Config>): Config => ({
  listeners: { web: listener() },
  certificates: {},
  rules: [],
  tests: [],
  plugins: {},
  backends: { api: backend('http://127.0.0.1:1') },
  sockets: 'auto',
  data: './data',
  drain: 30_000,
  auth: { jwt: {}, oidc: {} },
  cache: { memory: 2 ** 27 },
  overload: { mode: 'enforce', most: 0.95 },
  limits: {
    buffers: 2 ** 28,
    compress: 2 ** 26,
    concurrency: 2 ** 21,
    rate_limits: 2 ** 23,
    subrequests: 1000,
  },
  admin: { bind: '127.0.0.1:9090', trusted: ['10.0.0.0/8'], hosts: [], plain_http: false },
  metrics: { prefix: 'lb' },
  resolver: { servers: [], timeout: 2000, ttl_min: 1000, ttl_max: 300_000 },
  logs: {
    level: 'info',
    format: 'json',
    access: { enabled: true },
    audit: true,
    inspector: { requests: 0, bytes: 0 },
  },
  ...more,
})

/** A plan with slots for each backend and server, one after another. */
function planOf(words: Partial<Config>, number = 1): Plan {
  const whole = config(words)
  let index = 1
  const slots: Record<string, BackendSlots> = {}
  for (const [name, options] of Object.entries(whole.backends)) {
    const slot = { index: index++, generation: 1 }
    const servers = Object.fromEntries(
      options.servers.map((server) => [server.name ?? server.url, { index: index++, generation: 1 }]),
    )
    slots[name] = { slot, servers }
  }
  return {
    number,
    config: whole,
    slots,
    records: index,
    sockets: [],
    reasons: {},
    door: null,
    certificates: {},
    challenges: {},
  }
}

function boardOf(plan: Plan): Scoreboard {
  const { bytes, rows } = privateRegion(plan.records, 1)
  return new Scoreboard(bytes, rows, 0)
}

const build = (words: Partial<Config>): Snapshot => {
  const plan = planOf(words)
  return compile({ plan, board: boardOf(plan), previous: null })
}

function requestOf(path: string, host = 'example.org'): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  expect(head.scan(bytes, 0, bytes.length, { headBytes: 4096, targetBytes: 1000, fields: 20 })).toBe(
    bytes.length,
  )
  return head
}

function find(snapshot: Snapshot, path: string, on = 'web') {
  const found = httpListener(snapshot, on).match(requestOf(path))
  return found === 'ambiguous' ? found : (found?.name ?? null)
}

function problemOf(words: Partial<Config>): string {
  try {
    build(words)
  } catch (error) {
    if (error instanceof CompileProblem) return error.path
    throw error
  }
  return 'none'
}

describe('compile', () => {
  test('makes listeners, backends and rules that work together', () => {
    const snapshot = build({
      listeners: { web: listener({ trusted_proxies: ['192.0.2.0/24'] }), inner: listener() },
      rules: [
        rule('no', { match: { path: ['/admin/*'] }, respond: { status: 403, body: 'no', headers: {} } }),
        rule('moved', { match: { path: ['/old*'] }, redirect: { to: 'https://{host}{path}', status: 301 } }),
        rule('inner-only', { match: { listener: ['inner'] }, backend: 'api' }),
        rule('all', { backend: 'api' }),
      ],
    })
    expect(snapshot.number).toBe(1)
    expect(['/admin/x', '/old/x', '/x', '/%61dmin/x'].map((path) => find(snapshot, path))).toEqual([
      'no',
      'moved',
      'all',
      'ambiguous',
    ])
    expect(find(snapshot, '/x', 'inner')).toBe('inner-only')
    const web = httpListener(snapshot)
    expect([web.trusted.has('192.0.2.9'), web.trusted.has('10.0.0.1'), web.admin.has('10.0.0.1')]).toEqual([
      true,
      false,
      true,
    ])
    const to = (path: string) => {
      const found = web.match(requestOf(path))
      return found === null || found === 'ambiguous' ? found : found.to
    }
    expect(to('/admin/x')).toMatchObject({ is: 'respond', respond: { status: 403 } })
    const moved = to('/old/x')
    expect(
      moved !== null &&
        moved !== 'ambiguous' &&
        moved.is === 'redirect' &&
        moved.redirect.location(
          toldOf({ request: requestOf('/old/x'), by: ANYBODY, listener: 'web', rule: null }),
        ),
    ).toBe('https://example.org/old/x')
    expect(to('/x')).toEqual({
      is: 'backend',
      backend: snapshot.backends.get('api')!,
      timing: { server: null, client: null, attemptMs: 0, totalMs: -1 },
    })
  })

  test('a listener with a backend and no rules has one rule for all, numbered behind the list', () => {
    const snapshot = build({
      listeners: { a: listener({ backend: 'api' }), b: listener({ backend: 'other' }), web: listener() },
      backends: { api: backend('http://127.0.0.1:1'), other: backend('http://127.0.0.1:2') },
      rules: [rule('web-only', { match: { listener: ['web'] }, backend: 'api' })],
    })
    const found = ['a', 'b', 'web'].map((name) => httpListener(snapshot, name).match(requestOf('/x')))
    expect(found.map((one) => one !== null && one !== 'ambiguous' && [one.name, one.index])).toEqual([
      ['default', 1],
      ['default', 2],
      ['web-only', 0],
    ])
    expect(found[1]).toMatchObject({ to: { is: 'backend' } })
    expect(
      found[1] !== null &&
        found[1] !== 'ambiguous' &&
        found[1]?.to.is === 'backend' &&
        found[1].to.backend.name,
    ).toBe('other')
  })

  test('a listener without either matches nothing', () => {
    expect(find(build({}), '/')).toBeNull()
  })

  test('splits the steps of a rule by what they do, in order', () => {
    const none = { set: {}, add: {}, remove: [], rename: {} }
    const snapshot = build({
      rules: [
        rule('steps', {
          backend: 'api',
          middleware: [
            { headers: { request: none, response: { ...none, remove: ['a'] } } },
            { ip: { mode: 'enforce', allow: [], deny: ['192.0.2.1'] } },
            { headers: { request: { ...none, remove: ['b'] }, response: { ...none, remove: ['b'] } } },
            { body_limit: { mode: 'enforce', size: 5 } },
          ],
        }),
      ],
    })
    expect(httpListener(snapshot).match(requestOf('/'))).toMatchObject({
      requestSteps: [1, 2, 3],
      responseSteps: [0, 2],
      endSteps: [],
      hasNotes: false,
    })
  })

  test('servers that stay keep what was learned of them; reasons of the plan are known', () => {
    const words = { backends: { api: backend('http://127.0.0.1:1', 'http://127.0.0.1:2') } }
    const plan = { ...planOf(words), reasons: { api: { 'http://127.0.0.1:2': 'connect refused' } } }
    const board = boardOf(plan)
    const first = compile({ plan, board, previous: null })
    const second = compile({ plan: { ...plan, number: 2 }, board, previous: first })
    const liveOf = (snapshot: Snapshot) => snapshot.backends.get('api')!.servers.map((server) => server.live)
    expect(liveOf(second)[0]).toBe(liveOf(first)[0]!)
    expect(liveOf(second)[1]).toBe(liveOf(first)[1]!)
    expect(second.backends.get('api')!.reasons.get('http://127.0.0.1:2')).toBe('connect refused')
    // Its slot went to another use: nothing is carried over.
    const slots = {
      api: {
        ...plan.slots['api']!,
        servers: { ...plan.slots['api']!.servers, 'http://127.0.0.1:1': { index: 2, generation: 2 } },
      },
    }
    const third = compile({ plan: { ...plan, slots, number: 3 }, board, previous: second })
    expect(liveOf(third)[0]).not.toBe(liveOf(first)[0]!)
    expect(liveOf(third)[1]).toBe(liveOf(first)[1]!)
  })

  test('admin: false trusts loopback alone', () => {
    expect(httpListener(build({ admin: false })).admin.empty).toBe(true)
  })

  test.each<[string, Partial<Config>]>([
    ['rules.0.backend', { rules: [rule('a', { backend: 'none' })] }],
    ['rules.1', { rules: [rule('a', { backend: 'api' }), rule('b', {})] }],
    ['rules.0.match', { rules: [rule('a', { backend: 'api', match: { path: ['/a/*/b'] } })] }],
    ['rules.0.match', { rules: [rule('a', { backend: 'api', match: { host: ['*'] } })] }],
    ['rules.0.redirect.to', { rules: [rule('a', { redirect: { to: '/{x}', status: 301 } })] }],
    [
      'rules.0.middleware.1',
      {
        rules: [
          rule('a', {
            backend: 'api',
            middleware: [
              { body_limit: { mode: 'enforce', size: 1 } },
              { ip: { mode: 'enforce', allow: ['x'], deny: [] } },
            ],
          }),
        ],
      },
    ],
    ['listeners.web.backend', { listeners: { web: listener({ backend: 'none' }) } }],
    ['listeners.web.trusted_proxies', { listeners: { web: listener({ trusted_proxies: ['1.2.3'] }) } }],
    ['admin.trusted', { admin: { bind: '127.0.0.1:0', trusted: ['x'], hosts: [], plain_http: false } }],
    [
      'resolver.servers.1',
      { resolver: { servers: ['[::1]:53', 'dns.example:53'], timeout: 1, ttl_min: 1, ttl_max: 1 } },
    ],
  ])('a problem is named by its path: %s', (path, words) => {
    expect(problemOf(words)).toBe(path)
  })

  test('a backend without slots is a problem', () => {
    const plan = { ...planOf({}), slots: {} }
    expect(() => compile({ plan, board: boardOf(plan), previous: null })).toThrow(
      'backends.api: the plan has no slots for it',
    )
  })

  test('of 1,000 rules each is found', () => {
    const rules = Array.from({ length: 1000 }, (_, i) =>
      rule(`r${i}`, {
        match: { host: [`h${i % 50}.example.org`], path: [`/service-${i}/*`] },
        middleware: [
          { body_limit: { mode: 'enforce', size: i } },
          { ip: { mode: 'enforce', allow: ['10.0.0.0/8'], deny: [] } },
        ],
        backend: 'api',
      }),
    )
    const plan = planOf({ rules })
    const board = boardOf(plan)
    const snapshot = compile({ plan, board, previous: null })
    const match = httpListener(snapshot).match(requestOf('/service-777/x', 'h27.example.org'))
    expect(match).toMatchObject({ name: 'r777', index: 777 })
  })
})

test('ten thousand rules are compiled in steps that are short beside the whole', () => {
  const rules: RuleConfig[] = Array.from({ length: 10_000 }, (_, i) => ({
    name: `r${i}`,
    match: {
      listener: [],
      host: i % 2 === 0 ? [] : [`h${i % 100}.example`],
      path: [`/p${i}/*`],
      method: [],
      header: {},
      query: {},
      cookie: {},
      claims: {},
      client: [],
      country: [],
      continent: [],
      asn: [],
      all: [],
      any: [],
      server_name: [],
      alpn: [],
    },
    middleware: [],
    respond: { status: 200, body: '', headers: {} },
  }))
  const plan = planOf({ rules })
  const steps = compileSteps({ plan, board: boardOf(plan), previous: null })
  let count = 0
  while (!steps.next().done) count++
  // Reading, filing and indexing each pause every few dozen rules.
  expect(count).toBeGreaterThan(600)
})
