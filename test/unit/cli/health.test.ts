import { expect, test } from 'bun:test'
import { healthLines } from '../../../server/cli/health.ts'
import { statusText } from '../../../server/cli/status.ts'
import { healthOf } from '../../../server/telemetry/documents.ts'
import { serverWith } from '../../support/seen-with.ts'

const document = { healthy: true, backends: [], healthy_count: 0, total_count: 0 }

test('health tells of allocations by listener, and of a relay that does not run', () => {
  const listeners = [
    { listener: 'turn', realm: 'example.org', allocations: 3 },
    { listener: 'more', realm: 'example.org', allocations: 0 },
  ]
  expect(healthLines(document)).toBe('healthy: no servers')
  expect(healthLines({ ...document, turn: { serving: true, listeners } }).split('\n')[1]).toBe(
    'turn: 3 allocations (turn 3, more 0)',
  )
  const [one] = listeners.map((listener) => ({ ...listener, allocations: 1 }))
  expect(healthLines({ ...document, turn: { serving: true, listeners: [one!] } })).toEndWith(
    'turn: 1 allocation',
  )
  expect(healthLines({ ...document, turn: { serving: false, listeners } })).toContain(
    'the relay does not run',
  )
})

test('a relay alone has no traffic of servers to tell', () => {
  const turn = { serving: true, listeners: [{ listener: 'turn', realm: 'example.org', allocations: 2 }] }
  const metrics = { total_requests: 0, total_failures: 0, success_rate: 100, backends: [] }
  expect(statusText({ ...document, turn }, metrics)).toBe('healthy: no servers\nturn: 2 allocations\n')
  expect(statusText(document, metrics)).toContain('0 requests')
})

test('listeners are told with what they speak, where they are open, and what there is of them', () => {
  const listeners = [
    { listener: 'web', protocol: 'https', addresses: ['0.0.0.0:443', '[::]:443'] },
    { listener: 'site', protocol: 'https', addresses: [] },
    { listener: 'dns', protocol: 'udp', addresses: ['192.0.2.1:53'] },
    { listener: 'relay', protocol: 'turn', addresses: ['192.0.2.1:3478'] },
  ]
  const counted = [
    { listener: 'web', protocol: 'https', counts: 'connections', open: 2, total: 120, faults: 3 },
    { listener: 'site', protocol: 'https', counts: 'connections', open: 1, total: 1, faults: 0 },
    { listener: 'dns', protocol: 'udp', counts: 'flows', open: 3, total: 7, faults: 0 },
    { listener: 'relay', protocol: 'turn', counts: 'allocations', open: 1, total: 1, faults: 0 },
  ] as const
  const metrics = {
    total_requests: 1,
    total_failures: 0,
    success_rate: 100,
    backends: [],
    listeners: counted,
  }
  const text = statusText({ ...document, listeners }, metrics)
  expect(
    text
      .slice(text.indexOf('LISTENER'))
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd()),
  ).toEqual([
    'LISTENER  PROTOCOL  ADDRESS               OPEN           TOTAL  FAULTS',
    'web       https     0.0.0.0:443 [::]:443  2 connections    120       3',
    'site      https     by another listener   1 connection       1       0',
    'dns       udp       192.0.2.1:53          3 flows            7       0',
    'relay     turn      192.0.2.1:3478        1 allocation       1       0',
  ])
  // One that does not count them is shown as it tells.
  const { listeners: _, ...older } = metrics
  expect(statusText({ ...document, listeners }, older)).toContain('dns       udp       192.0.2.1:53\n')
})

test('status tells what overloaded workers refuse, and who waits for servers', () => {
  const metrics = { total_requests: 1, total_failures: 0, success_rate: 100, backends: [] }
  expect(statusText(document, metrics)).not.toContain('overload')
  const told = (workers: number, mode: 'enforce' | 'shadow'): string =>
    statusText(document, { ...metrics, overload: { share: 0.351, workers, mode } })
  expect(told(1, 'enforce')).toContain('overload: 1 worker refuses up to 35 % of new requests\n')
  expect(told(2, 'enforce')).toContain('overload: 2 workers refuse up to 35 % of new requests\n')
  expect(told(1, 'shadow')).toContain('overload: 1 worker would refuse up to 35 % of new requests\n')
  const limits = [
    {
      ...{ backend: 'app', in_flight: 6, limit: 6, waiting: 12 },
      adaptive: { in_flight: 5, limit: 4, mode: 'shadow' as const },
    },
    { backend: 'web', in_flight: 8, limit: null, waiting: 1 },
  ]
  const rows = statusText(document, { ...metrics, limits })
    .trimEnd()
    .split('\n')
    .slice(-3)
  expect(rows.map((row) => row.trim().split(/ {2,}/))).toEqual([
    ['BACKEND', 'IN FLIGHT', 'LIMIT', 'ADAPTIVE', 'WAITING'],
    ['app', '6', '6', '5 of 4 (shadow)', '12'],
    ['web', '8', '1'],
  ])
})

test('status tells by what sessions stay, and which share of their requests did', () => {
  const metrics = { total_requests: 1, total_failures: 0, success_rate: 100, backends: [] }
  const sticky = [
    { backend: 'shop', by: 'cookie', name: 'cart', requests: { hit: 90, moved: 4, new: 6 } },
    { backend: 'api', by: 'header', name: 'X-User' },
    { backend: 'raw', by: 'client_ip', name: null },
  ] as const
  const rows = statusText(document, { ...metrics, sticky })
    .trimEnd()
    .split('\n')
    .slice(-4)
  expect(rows.map((row) => row.trim().split(/ {2,}/))).toEqual([
    ['BACKEND', 'SESSIONS BY', 'REQUESTS', 'STAYED', 'MOVED', 'ELSEWHERE'],
    ['shop', 'cookie cart', '100', '90 %', '4 %', '0 %'],
    ['api', 'header X-User'],
    ['raw', 'client_ip'],
  ])
  expect(statusText(document, metrics)).not.toContain('SESSIONS')
})

test('a server that is up and fails each request is told as that', () => {
  const where = { url: 'http://a:1', backend: 'b', server: 'a' }
  const healthy = {
    ...where,
    healthy: true,
    circuit_state: 'Closed' as const,
    weight: 1,
    active_connections: 0,
    state: 'up' as const,
    reason: null,
    admin: 'ready' as const,
    operational: 'up' as const,
    operational_reason: null,
  }
  const rowOf = (failed_requests: number): string => {
    const served = {
      ...where,
      total_requests: 4,
      failed_requests,
      success_rate: 0,
      active_connections: 0,
      attempts: 4,
      failed_attempts: 0,
      refused_attempts: 0,
      given_up_attempts: 0,
    }
    const metrics = {
      total_requests: 4,
      total_failures: failed_requests,
      success_rate: 0,
      backends: [served],
    }
    const health = { ...document, backends: [healthy], healthy_count: 1, total_count: 1 }
    return statusText(health, metrics).trimEnd().split('\n').at(-1) ?? ''
  }
  expect(rowOf(4)).toEndWith('all 4 requests failed: see the access log')
  expect(rowOf(3)).not.toContain('failed')
})

test('the headline says that clients wait where a worker is at its limit of descriptors, or says nothing', () => {
  const workers = { wanted: 1, serving: 1, silent: [], full: [] }
  const headline = (of: object): string =>
    healthLines({ ...document, workers: { ...workers, ...of } }).split('\n')[0]!
  expect(headline({})).toBe('healthy: no servers')
  expect(headline({ full: ['worker-0'] })).toBe('healthy, but clients wait: no servers')
  expect(headline({ silent: [{ pid: 7, slot: 0, silent_ms: 3000 }] })).toBe(
    'healthy, but clients wait: no servers',
  )
})

test('what is not kept is told, with where more of it is said', () => {
  const not_kept = 'state.db is held by another process: audit wait in memory'
  expect(healthLines({ ...document, not_kept }).split('\n')[1]).toBe(
    'data: state.db is held by another process: audit wait in memory; "sluice events" tells what to do',
  )
})

test('files that are refused are told with since when and why, as what they held before goes on', () => {
  const since = '2026-11-30T02:24:15.000Z'
  const refused_files = [{ owner: 'certificate' as const, name: 'site', why: 'the key is of another', since }]
  expect(healthLines({ ...document, refused_files }).split('\n')[1]).toMatch(
    /^certificate site: its files are refused since 2026-11-30 \d\d:\d\d:15, what they held before goes on: the key is of another$/,
  )
})

test('a server whose breaker is open is not said to be up', () => {
  const reason = 'circuit open: 57 of 100 failed'
  const open = serverWith({ server: 'api-2', healthy: false, circuit_state: 'Open', reason })
  const text = statusText(healthOf([serverWith({ server: 'api-1' }), open]), {
    ...{ total_requests: 0, total_failures: 0, success_rate: 100, backends: [] },
  })
  expect(text).toMatch(/api-1 +up /)
  expect(text).toMatch(/api-2 +circuit open .*57 of 100 failed/)
})
