import { describe, expect, test } from 'bun:test'
import { SERVER_FAULTS } from '../../../server/backends/server-fault.options.ts'
import { parseConfig } from '../../../server/config/load.ts'

type Words = Record<string, unknown>

const load = (words: Words): ReturnType<typeof parseConfig> =>
  parseConfig(
    'test.json',
    Buffer.from(
      JSON.stringify({ listen: '127.0.0.1:0', backends: [{ url: 'http://127.0.0.1:1' }], ...words }),
    ),
    {},
  )

/** What is said of a breaker: `path: message; hint`, warnings too. */
function said(circuit_breaker: unknown): string[] {
  const loaded = load({ circuit_breaker })
  const all = loaded.ok ? loaded.warnings : loaded.problems
  return all.map(({ path, message, hint }) => `${path}: ${message}; ${hint}`)
}

test('a breaker is there once it is written, with what is usual', () => {
  const without = load({})
  expect(without.ok && without.config.backends['default']?.circuit_breaker).toBeUndefined()
  const loaded = load({ circuit_breaker: {} })
  expect(loaded.ok && loaded.config.backends['default']?.circuit_breaker).toEqual({
    mode: 'enforce',
    ...{ failure_ratio: 0.5, min_requests: 100, window: 60_000, max_out: 0.5 },
    counts: { statuses: ['500-599'], faults: [...SERVER_FAULTS] },
    ...{ open_for: 30_000, open_for_max: 300_000, half_open_requests: 3, half_open_successes: 3 },
  })
})

test('statuses are written in each way that statuses are', () => {
  const loaded = load({ circuit_breaker: { counts: { statuses: [503, '50x'.replace('x', '4'), '5xx'] } } })
  expect(loaded.ok && loaded.config.backends['default']?.circuit_breaker?.counts.statuses).toEqual([
    ...['503-503', '504-504', '500-599'],
  ])
})

describe('what does not fit is told with where it stands and what to do:', () => {
  test.each<[string, unknown, RegExp]>([
    ['a share above one', { failure_ratio: 50 }, /^circuit_breaker\.failure_ratio: found 50, allowed .*1/],
    ['no requests', { min_requests: 0 }, /^circuit_breaker\.min_requests: found 0/],
    ['a window of nothing', { window: '10ms' }, /^circuit_breaker\.window: .*1s/],
    ['an unknown mode', { mode: 'dry-run' }, /^circuit_breaker\.mode: .*write shadow/],
    [
      'an unknown fault',
      { counts: { faults: ['rate_limited'] } },
      /^circuit_breaker\.counts\.faults.*rate_limited/,
    ],
    [
      'a status that is none',
      { counts: { statuses: [700] } },
      /^circuit_breaker\.counts\.statuses.*a status or a range/,
    ],
    ['the name of another product', { failure_threshold: 5 }, /failure_threshold.*failures/],
    ['another one', { timeout: '30s' }, /timeout.*open_for/],
    ['a word in place of a map', true, /write \{\}/],
    ['an expression', { expression: 'NetworkErrorRatio() > 0.3' }, /expression.*write failure_ratio for/],
    ['a switch', { enabled: true }, /enabled.*mode: off/],
    [
      'a longest time that is shorter than the first',
      { open_for: '10m', open_for_max: '1m' },
      /^circuit_breaker\.open_for_max: found 1m, less than open_for \(10m\), allowed open_for or longer/,
    ],
    ['none that may be out', { max_out: 0 }, /^circuit_breaker\.max_out: found 0: no server may be out/],
    [
      'nothing that counts',
      { counts: { statuses: [], faults: [] } },
      /^circuit_breaker\.counts(\.faults)?: found /,
    ],
  ])('%s', (_what, breaker, expected) => {
    const [first = ''] = said(breaker)
    expect(first).toMatch(expected)
  })
})

test('statuses mean nothing where bytes are passed on as they come', () => {
  const words = {
    listeners: { db: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'db' } },
    backends: {
      db: { servers: [{ url: 'tcp://127.0.0.1:1' }], circuit_breaker: { counts: { statuses: [500] } } },
    },
  }
  const loaded = parseConfig('test.json', Buffer.from(JSON.stringify(words)), {})
  expect(!loaded.ok && loaded.problems.map(({ path }) => path)).toEqual([
    'backends.db.circuit_breaker.counts.statuses',
  ])
})

test('beside a server it is told that it holds for all of them', () => {
  const loaded = load({ backends: [{ url: 'http://127.0.0.1:1', circuit_breaker: {} }] })
  expect(loaded.ok).toBe(false)
  expect(!loaded.ok && loaded.problems[0]?.hint).toContain('holds for all servers')
})
