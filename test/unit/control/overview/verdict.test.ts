import { expect, test } from 'bun:test'
import { overviewOf } from '../../../../server/control/overview/overview.ts'
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

type Kind = 'up' | 'down' | 'half'
const up = (backend: string, server = 'a', more: Partial<ServerHealth> = {}) =>
  serverWith({ backend, server, ...more })
const down = (backend: string, server = 'b', more: Partial<ServerHealth> = {}) =>
  downServer(server, 'connect refused', { backend, ...more })
const SERVERS: Readonly<Record<Kind, (backend: string) => ServerHealth[]>> = {
  up: (backend) => [up(backend)],
  down: (backend) => [down(backend)],
  half: (backend) => [up(backend), down(backend)],
}

function verdictOf(backends: Readonly<Record<string, Kind>>, more: Partial<Seen> = {}) {
  const servers = Object.entries(backends).flatMap(([name, kind]) => SERVERS[kind](name))
  const config = configWith({
    listeners: { web: { bind: '0.0.0.0:8080' } },
    backends: Object.fromEntries(
      Object.entries(backends).map(([name, kind]) => [
        name,
        {
          servers: SERVERS[kind](name).map((one, i) => ({
            name: one.server,
            url: `http://192.0.2.${i + 1}:8443`,
          })),
        },
      ]),
    ),
    rules: Object.keys(backends).map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
  })
  const listeners = [{ listener: 'web', protocol: 'http', addresses: ['0.0.0.0:8080'] }]
  const workers = { wanted: 1, serving: 1 }
  return overviewOf(seenWith({ config, health: { ...healthOf(servers), listeners, workers }, ...more }))
}
const sentence = (backends: Readonly<Record<string, Kind>>): string => {
  const { state, sentence: text } = verdictOf(backends).verdict
  return `${state}: ${text}`
}

test('where all is well, one sentence says so, for one backend, two, and more', () => {
  expect(sentence({ api: 'up' })).toBe('up: Backend api is up')
  expect(sentence({ a: 'up', b: 'up' })).toBe('up: Both backends are up')
  expect(sentence({ a: 'up', b: 'up', c: 'up' })).toBe('up: All 3 backends are up')
  expect(verdictOf({ a: 'up', b: 'up' }).verdict.detail).toBe('2 of 2 servers take requests.')
})

test('backends without a server come first, and how many there are', () => {
  expect(sentence({ api: 'down' })).toBe('down: Backend api has no server up')
  expect(sentence({ a: 'down', b: 'down' })).toBe('down: Neither backend has a server up')
  expect(sentence({ a: 'down', b: 'down', c: 'down' })).toBe('down: None of 3 backends has a server up')
  expect(sentence({ a: 'down', b: 'up', c: 'up' })).toBe('down: 1 of 3 backends has no server up')
  expect(sentence({ a: 'down', b: 'down', c: 'half' })).toBe('down: 2 of 3 backends have no server up')
})

test('what clients feel of it follows: for how long, how many, and what the others do', () => {
  const spanOf = () => ({ sinceMs: minutesAgo(8), lastUpMs: null })
  const detail = (backends: Readonly<Record<string, Kind>>, each: number | null = null) =>
    verdictOf(backends, { spanOf, perMinute: () => each }).verdict.detail
  expect(detail({ api: 'down', a: 'up', b: 'up', c: 'half', d: 'half', e: 'up', f: 'up' }, 41)).toBe(
    'api has answered 503 to every request for 8 minutes, 41 in the last minute. The other six serve, two of them degraded.',
  )
  // Of those of the last minute nobody knows how many came before it was down.
  const lately = { spanOf: () => ({ sinceMs: NOW_MS - 2000, lastUpMs: null }), perMinute: () => 1329 }
  expect(verdictOf({ api: 'down', b: 'up' }, lately).verdict.detail).toStartWith(
    'api has answered 503 to every request for 2 seconds; 1,329 came in the last minute. ',
  )
  expect(detail({ api: 'down', b: 'half' })).toBe(
    'api has had no server for 8 minutes: requests to it are answered 503. The other one serves, on some of its servers.',
  )
  expect(detail({ a: 'down', b: 'down', c: 'down', d: 'up', e: 'up' })).toEndWith(
    ' One more does the same. The other two serve.',
  )
  // Nobody knows of a request: none is said to have been answered.
  expect(detail({ api: 'down' })).toBe(
    'api has had no server for 8 minutes: requests to it are answered 503.',
  )
  expect(detail({ api: 'down' }, 0)).toBe(
    'api has had no server for 8 minutes, and no request in the last minute.',
  )
})

test('backends that run on some of their servers are degraded', () => {
  expect(sentence({ api: 'half' })).toBe('degraded: Backend api serves, on some of its servers')
  expect(sentence({ a: 'half', b: 'up' })).toBe('degraded: Both backends serve, one of them degraded')
  expect(sentence({ a: 'half', b: 'half', c: 'up' })).toBe(
    'degraded: All 3 backends serve, two of them degraded',
  )
  expect(verdictOf({ a: 'half', b: 'up' }).verdict.detail).toBe(
    '2 of 3 servers take requests. a is not whole.',
  )
})

test('connections of tcp are not answered with 503', () => {
  const health = {
    ...healthOf([down('db', 'a', { url: 'tcp://192.0.2.1:5432' })]),
    workers: { wanted: 1, serving: 1 },
  }
  const config = configWith({
    listeners: { db: { bind: '0.0.0.0:5432', protocol: 'tcp', backend: 'db' } },
    backends: { db: { servers: [{ name: 'a', url: 'tcp://192.0.2.1:5432' }] } },
  })
  const listeners = [{ listener: 'db', protocol: 'tcp', addresses: ['0.0.0.0:5432'] }]
  const { detail } = overviewOf(seenWith({ config, health: { ...health, listeners } })).verdict
  expect(detail).toBe('db has taken no connection for 8 minutes.')
})

test('without a config, or a listener, there is nothing to serve; a gateway that stops says so', () => {
  const verdict = (seen: Partial<Seen>) => overviewOf(seenWith(seen)).verdict
  expect(verdict({})).toMatchObject({ state: 'idle', sentence: 'No config is served yet' })
  const none = {
    ...configWith({ listeners: { a: { bind: '0.0.0.0:1' } }, rules: [{ name: 'r', respond: {} }] }),
    listeners: {},
  }
  expect(verdict({ config: none })).toMatchObject({ state: 'idle', sentence: 'No listener is configured' })
  expect(verdict({ config: none, health: { ...healthOf([]), draining: true } })).toMatchObject({
    ...{ state: 'degraded', sentence: 'The gateway is stopping' },
  })
})

test('where nobody serves, or a listener is shut, that is the sentence', () => {
  const health = { ...healthOf([up('api')]), workers: { wanted: 1, serving: 0 } }
  expect(verdictOf({ api: 'up' }, { health }).verdict).toMatchObject({
    state: 'down',
    sentence: 'No worker serves',
  })
  const shut = { ...healthOf([up('api')]), workers: { wanted: 1, serving: 1 }, listeners: [] }
  expect(verdictOf({ api: 'up' }, { health: shut }).verdict).toEqual({
    ...{ state: 'down', sentence: 'Listener web is not open' },
    detail: 'Nobody can connect to 0.0.0.0:8080. Backend api is up.',
  })
})

test('what does not touch traffic leaves the gateway up, and is counted', () => {
  const { verdict, problems } = verdictOf(
    { api: 'up' },
    {
      disk: { state: 'unreadable', why: 'gone', changedMs: null, isReadOnly: false },
    },
  )
  expect([verdict.state, verdict.sentence]).toEqual(['up', 'Backend api is up'])
  expect(verdict.detail).toBe('1 of 1 server takes requests. One thing needs a look.')
  expect(problems.length).toBe(1)
})

test('the worst come first, a hundred at most, and what is not well is counted by kind', () => {
  const backends = Object.fromEntries(
    Array.from({ length: 120 }, (_, i) => [`b${i}`, i >= 60 ? ('down' as const) : ('half' as const)]),
  )
  const { problems, left_out, counts } = verdictOf(backends)
  expect([problems.length, left_out]).toEqual([100, 20])
  expect(problems.slice(0, 60).every(({ severity }) => severity === 'down')).toBe(true)
  expect(counts).toMatchObject({
    ...{
      listeners: 1,
      listeners_down: 0,
      rules: 120,
      backends: 120,
      backends_down: 60,
      backends_degraded: 60,
    },
    ...{ servers: 180, servers_up: 60, certificates: 0, certificates_expiring: 0, problems: 120 },
  })
  expect(new Set(problems.map(({ id }) => id)).size).toBe(100)
})

const serving = (servers: readonly ServerHealth[], more: Partial<Seen> = {}) => {
  const names = [...new Set(servers.map(({ backend }) => backend))]
  const config = configWith({
    listeners: { web: { bind: '0.0.0.0:8080' } },
    backends: Object.fromEntries(names.map((name) => [name, { servers: [{ url: 'http://192.0.2.1' }] }])),
    rules: names.map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
  })
  const listeners = [{ listener: 'web', protocol: 'http', addresses: ['0.0.0.0:8080'] }]
  const health = { ...healthOf(servers), listeners, workers: { wanted: 1, serving: 1 } }
  return overviewOf(seenWith({ config, health, ...more }))
}
const LOST = { reason: 'connect_refused, 18 in a row, the last 1 s ago' }
const DRAINS = { admin: 'drain', state: 'draining', healthy: false, reason: 'by mira' } as const

test('who is up by its check and fails all requests serves nobody, whoever else is taken out', () => {
  const servers = [up('app', 'a', DRAINS), up('app', 'b', LOST)]
  const { verdict, problems, counts } = serving(servers, { perMinute: () => 18 })
  expect(verdict).toEqual({
    ...{ state: 'down', sentence: 'Backend app fails all requests' },
    detail: 'app fails its requests, 18 in the last minute.',
  })
  expect(problems[0]).toMatchObject({
    ...{ id: 'backend:app', state: 'failing', severity: 'down', title: 'Backend app fails all requests' },
    cause: expect.stringMatching(/^b refuses connections on port 8443\. a drains\.$/) as unknown as string,
  })
  expect([counts.backends_down, counts.backends_degraded]).toEqual([1, 0])
  expect(serving([...servers, up('x')]).verdict.sentence).toBe('1 of 2 backends fails all requests')
  expect(serving([...servers, down('x')]).verdict.sentence).toBe('Neither backend serves a request')
  // One that failed once may have been restarted.
  const once = [up('app', 'a', DRAINS), up('app', 'b', { reason: 'connect_refused, the last 1 s ago' })]
  expect(serving(once).verdict.state).toBe('degraded')
})

test('a backend that uses servers which are down serves, and is not well', () => {
  const panic = { panic: true } as const
  const { verdict, counts } = serving([down('app', 'a', panic), down('app', 'b', panic)])
  expect(verdict).toMatchObject({
    ...{ state: 'degraded', sentence: 'Backend app serves, on some of its servers' },
    detail: '0 of 2 servers are up. app uses those that are down as well.',
  })
  expect([counts.backends_down, counts.backends_degraded]).toEqual([0, 1])
})

test('of servers that nobody has asked nothing is claimed', () => {
  const unchecked = { state: 'unchecked', operational: 'unchecked' } as const
  const two = [up('app', 'a', unchecked), up('app', 'b', unchecked)]
  const untried = new Set(['app\na', 'app\nb'])
  expect(serving(two, { untried }).verdict).toEqual({
    ...{ state: 'idle', sentence: 'Whether backend app is up is not known yet' },
    detail: 'Its servers have no health check, and no request has come yet.',
  })
  expect(serving(two).verdict.sentence).toBe('Backend app is up')
  const nothing = 'nothing is known yet: no check asks there, and no request has come.'
  expect(serving(two, { untried: new Set(['app\na']) }).verdict).toMatchObject({
    ...{ state: 'up', sentence: 'Backend app is up' },
    detail: `1 of 2 servers takes requests. Of 1 server ${nothing}`,
  })
  expect(serving([...two, up('x')], { untried }).verdict).toMatchObject({
    sentence: 'Backend x is up',
    detail: `1 of 3 servers takes requests. Of app ${nothing}`,
  })
  expect(serving([...two, down('x')], { untried }).verdict.detail).toEndWith(` Of app ${nothing}`)
})
