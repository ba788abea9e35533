// The admin API asked by its own OpenAPI document: whatever is sent, nothing fails in the gateway, and every
// no is a problem that names its request. SLUICE_FUZZ_RUNS says how many.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { type ApiDocument, type ApiRequest, someRequest } from './api-inputs.ts'

const RUNS = Math.min(Number(process.env['SLUICE_FUZZ_RUNS'] ?? 600), 20_000)
setDefaultTimeout(Math.max(120_000, RUNS * 50))
/** They would end what is asked, for good or for another. */
const LEFT_OUT = ['POST /api/v1/stop', 'POST /api/v1/upgrade']
/** What is said of a gateway that is well, rather than by one that fails. */
const MEANT = new Set(['not_now', 'relay_unavailable'])

let gateway: Gateway
let document: ApiDocument
let unix = ''
beforeAll(async () => {
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', backend: 'api' }],
      backends: { api: { servers: [{ name: 'a', url: 'http://127.0.0.1:1' }] } },
    },
  })
  unix = controlSocketPath(join(gateway.folder, 'data'), gateway.configFile)
  document = (await (await fetch('http://localhost/api/v1/openapi.json', { unix })).json()) as ApiDocument
})
afterAll(() => gateway[Symbol.asyncDispose]())

test('whatever is sent, nothing fails in the gateway, and every no says why', async () => {
  const seed = seedOfRun()
  const statuses = new Map<number, number>()
  for (let run = 0; run < RUNS; run++) {
    const request = someRequest(seededRandom(seed + run), document, (name) => !LEFT_OUT.includes(name))
    const status = await ask(request).catch((error: unknown) => {
      throw new Error(
        `SLUICE_SEED=${seed + run} SLUICE_FUZZ_RUNS=1, ${JSON.stringify(request).slice(0, 2000)}: ${String(error)}\n${gateway.stderr.slice(-3000)}`,
        { cause: error },
      )
    })
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  // They come far: some are done, and not all are refused for the same.
  if (RUNS >= 600) expect([(statuses.get(200) ?? 0) > 30, statuses.size > 5]).toEqual([true, true])
  expect(gateway.events.filter(({ event }) => event === 'bug')).toEqual([])
  await expectSound()
})

/** What came of it all is a config that is valid, stands in the file and is served to clients. */
async function expectSound(): Promise<void> {
  const { code, stderr } = await runCommand(['check', gateway.configFile])
  expect([code, stderr.replace(/^.*: warning: .*\n/gm, '')]).toEqual([0, ''])
  const asked = async (path: string): Promise<unknown> =>
    (await fetch(`http://localhost${path}`, { unix })).json()
  expect(await asked('/api/v1/config/status')).toMatchObject({ disk: { state: 'in_sync' } })
  const { listeners, workers } = (await asked('/_health')) as Health
  expect(workers.serving).toBe(workers.wanted)
  for (const { protocol, addresses } of listeners)
    if (protocol === 'http')
      for (const address of addresses.filter((one) => one.startsWith('127.')))
        expect((await fetch(`http://${address}/`, { redirect: 'manual' })).status).toBeGreaterThan(199)
}

interface Health {
  readonly listeners: readonly { readonly protocol: string; readonly addresses: readonly string[] }[]
  readonly workers: { readonly serving: number; readonly wanted: number }
}

async function ask({ method, target, headers, body }: ApiRequest): Promise<number> {
  const abort = new AbortController()
  const answer = await fetch(`http://localhost${target}`, {
    // Followed, it would be asked for by TCP.
    redirect: 'manual',
    ...{ unix, method, headers, signal: abort.signal },
    ...(body !== null && method !== 'GET' && { body }),
  })
  const type = answer.headers.get('content-type')
  if (type?.startsWith('text/event-stream') === true) {
    abort.abort()
    return answer.status
  }
  const text = await answer.text()
  if (answer.status < 400) return answer.status
  if (type === 'application/json' && text.includes('"healthy"')) return answer.status
  expect([answer.status, type]).toEqual([answer.status, 'application/problem+json'])
  const { status, code, instance, detail } = JSON.parse(text) as Record<string, unknown>
  expect({ status, instance, detail }).toEqual({
    status: answer.status,
    instance: expect.stringMatching(/^req_/),
    detail: expect.stringMatching(/\S/),
  } as never)
  if (answer.status >= 500)
    expect([answer.status, text, MEANT.has(String(code))]).toEqual([answer.status, text, true])
  return answer.status
}
