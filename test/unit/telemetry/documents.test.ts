import { CLOSED } from '../../../server/scoreboard/circuits.ts'
import { describe, expect, test } from 'bun:test'
import * as layout from '../../../server/scoreboard/layout.ts'
import { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  packOrder,
  STATE_DOWN,
  STATE_STARTING,
  STATE_UP,
} from '../../../server/scoreboard/states.ts'
import {
  healthDocument,
  metricsDocument,
  serversOfPlan,
  serversOfSnapshot,
  successRate,
} from '../../../server/telemetry/documents.ts'
import type { OrderFacts } from '../../../server/telemetry/server-health.ts'
import { AttemptWatch } from '../../../server/telemetry/attempts.ts'
import { faultPlace } from '../../../server/tables/faults.ts'
import { gatherBoard } from '../../../server/telemetry/gather.ts'
import { renderMetrics } from '../../../server/telemetry/prometheus.ts'
import { Totals } from '../../../server/telemetry/registry.ts'
import type { Snapshot } from '../../../server/snapshot/snapshot.ts'

const slot = (index: number) => ({ index, generation: 0 })

const plan = {
  config: {
    backends: {
      api: {
        servers: [
          { url: 'http://server1:8000', weight: 3 },
          { url: 'http://server2:8000', name: 'two', weight: 1 },
        ],
        health_check: {},
      },
      web: { servers: [{ url: 'http://server3:8000', weight: 1 }], health_check: {} },
    },
  },
  slots: {
    api: { slot: slot(1), servers: { 'http://server1:8000': slot(2), two: slot(3) } },
    web: { slot: slot(4), servers: { 'http://server3:8000': slot(5) } },
  },
  reasons: { api: { two: 'connect refused' } },
} as unknown as Parameters<typeof serversOfPlan>[0]

const NOW = 1_800_000_000

function board(): Scoreboard {
  const made = new Scoreboard(new Uint8Array(layout.bytesOf(6, 1)), 1, 0)
  made.setState(2, STATE_UP)
  made.setState(3, STATE_DOWN)
  made.setState(5, STATE_UP)
  return made
}

test('the health document has the shape that is promised', () => {
  const cells = board()
  cells.enter(2, 100)
  expect(healthDocument(serversOfPlan(plan).slice(0, 2), cells)).toEqual({
    healthy: true,
    backends: [
      {
        url: 'http://server1:8000',
        healthy: true,
        circuit_state: 'Closed',
        weight: 3,
        active_connections: 1,
        backend: 'api',
        server: 'http://server1:8000',
        state: 'up',
        reason: null,
        admin: 'ready',
        operational: 'up',
        operational_reason: null,
      },
      {
        url: 'http://server2:8000',
        healthy: false,
        circuit_state: 'Closed',
        weight: 1,
        active_connections: 0,
        backend: 'api',
        server: 'two',
        state: 'down',
        reason: 'connect refused',
        admin: 'ready',
        operational: 'down',
        operational_reason: 'connect refused',
      },
    ],
    healthy_count: 1,
    total_count: 2,
  })
})

test('what is ordered of a server is told apart from how it is', () => {
  const cells = board()
  const order: OrderFacts = {
    kind: 'admin',
    value: 'drain',
    reason: 'disk swap',
    by: 'ana',
    since: '2027-01-15T08:00:00.000Z',
    until: null,
  }
  cells.setOrder(2, packOrder(ADMIN_DRAIN, 5))
  cells.setOrder(3, packOrder(ADMIN_MAINTENANCE, null))
  const servers = serversOfPlan({ ...plan, orders: new Map([[2, [order]]]) })
  const document = healthDocument(servers, cells)
  expect(document.backends.slice(0, 2)).toMatchObject([
    { state: 'draining', reason: 'disk swap (ana)', admin: 'drain', operational: 'up', orders: [order] },
    // As workers tell it, who do not know why.
    { state: 'maintenance', reason: null, admin: 'maintenance', operational: 'down', weight: 1 },
  ])
  expect(document.backends[0]).toMatchObject({ healthy: false, weight: 5, configured_weight: 3 })
  expect(document.backends[1]).not.toHaveProperty('configured_weight')
  expect([document.healthy, document.healthy_count]).toEqual([false, 1])
  const totals = new Totals()
  gatherBoard(totals, servers, cells)
  const lines = renderMetrics(totals, 'lb').split('\n')
  // Health is what checks say: whoever watches it is not told of a failure that is none.
  expect(lines).toContain('lb_backend_health_status{backend="api",server="http://server1:8000"} 1')
  expect(lines).toContain('lb_server_admin_state{backend="api",server="http://server1:8000"} 1')
  expect(lines).toContain('lb_server_admin_state{backend="api",server="two"} 2')
  expect(lines).toContain('lb_server_weight{backend="api",server="http://server1:8000"} 5')
  expect(lines).toContain('lb_server_weight{backend="api",server="two"} 1')
})

test('a server is starting until its first checks are over, and up with what its slow start has come to', () => {
  const cells = board()
  const { api } = plan.config.backends
  const backends = { api: { ...api, slow_start: { over: 30_000, aggression: 1, least: 0.1 } } }
  const servers = serversOfPlan({ ...plan, config: { backends } } as unknown as typeof plan)
  const about = (): unknown => healthDocument(servers, cells, NOW).backends[0]
  cells.setState(2, STATE_STARTING)
  expect(about()).toMatchObject({
    ...{ state: 'starting', operational: 'starting', operational_reason: 'not checked yet', healthy: false },
  })
  cells.setState(2, STATE_UP)
  cells.shares.setWarmth(2, 40)
  expect(about()).toMatchObject({
    ...{ state: 'up', operational: 'up', operational_reason: 'slow start, 40 %', reason: null },
    ...{ healthy: true, slow_start: 0.4 },
  })
  cells.attemptFailed(2, faultPlace('connect_refused'), false, NOW)
  expect(about()).toMatchObject({
    operational_reason: expect.stringMatching(/^connect_refused, .*; slow start, 40 %$/),
  })
  cells.attemptAnswered(2)
  const guarded = servers.map((one) => ({ ...one, breaker: 'enforce' as const }))
  cells.circuits.beginOpening(2, CLOSED)
  expect(healthDocument(guarded, cells, NOW).backends[0]).toMatchObject({ operational_reason: null })
  expect(healthDocument(guarded, cells, NOW).backends[0]).not.toHaveProperty('slow_start')
  cells.shares.setWarmth(2, 100)
  expect(about()).toMatchObject({ operational: 'up', operational_reason: null })
})

test('a gateway is healthy when every backend has a server that is up', () => {
  const cells = board()
  const servers = serversOfPlan(plan)
  expect(healthDocument(servers, cells).healthy).toBe(true)
  cells.setState(5, STATE_STARTING)
  expect(healthDocument(servers, cells).healthy).toBe(false)
  expect(healthDocument([], cells)).toEqual({ healthy: true, backends: [], healthy_count: 0, total_count: 0 })
})

test('the metrics document has the shape that is promised', () => {
  const cells = board()
  const count = (index: number, requests: number, failures: number): void => {
    for (let i = 0; i < requests; i++) cells.count(index, i < failures)
  }
  count(0, 15_234, 42)
  count(2, 11_425, 8)
  cells.attemptFailed(2, 0, false, NOW)
  for (let i = 0; i < 9; i++) cells.attemptAnswered(2)
  for (let i = 0; i < 2; i++) cells.attemptGivenUp(2)
  cells.enter(2, 100)
  expect(metricsDocument(serversOfPlan(plan).slice(0, 1), cells)).toEqual({
    total_requests: 15_234,
    total_failures: 42,
    success_rate: 99.72,
    backends: [
      {
        url: 'http://server1:8000',
        total_requests: 11_425,
        failed_requests: 8,
        success_rate: 99.93,
        active_connections: 1,
        backend: 'api',
        server: 'http://server1:8000',
        attempts: 12,
        failed_attempts: 1,
        refused_attempts: 0,
        given_up_attempts: 2,
      },
    ],
  })
  expect(Object.keys(metricsDocument(serversOfPlan(plan), cells).backends[0] ?? {}).slice(0, 5)).toEqual([
    'url',
    'total_requests',
    'failed_requests',
    'success_rate',
    'active_connections',
  ])
})

describe('a server that nobody checks', () => {
  const servers = serversOfPlan({
    ...plan,
    config: { backends: { api: { servers: plan.config.backends['api']!.servers.slice(0, 1) } } },
  } as unknown as typeof plan)
  const refused = faultPlace('connect_refused')

  test('is unchecked, and well until a request to it fails', () => {
    const cells = board()
    const about = (): unknown => healthDocument(servers, cells, NOW).backends[0]
    expect(about()).toMatchObject({
      ...{ state: 'unchecked', healthy: true, reason: null },
      ...{ operational: 'unchecked', operational_reason: 'no health check' },
    })
    cells.attemptFailed(2, refused, false, NOW)
    cells.attemptFailed(2, refused, false, NOW)
    expect(about()).toMatchObject({
      state: 'unchecked',
      healthy: false,
      reason: expect.stringMatching(/^connect_refused, 2 in a row, the last [0-9] s ago$/),
    })
    expect(healthDocument(servers, cells, NOW).healthy).toBe(false)
    cells.attemptAnswered(2)
    expect(about()).toMatchObject({ state: 'unchecked', healthy: true, reason: null })
  })

  test('that gets no requests any more is not failing for ever', () => {
    const cells = board()
    cells.attemptFailed(2, refused, false, NOW)
    expect(healthDocument(servers, cells, NOW + 50).healthy).toBe(false)
    expect(healthDocument(servers, cells, NOW + 62).healthy).toBe(true)
  })

  test('tells what its requests met also when it is checked, and up for its checks', () => {
    const cells = board()
    cells.attemptFailed(2, refused, false, NOW)
    expect(healthDocument(serversOfPlan(plan), cells, NOW).backends[0]).toMatchObject({
      state: 'up',
      healthy: true,
      reason: expect.stringContaining('connect_refused'),
    })
  })
})

describe('the watch on attempts', () => {
  const place = { backend: 'api', server: 'one', slot: 2 }
  const refused = faultPlace('connect_refused')

  test('tells the first failure at once and a recovery after five looks without another', () => {
    const cells = board()
    const watch = new AttemptWatch()
    const look = (): unknown => watch.look([place], cells)
    expect(look()).toEqual([])
    for (let i = 0; i < 3; i++) cells.attemptFailed(2, refused, false, NOW)
    expect(look()).toEqual([{ backend: 'api', server: 'one', fault: 'connect_refused', failed: 3 }])
    cells.attemptFailed(2, refused, false, NOW)
    expect(look()).toEqual([])
    // No request comes: nothing is known.
    for (let i = 0; i < 10; i++) expect(look()).toEqual([])
    // Who does not wait for an answer tells nothing either.
    for (let i = 0; i < 10; i++) {
      cells.attemptGivenUp(2)
      expect(look()).toEqual([])
    }
    cells.attemptAnswered(2)
    for (let i = 0; i < 4; i++) expect(look()).toEqual([])
    expect(look()).toEqual([{ backend: 'api', server: 'one', fault: null, failed: 1 }])
    expect(look()).toEqual([])
  })

  test('one that fails now and then is told once, not each time', () => {
    const cells = board()
    const watch = new AttemptWatch()
    let told = 0
    for (let i = 0; i < 50; i++) {
      cells.attemptAnswered(2)
      if (i % 3 === 0) cells.attemptFailed(2, refused, false, NOW)
      told += watch.look([place], cells).length
    }
    expect(told).toBe(1)
  })

  test('a server that was replaced by another of its name begins anew', () => {
    const cells = board()
    const watch = new AttemptWatch()
    cells.attemptFailed(2, refused, false, NOW)
    expect(watch.look([place], cells)).toHaveLength(1)
    cells.setGeneration(2, 7)
    expect(watch.look([place], cells)).toEqual([])
    cells.attemptFailed(2, refused, false, NOW)
    expect(watch.look([place], cells)).toHaveLength(1)
  })
})

test('nothing asked is all well', () => expect(successRate(0, 0)).toBe(100))

test('a worker makes the same documents of its snapshot as the supervisor of its plan', () => {
  // With a weight that was ordered: both tell that of the config, and what is in force by the scoreboard.
  const server = (name: string, url: string, index: number, slot: number) => {
    return { name, url, weight: 9, slot, index }
  }
  const { api, web } = plan.config.backends
  const backends = new Map([
    [
      'api',
      {
        name: 'api',
        options: api,
        reasons: new Map([['two', 'connect refused']]),
        servers: [
          server('http://server1:8000', 'http://server1:8000', 0, 2),
          server('two', 'http://server2:8000', 1, 3),
        ],
      },
    ],
    [
      'web',
      {
        name: 'web',
        options: web,
        reasons: new Map(),
        servers: [server('http://server3:8000', 'http://server3:8000', 0, 5)],
      },
    ],
  ])
  expect(serversOfSnapshot({ backends } as unknown as Snapshot)).toEqual(serversOfPlan(plan))
})

test('what the scoreboard knows is in the metrics, and gone with the server', () => {
  const cells = board()
  cells.enter(2, 100)
  cells.connections(1)
  cells.addBytes(0, 10, 20)
  for (let i = 0; i < 5; i++) cells.attemptAnswered(2)
  cells.attemptFailed(2, faultPlace('server_closed'), false, NOW)
  for (let i = 0; i < 3; i++) cells.attemptGivenUp(2)
  const totals = new Totals()
  const servers = serversOfPlan(plan)
  gatherBoard(totals, servers, cells)
  const text = renderMetrics(totals, 'lb')
  for (const line of [
    'lb_active_connections 1',
    'lb_connections_total 1',
    'lb_bytes_total{direction="in"} 10',
    'lb_bytes_total{direction="out"} 20',
    'lb_backend_health_status{backend="api",server="http://server1:8000"} 1',
    'lb_backend_health_status{backend="api",server="two"} 0',
    'lb_server_in_flight{backend="api",server="http://server1:8000"} 1',
    'lb_attempts_total{backend="api",server="http://server1:8000",outcome="answered"} 5',
    'lb_attempts_total{backend="api",server="http://server1:8000",outcome="lost"} 1',
    'lb_attempts_total{backend="api",server="http://server1:8000",outcome="refused"} 0',
    'lb_attempts_total{backend="api",server="http://server1:8000",outcome="given_up"} 3',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  gatherBoard(totals, servers.slice(0, 1), cells)
  expect(renderMetrics(totals, 'lb')).not.toContain('server="two"')
})

test('a rate is 100 % of none failed and 0 % of all failed alone, however many there were', () => {
  expect([successRate(1_000_000, 0), successRate(1_000_000, 1)]).toEqual([100, 99.99])
  expect([successRate(1_000_000, 1_000_000), successRate(1_000_000, 999_999)]).toEqual([0, 0.01])
  expect(successRate(0, 0)).toBe(100)
})
