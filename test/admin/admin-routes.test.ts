// The table of routes through the executable: what there is comes from the gateway's own OpenAPI document.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { isAtLeast, type Role, ROLES } from '../../server/control/store/principal.ts'
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
const MONITORING = ['/', '/_health', '/health', '/_metrics', '/metrics', '/_overview']

test('without a credential nothing is answered that is not open', async () => {
  expect(rows.length).toBeGreaterThan(10)
  const closed = rows.filter((row) => row['x-required-role'] !== null && !MONITORING.includes(row.path))
  expect(closed.length).toBeGreaterThan(10)
  for (const row of closed)
    for (const headers of [
      {},
      { Authorization: 'Bearer slt_none_none' },
      { Cookie: 'sluice-00000000=x; __Host-sluice-00000000=x' },
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

test('each role is refused what is for another, and other sites and types whoever it is', async () => {
  const tokens = new Map<Role, string>()
  for (const role of ROLES) {
    const body = JSON.stringify({ role, name: `of the ${role}` })
    const headers = { 'Content-Type': 'application/json' }
    const made = await fetch('http://localhost/api/v1/tokens', {
      unix: socket,
      method: 'POST',
      headers,
      body,
    })
    tokens.set(role, ((await made.json()) as { token: string }).token)
  }
  const by = (role: Role, headers: Record<string, string> = {}) => ({
    Authorization: `Bearer ${tokens.get(role)}`,
    ...headers,
  })
  for (const row of rows) {
    const least = row['x-required-role'] as Role | null
    if (least === null) continue
    for (const role of ROLES.filter((one) => !isAtLeast(one, least))) {
      const answer = await stranger(row, by(role))
      const { required_role } = (await answer.json()) as { required_role?: string }
      expect([row.method, row.path, role, answer.status, required_role]).toEqual([
        row.method,
        row.path,
        role,
        403,
        least,
      ])
    }
    if (row.method === 'GET') continue
    const other = await stranger(row, by('admin', { Origin: 'http://evil.example' }))
    expect([row.method, row.path, other.status]).toEqual([row.method, row.path, 403])
    if (row.requestBody === undefined) continue
    const form = await stranger(row, by('admin', { 'Content-Type': 'application/x-www-form-urlencoded' }))
    expect([row.method, row.path, form.status]).toEqual([row.method, row.path, 415])
  }
  expect(
    (await stranger({ method: 'GET', path: '/api/v1/status', 'x-required-role': null }, by('viewer'))).status,
  ).toBe(200)
})

test('what tools of other balancers ask for is answered to plain curl with a token', async () => {
  const made = await fetch('http://localhost/api/v1/tokens', {
    ...{ unix: socket, method: 'POST', headers: { 'Content-Type': 'application/json' } },
    body: JSON.stringify({ role: 'editor' }),
  })
  const { token } = (await made.json()) as { token: string }
  const curl = async (...words: readonly string[]): Promise<{ status: number; text: string }> => {
    const command = ['curl', '-sS', '-w', '\n%{http_code}', '-H', `Authorization: Bearer ${token}`, ...words]
    const out = await Bun.spawn(command, { stdout: 'pipe' }).stdout.text()
    const at = out.lastIndexOf('\n')
    return { status: Number(out.slice(at + 1)), text: out.slice(0, at) }
  }
  const { admin, configFile } = gateway
  const text = readFileSync(configFile, 'utf8')
  expect(await curl(`${admin}/api/v1/config`)).toEqual({ status: 200, text })
  expect((await curl(`${admin}/health`)).status).toBe(200)
  expect((await curl(`${admin}/metrics`)).text).toContain('lb_build_info')
  expect(JSON.parse((await curl(`${admin}/api/v1/lbs/web/status`)).text)).toMatchObject({
    name: 'web',
    kind: 'listener',
  })
  const status = JSON.parse((await curl(`${admin}/api/v1/status`)).text)
  expect(status).toMatchObject({ healthy: true, listeners: [{ name: 'web', protocol: 'http' }] })
  const { workers } = JSON.parse((await curl(`${admin}/api/v1/workers`)).text)
  expect(workers.map(({ pid }: { pid: number }) => pid)).toEqual(gateway.workers)
  // What was not read first is overwritten only by whoever says so.
  const post = ['-X', 'POST', '-H', 'Content-Type: application/json', '--data-binary', `@${configFile}`]
  expect((await curl(...post, `${admin}/api/v1/config`)).status).toBe(428)
  const tried = await curl(...post, `${admin}/api/v1/config?dry_run=true`)
  expect([tried.status, JSON.parse(tried.text).dry_run]).toEqual([200, true])
})

test('reading changes nothing, and fails nowhere', async () => {
  const before = readFileSync(gateway.configFile, 'utf8')
  for (const { path } of rows.filter(({ method }) => method === 'GET')) {
    const abort = new AbortController()
    const how = { unix: socket, signal: abort.signal, redirect: 'manual' } as const
    const answer = await fetch(`http://localhost${path}`, how)
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
