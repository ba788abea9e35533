// The public tests of HTTP caches (npm: http-cache-tests, behind cache-tests.fyi): their server, and their
// client against a gateway with a cache between. What they keep is global: one run for each process.
import { createServer } from 'node:http'
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs'
import handleConfig from 'http-cache-tests/server/handle-config.mjs'
import handleState from 'http-cache-tests/server/handle-state.mjs'
import handleTest from 'http-cache-tests/server/handle-test.mjs'
import suites from 'http-cache-tests/tests/index.mjs'
import { freePort } from './kernel.ts'

/** Their server; what it is asked says what it answers. */
export async function startTestsServer(): Promise<{ readonly url: string } & AsyncDisposable> {
  const handles = { config: handleConfig, state: handleState, test: handleTest }
  const server = createServer((request, response) => {
    const [, kind = '', ...segments] = new URL(request.url ?? '/', 'http://h').pathname.split('/')
    if (kind === 'config' || kind === 'state' || kind === 'test') handles[kind](segments, request, response)
    else response.end()
  })
  const port = freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface CacheTestsResult {
  /** Ids by what came of them; why a test failed is behind its id. */
  readonly passed: Readonly<Record<Kind, readonly string[]>>
  readonly failed: Readonly<Record<Kind, readonly string[]>>
  /** They hang on others that failed. */
  readonly skipped: readonly string[]
}

type Kind = 'required' | 'optimal' | 'check'

/** Runs them against a gateway. `isShort`: without those that wait for answers to become stale. */
export async function runCacheTests(base: string, isShort: boolean): Promise<CacheTestsResult> {
  const chosen = suites.map((suite) => ({
    ...suite,
    tests: suite.tests.filter(
      (one) => one.browser_only !== true && !(isShort && one.requests.some((asked) => asked.pause_after)),
    ),
  }))
  const all = chosen.flatMap(({ tests }) => tests)
  await runTests(chosen, fetchPlainly, false, base, all.length)
  const results = getResults()
  const passed: Record<Kind, string[]> = { required: [], optimal: [], check: [] }
  const failed: Record<Kind, string[]> = { required: [], optimal: [], check: [] }
  const skipped: string[] = []
  for (const { id, kind = 'required', depends_on: depends = [] } of all) {
    const result = results[id]
    if (result === true) passed[kind].push(id)
    else if (depends.some((other) => Object.hasOwn(results, other) && results[other] !== true))
      skipped.push(id)
    else failed[kind].push(`${id}: ${result?.join(': ') ?? 'not run'}`)
  }
  return { passed, failed, skipped }
}

const fetchPlainly = (url: string, init?: RequestInit): Promise<Response> =>
  fetch(url, { ...init, redirect: 'manual', decompress: false } as RequestInit)
