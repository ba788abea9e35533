// What is told of a request must be what would become of it: compared with a compiled snapshot on configs and
// requests of chance, and read on ones that are written out.
import { expect, test } from 'bun:test'
import { loadConfig } from '../../../../server/config/load.ts'
import type { Config } from '../../../../server/config/schema.ts'
import { type AskedRequest, readRequest, urlParts } from '../../../../server/control/explain/asked-request.ts'
import { explain } from '../../../../server/control/explain/explain.ts'
import type { Explained, Ground } from '../../../../server/control/explain/explained.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { UNBELIEVED } from '../../../../server/http/client.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import { ADMIN_DRAIN, packOrder, STATE_DOWN, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { compile } from '../../../../server/snapshot/compile.ts'
import type { Listener } from '../../../../server/snapshot/snapshot.ts'
import { type Random, seededRandom, seedOfRun } from '../../../support/random.ts'

function configOf(words: object): Config {
  const bytes = new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile: () => bytes })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems.map(({ message }) => message)))
  return loaded.config
}

const ask = (url: string, more: Partial<AskedRequest> = {}): AskedRequest => ({
  ...{ method: 'GET', url, headers: [], client: null, listener: null },
  ...more,
})

function told(ground: Ground, asked: AskedRequest, candidates?: number): Explained {
  const explained = atOnce(explain(asked, ground, candidates))
  if ('problem' in explained) throw new Error(explained.problem)
  return explained
}

const LIVE = scoreboardOn(privateRegion(100, 1), 0)

function liveListener(config: Config, name: string): Listener {
  const { states } = offlineGround(config)
  const plan = {
    ...{ number: 1, config, slots: states.slots, records: 100, sockets: [], reasons: {}, door: null },
    ...{ certificates: {}, challenges: {} },
  }
  const snapshot = compile({ plan, board: LIVE, previous: null })
  return snapshot.listeners.get(name) as Listener
}

const HOSTS = ['a.test', 'b.test', '*.test', '*.a.test', 'x.a.test']
const PATHS = ['/', '/a', '/a/*', '/a*', '/a/b', '/a/b/*', '/admin/*', '/%41%2F*', '/a;b', '/a//b']
const ASKED_HOSTS = ['a.test', 'b.test', 'x.a.test', 'y.x.a.test', 'other', 'A.TEST:80', '']
const ASKED_PATHS = [
  ...['/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/admin/x', '/a/../admin/x', '/a%2Fb', '/%61', '/a//b'],
  ...['/a;b', '/a/%2e%2e/admin/', '/%zz', '/a\\b', '/a/./b', '//a', '/A%2fx'],
]
const METHODS = ['GET', 'POST', 'BREW']
const FIELDS = ['X-A', 'X-B', 'Accept']
const VALUES = ['1', '2', '*']

const some = <T>(random: Random, list: readonly T[]): T[] => list.filter(() => random.next() < 0.25)
/** A part of a match; left out as often as not, as an empty list is none. */
function part<T>(random: Random, name: string, list: readonly T[]): Record<string, T[]> {
  const chosen = random.next() < 0.5 ? [] : some(random, list)
  return chosen.length === 0 ? {} : { [name]: chosen }
}

function randomConfig(random: Random): Config {
  const rules = Array.from({ length: random.below(12) }, (_, index) => ({
    name: `r${index}`,
    match: {
      listener: random.below(4) === 0 ? [random.pick(['web', 'two'])] : undefined,
      ...part(random, 'host', HOSTS),
      ...part(random, 'path', PATHS),
      ...part(random, 'method', METHODS),
      header: Object.fromEntries(some(random, FIELDS).map((name) => [name, random.pick(VALUES)])),
      ...(random.below(4) === 0 && { query: { q: random.pick([{ min: 2 }, '1', { present: false }]) } }),
      ...(random.below(4) === 0 && { client: random.pick(['10.0.0.0/8', '127.0.0.1']) }),
      ...(random.below(4) === 0 && {
        any: [{ path: '/u/{id}' }, { query: { q: '1' } }, { path: { regex: 'b$' } }],
      }),
      ...(random.below(4) === 0 && {
        not: random.pick([{ query: { q: '2' } }, { method: 'GET' }, { path: '/u/*' }]),
      }),
    },
    respond: { status: 200 + index },
    ...(random.below(4) === 0 && { weight: 30, weight_by: random.pick(['header X-A', 'random']) }),
  }))
  // One without rules has a backend, and one with rules none.
  const isRuled = (name: string): boolean =>
    rules.some(({ match: { listener } }) => listener === undefined || listener.includes(name))
  const listener = (name: string, port: number): object => ({
    ...{ bind: `127.0.0.1:${port}`, protocol: 'http', ...(!isRuled(name) && { backend: 'b' }) },
  })
  return configOf({
    listeners: { web: listener('web', 8080), two: listener('two', 8081) },
    ...(rules.length > 0 && { rules }),
    backends: { b: { servers: [{ url: 'http://127.0.0.1:1' }] } },
  })
}

function randomRequest(random: Random): AskedRequest {
  const headers = FIELDS.flatMap((name) =>
    Array.from(
      { length: random.below(8) === 0 ? 2 : random.below(2) },
      () => [name, random.pick(['1', '2'])] as const,
    ),
  )
  const path = random.below(4) === 0 ? '/u/7' : random.pick(ASKED_PATHS)
  const query = random.pick(['', '', '?q=1', '?q=2', '?q=1&q=2'])
  return ask(`http://${random.pick(ASKED_HOSTS)}${path}${query}`, {
    method: random.pick(METHODS),
    headers,
    client: random.pick(['10.0.0.1', null]),
    listener: random.pick(['web', 'two']),
  })
}

test('the rule that is told is the one that serves, and none before it matches, on configs of chance', () => {
  const random = seededRandom(seedOfRun())
  const seen = new Set<string>()
  for (let round = 0; round < 60; round++) {
    const config = randomConfig(random)
    const ground = offlineGround(config)
    for (let one = 0; one < 20; one++) {
      const asked = randomRequest(random)
      const listener = liveListener1(config, asked.listener ?? '')
      const explained = told(ground, asked, 1000)
      const { request, fault } = readRequest(asked, urlParts(asked.url), {
        headBytes: 65_536,
        targetBytes: 8192,
        fields: 100,
      })
      request.fields.hidden |= UNBELIEVED
      const context = `seed ${random.seed}: ${JSON.stringify([asked, config.rules])}`
      if (fault !== null) {
        expect([context, explained.fault]).toEqual([context, fault])
        continue
      }
      const by = {
        address: asked.client ?? '127.0.0.1',
        scheme: 'http',
        tls: null,
        shares: () => true,
      } as const
      const live = listener.match(request, by)
      const name = live === null ? 'no_rule' : live === 'ambiguous' ? 'match_ambiguous' : live.name
      seen.add(name === 'no_rule' || name === 'match_ambiguous' ? name : 'rule')
      expect([context, explained.rule?.name ?? explained.fault]).toEqual([context, name])
      const { candidates = [] } = explained.trace ?? {}
      // Each rule alone, compiled as the whole: the trace names what keeps it away, or that it is unclear.
      for (const { rule, matches, unmet } of candidates)
        if (live !== 'ambiguous') expect([context, rule, matches]).toEqual([context, rule, rule === name])
        else expect(matches).toBe(unmet.length === 0)
    }
  }
  expect([...seen].toSorted()).toEqual(['match_ambiguous', 'no_rule', 'rule'])
})

const compiled = new WeakMap<Config, Map<string, Listener>>()
function liveListener1(config: Config, name: string): Listener {
  const known = compiled.get(config) ?? new Map<string, Listener>()
  compiled.set(config, known)
  const listener = known.get(name) ?? liveListener(config, name)
  known.set(name, listener)
  return listener
}

const SITE = configOf({
  listeners: {
    web: { bind: '127.0.0.1:80', protocol: 'http', redirect_https: true },
    inner: { bind: '127.0.0.1:8080', protocol: 'http', limits: { target: 100 } },
  },
  rules: [
    {
      name: 'admin',
      match: { host: 'a.test', path: '/admin/*', header: { 'X-Token': 'k3y', 'X-Kind': 'a' } },
      middleware: [{ ip: { deny: ['192.0.2.0/24'] } }, { compress: {} }],
      backend: 'api',
    },
    { name: 'old', match: { path: '/old/*' }, redirect: { to: 'https://b.test{path}', status: 301 } },
    {
      name: 'shadowed',
      match: { path: '/shadow' },
      middleware: [
        { ip: { allow: ['10.0.0.0/8'], mode: 'shadow' } },
        { rate_limit: { requests: 1, mode: 'off' } },
      ],
      respond: { status: 204 },
    },
    {
      name: 'upload',
      match: { method: 'POST' },
      middleware: [{ body_limit: { size: '1KiB' } }],
      backend: 'api',
    },
  ],
  backends: {
    api: {
      algorithm: 'hash',
      hash: { by: 'cookie', name: 'sid' },
      servers: [
        { name: 'one', url: 'http://127.0.0.1:1' },
        { name: 'two', url: 'http://127.0.0.1:2', max_connections: 1 },
        { name: 'three', url: 'http://127.0.0.1:3', weight: 0 },
        { name: 'four', url: 'http://127.0.0.1:4', backup: true },
      ],
    },
  },
})
const ADMIN = ask('http://a.test:8080/admin/x', {
  headers: [
    ['X-Token', 'k3y'],
    ['X-Kind', 'a'],
  ],
})

test('what of a rule does not hold is named, and secrets of either side are not', () => {
  const explained = told(
    offlineGround(SITE),
    ask('http://a.test:8080/b', { headers: [['X-Token', 'guess']] }),
  )
  expect(explained).toMatchObject({
    outcome: 'no_rule',
    status: 404,
    listener: { name: 'inner', why: 'it is at port 8080' },
  })
  expect(explained.trace?.candidates[0]).toMatchObject({
    rule: 'admin',
    place: 0,
    matches: false,
    unmet: [
      { part: 'path', wanted: ['/admin/*'], found: '/b' },
      { part: 'header', name: 'X-Token', wanted: ['(a secret, hidden)'], found: '(a secret, hidden)' },
      { part: 'header', name: 'X-Kind', wanted: ['a'], found: null },
    ],
  })
  expect(JSON.stringify(explained)).not.toMatch(/k3y|guess/)
})

test('servers that get no work say why: by states, orders, weight, room, and as backups', () => {
  const ground = offlineGround(SITE)
  const { board, slots } = ground.states
  const slotOf = (server: string): number => slots['api']?.servers[server]?.index ?? -1
  board.enter(slotOf('two'), 1)
  const whyOf = (): unknown =>
    Object.fromEntries(told(ground, ADMIN).backend?.servers.map(({ server, why }) => [server, why]) ?? [])
  expect(whyOf()).toEqual({
    one: null,
    two: 'full: 1 of 1 in flight',
    three: 'weight 0',
    four: 'a backup: it stands by while others are up',
  })
  board.setState(slotOf('two'), STATE_DOWN)
  board.setOrder(slotOf('one'), packOrder(ADMIN_DRAIN, null))
  const states = { ...ground.states, reasonOf: (_: string, server: string) => `reason of ${server}` }
  const explained = told({ ...ground, states }, ADMIN)
  expect(explained.backend?.servers.map(({ server, why, gets_work }) => [server, gets_work, why])).toEqual([
    ['one', false, 'draining: reason of one'],
    ['two', false, 'down: reason of two'],
    ['three', false, 'weight 0: reason of three'],
    ['four', true, null],
  ])
  board.setState(slotOf('four'), STATE_DOWN)
  expect(told({ ...ground, states }, ADMIN)).toMatchObject({
    outcome: 'backend',
    status: 503,
    fault: 'no_server',
  })
})

test('a hash leads to the server that workers pick', () => {
  const ground = offlineGround(SITE)
  const asked = (sid: string): AskedRequest => ({
    ...ADMIN,
    headers: [...ADMIN.headers, ['Cookie', `sid=${sid}`]],
  })
  const live = liveListener(SITE, 'inner')
  const led = new Set<string | null | undefined>()
  for (const sid of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    const { request } = readRequest(asked(sid), urlParts(ADMIN.url), {
      headBytes: 9999,
      targetBytes: 99,
      fields: 99,
    })
    const rule = live.match(request)
    if (rule === null || rule === 'ambiguous' || rule.to.is !== 'backend') throw new Error('no backend')
    const { backend } = rule.to
    for (const { slot } of backend.servers) LIVE.setState(slot, STATE_UP)
    LIVE.bumpEpoch(backend.slot)
    const picked = backend.pick(backend.key(request, '127.0.0.1'), null)
    const to = told(ground, asked(sid)).backend?.hashed_to
    expect([sid, to]).toEqual([sid, picked?.name])
    if (picked !== null) backend.release(picked, { is: 'answered' })
    led.add(to)
  }
  expect(led.size).toBe(2)
})

test('what middleware sets is what the backend hashes by', () => {
  const set = (value: string): object => ({ headers: { request: { set: { 'X-Key': value } } } })
  const backends = {
    api: {
      ...{ algorithm: 'hash', hash: { by: 'header', name: 'X-Key' } },
      servers: [1, 2, 3, 4].map((port) => ({ url: `http://127.0.0.1:${port}` })),
    },
  }
  const ledTo = (value: string, sent: string): unknown => {
    const rules = [{ name: 'all', middleware: [set(value)], backend: 'api' }]
    const config = configOf({ listeners: { web: { bind: '127.0.0.1:80' } }, rules, backends })
    return told(offlineGround(config), ask('http://a/', { headers: [['X-Key', sent]] })).backend?.hashed_to
  }
  const values = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  expect(new Set(values.map((value) => ledTo(value, 'x'))).size).toBeGreaterThan(1)
  expect(new Set(values.map((sent) => ledTo('a', sent))).size).toBe(1)
})

test('steps that judge by the client or the body are asked, and the others said to act', () => {
  const ground = offlineGround(SITE)
  const denied = told(ground, { ...ADMIN, client: '192.0.2.7' })
  expect(denied).toMatchObject({
    outcome: 'refused',
    status: 403,
    fault: 'denied',
    rule: { name: 'admin', place: 0 },
  })
  expect(denied.middleware.map(({ name, does }) => [name, does])).toEqual([
    ['ip', 'refuses'],
    ['compress', 'not_reached'],
  ])
  expect(told(ground, ADMIN).middleware).toMatchObject([
    { name: 'ip', does: 'passes', acts_on: ['request'] },
    { name: 'compress', does: 'passes' },
  ])
  const shadow = told(ground, ask('http://a.test:8080/shadow'))
  expect(shadow).toMatchObject({ outcome: 'respond', status: 204 })
  expect(shadow.middleware.map(({ name, mode, does }) => [name, mode, does])).toEqual([
    ['ip', 'shadow', 'would_refuse'],
    ['rate_limit', 'off', 'off'],
  ])
  const upload = ask('http://a.test:8080/', { method: 'POST', headers: [['Content-Length', '1025']] })
  expect(told(ground, upload)).toMatchObject({
    status: 413,
    fault: 'body_too_large',
    rule: { name: 'upload' },
  })
})

test('what is decided before any rule is told as such', () => {
  const ground = offlineGround(SITE)
  expect(told(ground, ask('http://a.test/x?y'))).toMatchObject({
    outcome: 'redirect',
    status: 308,
    location: 'https://a.test/x?y',
    rule: null,
  })
  expect(told(ground, ask('http://a.test:8080/', { method: 'TRACE' }))).toMatchObject({ status: 405 })
  expect(told(ground, ask(`http://a.test:8080/${'a'.repeat(200)}`))).toMatchObject({
    fault: 'target_too_long',
  })
  expect(told(ground, ask('http://a.test:8080/', { headers: [['Host', 'a b']] }))).toMatchObject({
    fault: 'host_invalid',
  })
  const split = ask('http://a.test:8080/', { headers: [['X-A', '1\r\n\r\nGET / HTTP/1.1']] })
  expect(told(ground, split)).toMatchObject({ outcome: 'refused', fault: 'head_malformed' })
  expect(told(ground, ask('http://a.test:8080/old/%2e%2e/admin/'))).toMatchObject({
    fault: 'match_ambiguous',
    detail: 'dot segments in the path',
  })
  expect(told(ground, ask('http://a.test:8080/old/a?b'))).toMatchObject({
    outcome: 'redirect',
    status: 301,
    location: 'https://b.test/old/a',
    rule: { name: 'old' },
  })
})

test('a request that can come in nowhere says where it could', () => {
  const explained = atOnce(explain(ask('http://a/', { listener: 'wbe' }), offlineGround(SITE)))
  expect(explained).toEqual({ problem: 'there is no listener "wbe"; there are: web, inner' })
})

test('ten thousand rules give a short answer: those that came closest, and how many failed by what', () => {
  const rules = Array.from({ length: 10_000 }, (_, i) => ({
    name: `r${i}`,
    match: {
      host: i % 2 === 0 ? `h${i}.test` : 'a.test',
      path: `/p${i}`,
      ...(i === 9000 && { host: 'a.test' }),
    },
    respond: {},
  }))
  const config = configOf({ listeners: { web: { bind: '127.0.0.1:80', protocol: 'http' } }, rules })
  const { rule, trace } = told(offlineGround(config), ask('http://a.test/p9000'), 3)
  expect(rule).toEqual({ name: 'r9000', place: 9000 })
  expect(trace).toMatchObject({
    rules: 10_000,
    not_asked: 999,
    left_out: { host: 4500, path: 4497, method: 0, header: 0 },
    candidates: [{ rule: 'r1' }, { rule: 'r3' }, { rule: 'r5' }, { rule: 'r9000', matches: true }],
  })
})
