import { expect, test } from 'bun:test'
import { Registry, Totals, type MetricsDelta } from '../../../server/telemetry/registry.ts'
import { renderMetrics } from '../../../server/telemetry/prometheus.ts'

const line = (totals: Registry, start: string): string | undefined =>
  renderMetrics(totals, 'lb')
    .split('\n')
    .find((text) => text.startsWith(start))

test('a delta holds what changed since the last, and nothing else', () => {
  const worker = new Registry()
  const faults = worker.counter('faults_total', ['no_rule'])
  faults.add(2)
  expect(worker.take()).toEqual([['faults_total', ['no_rule'], 2]])
  expect(worker.take()).toEqual([])
  faults.add(3)
  worker.gauge('queue_length', ['api', 'worker-0']).set(7)
  expect(worker.take()).toEqual([
    ['faults_total', ['no_rule'], 3],
    ['queue_length', ['api', 'worker-0'], 7],
  ])
})

test('the totals of a worker outlive it', () => {
  const totals = new Totals()
  const first = new Registry()
  first.counter('retry_budget_exhausted_total', ['api']).add(5)
  totals.merge(first.take())
  const replacement = new Registry()
  replacement.counter('retry_budget_exhausted_total', ['api']).add(2)
  totals.merge(overIpc(replacement.take()))
  expect(line(totals, 'lb_retry_budget_exhausted_total{')).toBe(
    'lb_retry_budget_exhausted_total{backend="api"} 7',
  )
})

test('histograms of several workers are added bucket by bucket', () => {
  const totals = new Totals()
  for (const value of [0.0005, 0.02, 99]) {
    const worker = new Registry()
    worker.histogram('request_duration_seconds', ['web', 'api', 'api']).observe(value)
    totals.merge(overIpc(worker.take()))
  }
  const text = renderMetrics(totals, 'lb')
  const labels = 'listener="web",rule="api",backend="api"'
  expect(text).toContain(`lb_request_duration_seconds_bucket{${labels},le="0.001"} 1\n`)
  expect(text).toContain(`lb_request_duration_seconds_bucket{${labels},le="0.01"} 1\n`)
  expect(text).toContain(`lb_request_duration_seconds_bucket{${labels},le="0.025"} 2\n`)
  expect(text).toContain(`lb_request_duration_seconds_bucket{${labels},le="60"} 2\n`)
  expect(text).toContain(`lb_request_duration_seconds_bucket{${labels},le="+Inf"} 3\n`)
  expect(text).toContain(`lb_request_duration_seconds_count{${labels}} 3\n`)
  expect(text).toContain(`lb_request_duration_seconds_sum{${labels}} 99.0205\n`)
})

test('a value on a bound counts into its bucket', () => {
  const registry = new Registry()
  registry.histogram('request_size_bytes', ['w', 'r', 'b']).observe(1024)
  expect(
    line(registry, 'lb_request_size_bytes_bucket{listener="w",rule="r",backend="b",le="1024"}'),
  ).toEndWith(' 1')
})

test('beyond 20,000 series a metric counts into "other", and says so', () => {
  const totals = new Totals()
  for (let i = 0; i < 20_100; i++) totals.counter('retry_budget_exhausted_total', [`b${i}`]).add(1)
  const lines = renderMetrics(totals, 'lb')
    .split('\n')
    .filter((text) => text.startsWith('lb_retry_budget_exhausted_total{'))
  expect(lines).toHaveLength(20_000)
  expect(lines).toContain('lb_retry_budget_exhausted_total{backend="other"} 101')
  expect(line(totals, 'lb_metric_series_dropped_total{')).toBe(
    'lb_metric_series_dropped_total{metric="retry_budget_exhausted_total"} 101',
  )
})

test('a histogram counts its buckets as series', () => {
  const totals = new Totals()
  for (let i = 0; i < 3000; i++) totals.histogram('request_size_bytes', ['web', `r${i}`, '-']).observe(1)
  const lines = renderMetrics(totals, 'lb')
    .split('\n')
    .filter((text) => text.startsWith('lb_request_size_bytes'))
  expect(lines.length <= 20_000).toBe(true)
  expect(lines.filter((text) => text.includes('_count{listener="other"'))).toEqual([
    'lb_request_size_bytes_count{listener="other",rule="other",backend="other"} 1668',
  ])
})

test('a full metric forgets series that were silent for an hour', () => {
  let nowS = 0
  const totals = new Totals(() => nowS)
  for (let i = 0; i < 19_999; i++) totals.merge([['retry_budget_exhausted_total', [`old${i}`], 1]])
  nowS = 3000
  totals.merge([['retry_budget_exhausted_total', ['old0'], 1]])
  totals.merge([['retry_budget_exhausted_total', ['new'], 1]])
  expect(line(totals, 'lb_retry_budget_exhausted_total{backend="new"}')).toBeUndefined()
  nowS = 3700
  totals.merge([['retry_budget_exhausted_total', ['new'], 1]])
  expect(line(totals, 'lb_retry_budget_exhausted_total{backend="new"}')).toEndWith(' 1')
  expect(line(totals, 'lb_retry_budget_exhausted_total{backend="old0"}')).toEndWith(' 2')
  expect(line(totals, 'lb_retry_budget_exhausted_total{backend="old1"}')).toBeUndefined()
})

test('a take is bounded; what it leaves comes with the next', () => {
  const worker = new Registry()
  for (let i = 0; i < 5000; i++) worker.counter('retry_budget_exhausted_total', [`b${i}`]).add(1)
  const sizes = [worker.take().length, worker.take().length, worker.take().length, worker.take().length]
  expect(sizes).toEqual([2000, 2000, 1000, 0])
})

test('gauges of a process that is gone are removed, its counters stay', () => {
  const totals = new Totals()
  totals.merge([
    ['process_resident_memory_bytes', ['worker-1'], 100],
    ['process_cpu_seconds_total', ['worker-1'], 3],
  ])
  totals.forgetProcess('worker-1')
  expect(line(totals, 'lb_process_resident_memory_bytes{')).toBeUndefined()
  expect(line(totals, 'lb_process_cpu_seconds_total{')).toBe(
    'lb_process_cpu_seconds_total{process="worker-1"} 3',
  )
})

test('what is measured on reading is read before each take', () => {
  const worker = new Registry()
  let length = 3
  worker.onRead(() => worker.gauge('queue_length', ['api', 'worker-0']).set(length))
  expect(worker.take()).toEqual([['queue_length', ['api', 'worker-0'], 3]])
  length = 0
  expect(worker.take()).toEqual([['queue_length', ['api', 'worker-0'], 0]])
})

/** As a message between processes arrives. */
const overIpc = (delta: MetricsDelta): MetricsDelta => JSON.parse(JSON.stringify(delta)) as MetricsDelta
