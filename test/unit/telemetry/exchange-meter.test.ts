import { expect, test } from 'bun:test'
import type { StickyResult } from '../../../server/backends/sticky.ts'
import { ExchangeMeter } from '../../../server/telemetry/exchange-meter.ts'
import { renderMetrics } from '../../../server/telemetry/prometheus.ts'
import { Totals } from '../../../server/telemetry/registry.ts'
import { fault } from '../../../server/tables/faults.ts'
import { fakeExchange, fakeRule, type FakeFields } from './fake-exchange.ts'

function metered(...exchanges: readonly FakeFields[]): string[] {
  const totals = new Totals()
  const meter = new ExchangeMeter(totals)
  for (const fields of exchanges) meter.exchange(fakeExchange(fields))
  return renderMetrics(totals, 'lb').split('\n')
}

test('an exchange is counted by listener, rule, backend, server, method and status', () => {
  const lines = metered({}, {}, { method: 'POST', status: 201 })
  const of = 'listener="web",rule="api",backend="api",server="http://10.0.0.1:8080"'
  expect(lines).toContain(`lb_requests_total{${of},method="GET",status="200"} 2`)
  expect(lines).toContain(`lb_requests_total{${of},method="POST",status="201"} 1`)
  expect(lines).toContain('lb_request_duration_seconds_count{listener="web",rule="api",backend="api"} 3')
  expect(lines).toContain('lb_response_size_bytes_sum{listener="web",rule="api",backend="api"} 1536')
})

test('how long a tunnel stood is no latency', () => {
  const lines = metered({}, { status: 101 })
  const of = 'listener="web",rule="api",backend="api"'
  expect(lines).toContain(`lb_request_duration_seconds_count{${of}} 1`)
  expect(lines).toContain(
    `lb_requests_total{${of},server="http://10.0.0.1:8080",method="GET",status="101"} 1`,
  )
  expect(lines).toContain(`lb_response_size_bytes_count{${of}} 2`)
})

test('what became of sessions is counted by backend and result, in whatever order it comes', () => {
  const of = (result: StickyResult): FakeFields => ({ sticky: { result, why: null } })
  const lines = metered(of('hit'), of('new'), of('hit'), of('hit'), of('forged'), of('new'), {})
  for (const [result, count] of [
    ['hit', 3],
    ['new', 2],
    ['forged', 1],
  ])
    expect(lines).toContain(`lb_sticky_total{backend="api",result="${result}"} ${count}`)
})

test('labels never come from the request', () => {
  const lines = metered(
    { method: 'FROBNICATE', status: 799 },
    { method: 'EVIL', status: 299, rule: null, server: null },
    { status: 0, server: null },
  )
  const requests = lines.filter((line) => line.startsWith('lb_requests_total{'))
  expect(requests).toEqual([
    'lb_requests_total{listener="web",rule="api",backend="api",server="http://10.0.0.1:8080",method="other",status="other"} 1',
    'lb_requests_total{listener="web",rule="-",backend="-",server="-",method="other",status="other"} 1',
    'lb_requests_total{listener="web",rule="api",backend="api",server="-",method="GET",status="-"} 1',
  ])
})

test('faults are counted', () => {
  const lines = metered(
    { attempts: 1 },
    { status: 404, rule: null, server: null, attempts: 0, fault: fault('no_rule', false) },
  )
  expect(lines).toContain('lb_faults_total{code="no_rule"} 1')
})

test('how long a server takes is told of first attempts that it answered, without the queue', () => {
  const lines = metered(
    { firstByteMs: 1040, queueMs: 37 },
    { firstByteMs: 1040, attempts: 2 },
    { firstByteMs: 1040, fault: fault('response_timeout', true) },
    { firstByteMs: 0 },
    { firstByteMs: 1040, server: null },
  )
  const of = 'backend="api",server="http://10.0.0.1:8080"'
  expect(lines).toContain(`lb_server_response_seconds_count{${of}} 1`)
  expect(lines).toContain(`lb_server_response_seconds_bucket{${of},le="0.0025"} 0`)
  expect(lines).toContain(`lb_server_response_seconds_bucket{${of},le="0.005"} 1`)
})

test('counters go on when a reload makes new objects of the same names', () => {
  const old = {
    snapshot: {},
    rule: fakeRule('api', 'api'),
    server: { name: 's', backend: 'api' },
    listener: { name: 'web' },
  }
  const next = {
    snapshot: {},
    rule: fakeRule('api', 'api'),
    server: { name: 's', backend: 'api' },
    listener: { name: 'web' },
  }
  const lines = metered(old, next, old, next)
  expect(lines.filter((line) => line.startsWith('lb_requests_total{'))).toEqual([
    'lb_requests_total{listener="web",rule="api",backend="api",server="s",method="GET",status="200"} 4',
  ])
})

test('each place has its own series, in whatever order exchanges end', () => {
  const servers = ['a', 'b', 'c'].map((name) => ({ name, backend: 'api' }))
  const exchanges = Array.from({ length: 30 }, (_, i) => ({
    server: servers[i % 3] ?? null,
    status: i % 2 === 0 ? 200 : 503,
  }))
  const lines = metered(...exchanges).filter((line) => line.startsWith('lb_requests_total{'))
  expect(lines).toHaveLength(6)
  for (const line of lines) expect(line).toEndWith(' 5')
})
