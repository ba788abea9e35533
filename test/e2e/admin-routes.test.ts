// The table of routes through the executable: what there is comes from the gateway's own OpenAPI document.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

interface Operation {
  readonly 'x-required-role': string | null
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
}

interface Row extends Operation {
  readonly method: string
  readonly path: string
}

let gateway: Gateway
let rows: readonly Row[] = []
let socket = ''

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', respond: { status: 200 } }],
    },
  })
  socket = controlSocketPath(`${gateway.folder}/data`, gateway.configFile)
  const document = (await local('GET', '/api/v1/openapi.json').then((answer) => answer.json())) as {
    paths: Record<string, Record<string, Operation>>
  }
  rows = Object.entries(document.paths).flatMap(([path, all]) =>
    Object.entries(all).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path: path.replaceAll(/\{\w+\}/g, 'some'),
    })),
  )
})
afterAll(() => gateway[Symbol.asyncDispose]())

const local = (method: string, path: string): Promise<Response> =>
  fetch(`http://localhost${path}`, { unix: socket, method })

function stranger(
  { method, path, requestBody }: Row,
  headers: Record<string, string> = {},
): Promise<Response> {
  const [type] = Object.keys(requestBody?.content ?? {})
  return fetch(`${gateway.admin}${path}`, {
    method,
    headers: { ...(type !== undefined && { 'Content-Type': type }), ...headers },
    ...(type !== undefined && { body: '{}' }),
    redirect: 'manual',
  })
}

/** Read without a credential by this machine, as monitoring does. */
const MONITORING = ['/', '/_health', '/health', '/_metrics', '/metrics']

test('without a credential nothing is answered that is not open', async () => {
  expect(rows.length).toBeGreaterThan(10)
  const closed = rows.filter((row) => row['x-required-role'] !== null && !MONITORING.includes(row.path))
  expect(closed.length).toBeGreaterThan(10)
  for (const row of closed)
    for (const headers of [
      {},
      { Authorization: 'Bearer slt_none_none' },
      { Cookie: 'sluice=x; __Host-sluice=x' },
    ]) {
      const answer = await stranger(row, headers as Record<string, string>)
      expect([row.method, row.path, headers, answer.status]).toEqual([row.method, row.path, headers, 401])
      expect(await answer.json()).toMatchObject({ status: 401, instance: expect.stringMatching(/^req_/) })
    }
  for (const path of [
    '/nowhere',
    '/api',
    '/api/v1/nowhere',
    '/API/v1',
    '/api/v1/',
    '//api/v1',
    '/api/v1/%63onfig',
  ])
    expect([path, (await fetch(`${gateway.admin}${path}`)).status]).toEqual([path, 401])
})

test('names that were made to point here, and other sites, are refused by every route', async () => {
  for (const row of rows) {
    expect((await stranger(row, { Host: 'evil.example' })).status).toBe(421)
    if (row.method === 'GET' || row['x-required-role'] !== null) continue
    expect((await stranger(row, { Origin: 'http://evil.example' })).status).toBe(403)
  }
})

test('reading changes nothing, and fails nowhere', async () => {
  const before = readFileSync(gateway.configFile, 'utf8')
  for (const { path } of rows.filter(({ method }) => method === 'GET')) {
    const abort = new AbortController()
    const answer = await fetch(`http://localhost${path}`, { unix: socket, signal: abort.signal })
    // Streams of events have no end.
    abort.abort()
    expect([path, answer.status >= 500, answer.headers.get('sluice-config-revision')]).toEqual([
      path,
      false,
      '1',
    ])
  }
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(before)
})
