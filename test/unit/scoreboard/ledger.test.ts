import { afterEach, beforeEach, expect, test } from 'bun:test'
import { closeSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Ledger } from '../../../server/scoreboard/ledger.ts'
import { leftLines, LogSegments } from '../../../server/scoreboard/log-segments.ts'
import { addSeries, SeriesReader } from '../../../server/scoreboard/series-cells.ts'
import { counterReader, Registry, Totals } from '../../../server/telemetry/registry.ts'

let worker: Ledger
let supervisor: Ledger
beforeEach(() => {
  supervisor = new Ledger(Ledger.create(tmpdir()))
  // As another process has it: a mapping of its own.
  worker = new Ledger(openSync(`/proc/self/fd/${supervisor.fd}`, 'r+'))
})
afterEach(() => {
  supervisor.close()
  worker.close()
})

test('what is counted in one mapping is taken in the other, each count once', () => {
  const reader = new SeriesReader(supervisor, (text) => text)
  const seen: string[] = []
  const take = (): void => reader.take((text, now, before) => void seen.push(`${text} ${before}→${now}`))
  const cells = addSeries(worker, 'a', 2)!
  take()
  expect(seen).toEqual([])
  cells[0]! += 1
  cells[1]! += 2.5
  take()
  take()
  cells[0]! += 1
  take()
  expect(seen).toEqual(['a 0,0→1,2.5', 'a 1,2.5→2,2.5'])
})

test('series beyond the first mapping are found as well', () => {
  const reader = new SeriesReader(supervisor, (text) => text)
  const first = worker.bytes.length
  const cells = Array.from({ length: 5000 }, (_, i) =>
    addSeries(worker, `series ${i} ${'ä'.repeat(i % 50)}`, 1)!,
  )
  expect(worker.bytes.length).toBeGreaterThan(first)
  for (const [i, cell] of cells.entries()) cell[0]! += i
  let sum = 0
  reader.take((text, [now = 0]) => {
    expect(text.startsWith(`series ${now} `)).toBe(true)
    sum += now
  })
  expect(sum).toBe((4999 * 5000) / 2)
})

test('a registry on a ledger is added up like one that sends what changed, and sends nothing', () => {
  const totals = new Totals()
  const reader = counterReader(supervisor)
  for (const registry of [new Registry(undefined, worker), new Registry()]) {
    const requests = registry.counter('retry_budget_exhausted_total', ['api'])
    const seconds = registry.histogram('request_duration_seconds', ['web', 'all', 'api'])
    for (let round = 0; round < 3; round++) {
      requests.add(2)
      seconds.observe(0.003)
      seconds.observe(1000)
      registry.gauge('queue_length', ['api', 'worker-0']).set(round)
      const sent = registry.take()
      totals.merge(sent)
      totals.collect(reader)
      totals.collect(reader)
    }
  }
  expect(totals.counter('retry_budget_exhausted_total', ['api']).value).toBe(12)
  expect(totals.gauge('queue_length', ['api', 'worker-0']).value).toBe(2)
  const seconds = totals.histogram('request_duration_seconds', ['web', 'all', 'api'])
  expect([seconds.counts[2], seconds.counts.at(-1)]).toEqual([6, 6])
  expect(seconds.sum).toBeCloseTo(6000.018)
})

test('segments are handed out once, in order, and again when they are free', () => {
  const segments = new LogSegments(worker)
  const taken = [0, 1, 2, 3].map(() => segments.acquire(131_072))
  expect(taken.every((segment) => segment !== null)).toBe(true)
  expect(segments.acquire(131_072)).toBeNull()
  expect(segments.acquire(4096)).toBeNull()
  for (const [i, segment] of taken.entries()) {
    segment!.bytes.set(Buffer.from(`${i}\n`))
    segment!.publish(2)
  }
  taken[0]!.free()
  const again = segments.acquire(131_072)!
  again.bytes.set(Buffer.from('4\n'))
  again.publish(2)
  expect(leftLines(supervisor).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
    '1\n',
    '2\n',
    '3\n',
    '4\n',
  ])
  for (const segment of [again, ...taken.slice(1)]) segment!.free()
  expect(leftLines(supervisor)).toEqual([])
  expect(segments.acquire(4096)).not.toBeNull()
})

test('what is no ledger is not taken for one', () => {
  const fd = openSync('/proc/self/exe', 'r')
  expect(() => new Ledger(fd)).toThrow()
  closeSync(fd)
})
