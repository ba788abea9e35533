// The public tests of HTTP caches, but for those that wait for answers to become stale: all of them run with
// `bun bench/cache.ts`.
import { expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { runCacheTests, startTestsServer } from '../support/cache-tests.ts'

/** What this cache does on purpose (docs/decisions.md, "HTTP cache"). */
const NOT_PASSED = [
  'age-parse-prefix',
  'headers-store-Set-Cookie',
  'headers-store-Transfer-Encoding',
  '304-etag-update-response-Set-Cookie',
]

test('what they require of every cache holds, but for what is meant otherwise', async () => {
  await using origin = await startTestsServer()
  const rules = [{ name: 'all', match: {}, middleware: [{ cache: {} }], backend: 'origin' }]
  await using gateway = startEngine({ config: { ...toServers([origin.url]), rules } })
  const { passed, failed } = await runCacheTests(`http://127.0.0.1:${gateway.port()}`, true)
  const others = failed.required.filter((one) => !NOT_PASSED.includes(one.split(':')[0] ?? ''))
  expect(others).toEqual([])
  expect(passed.required.length).toBeGreaterThanOrEqual(60)
}, 60_000)
