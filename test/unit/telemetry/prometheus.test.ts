import { expect, test } from 'bun:test'
import { ExchangeMeter } from '../../../server/telemetry/exchange-meter.ts'
import { meterProcess } from '../../../server/telemetry/gather.ts'
import { escapeLabel, renderMetrics } from '../../../server/telemetry/prometheus.ts'
import { Totals } from '../../../server/telemetry/registry.ts'
import { METRICS, type MetricName } from '../../../server/tables/metrics.ts'
import { needs } from '../../support/needs.ts'
import { fakeExchange } from './fake-exchange.ts'

const promtool = needs('promtool')

/** Every metric with a value, so that the whole table is looked at. */
function everything(): Totals {
  const totals = new Totals()
  new ExchangeMeter(totals).exchange(fakeExchange())
  meterProcess(totals, 'supervisor')
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const { type, labels } = METRICS[name]
    const values = labels.map((label) => `a "strange"\\\n${label}`)
    if (type === 'counter') totals.counter(name, values).add(1)
    else if (type === 'gauge') totals.gauge(name, values).set(0.5)
    else totals.histogram(name, values).observe(3)
  }
  return totals
}

promtool('promtool finds nothing to say about any metric (skipped: needs promtool)', async () => {
  const check = Bun.spawn(['promtool', 'check', 'metrics'], { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' })
  check.stdin.write(renderMetrics(everything(), 'lb'))
  await check.stdin.end()
  const said = (await new Response(check.stdout).text()) + (await new Response(check.stderr).text())
  expect(said).toBe('')
  expect(await check.exited).toBe(0)
})

test('label values are escaped', () => {
  expect(escapeLabel('a"b\\c\nd')).toBe('a\\"b\\\\c\\nd')
  const totals = new Totals()
  totals.counter('faults_total', ['a"b\\c\nd']).add(1)
  expect(renderMetrics(totals, 'lb')).toContain('lb_faults_total{code="a\\"b\\\\c\\nd"} 1\n')
})

test('the prefix is settable', () => {
  const totals = new Totals()
  totals.gauge('workers').set(4)
  expect(renderMetrics(totals, 'edge')).toContain('# TYPE edge_workers gauge\nedge_workers 4\n')
})

test('each metric has its HELP and TYPE once, before its samples', () => {
  const lines = renderMetrics(everything(), 'lb').split('\n')
  const helps = lines.filter((line) => line.startsWith('# HELP '))
  expect(helps).toHaveLength(Object.keys(METRICS).length)
  expect(new Set(helps).size).toBe(helps.length)
  for (const [at, line] of lines.entries())
    if (line.startsWith('# HELP ')) expect(lines[at + 1]).toStartWith('# TYPE ')
})

test('counters without labels are there from the start', () => {
  expect(renderMetrics(new Totals(), 'lb')).toContain('\nlb_worker_restarts_total 0\n')
})
