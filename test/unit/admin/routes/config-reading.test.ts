// What is read of the config, by whom, in which form; and whether a text would be taken.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routesOf } from '../../../../server/admin/routes.ts'
import { Shell } from '../../../../server/admin/shell.ts'
import { loadConfig } from '../../../../server/config/load.ts'
import type { Served } from '../../../../server/control/change/apply.ts'
import type { NewText } from '../../../../server/control/change/check-given.ts'
import { hashOf } from '../../../../server/control/change/file-part.ts'
import type { Role } from '../../../../server/control/store/principal.ts'
import { BY_ROLE } from '../../../support/by-role.ts'
import { controlFacts } from '../../../support/control-facts.ts'

const folder = mkdtempSync(join(tmpdir(), 'reading-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = join(folder, 'sluice.yaml')
const TEXT = `\uFEFF# the password was hunter2-in-a-comment
listeners:
  web: { bind: "127.0.0.1:8080", protocol: http }
  turn: { bind: "127.0.0.1:3478", protocol: turn, realm: a, auth: { users: { alice: s3cret-of-alice } }, relay: { bind: [127.0.0.1] } }
rules:
  - name: all
    middleware: [ { headers: { request: { set: { X-Api-Key: key-of-the-api, X-Env: "\${READING_ENV}" } } } } ]
    backend: api
backends:
  api: { servers: [ { url: "http://127.0.0.1:9001" } ] }
  other: { servers: [ { url: "http://127.0.0.1:9002" } ], health_check: { path: "/?a=b&api_key=key-of-the-check" } }
x-own: { turn: &turn of-the-user's-own, list: [of-the-user's-own] }
`
const SECRETS = [
  'hunter2',
  's3cret-of-alice',
  'key-of-the-api',
  'key-of-the-check',
  "of-the-user's-own",
  'value-of-env',
]

let applied: NewText[] = []
let shell: Shell
beforeEach(() => {
  applied = []
  writeFileSync(file, TEXT)
  const loaded = loadConfig(file, { READING_ENV: 'value-of-env' })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const { config, hash } = loaded
  const edition = { text: TEXT, hash, config, from: 'file', by: null, replaces: null } as const
  const served = { revision: 3, edition, plan: {} as Served['plan'] }
  const base = controlFacts({})
  const facts = controlFacts({
    gateway: { ...base.gateway, file, served: () => served, addresses: () => ({ web: '127.0.0.1:8080' }) },
    health: () => ({ ...base.health(), config: { revision: 3, hash, rejected: null, unconfirmed: null } }),
    confirm: () => true,
    apply: (given) => {
      applied.push(given)
      const problem = { path: 'rules', message: 'found x', line: 3, text: 'a line for people' }
      const unseen = { path: '', code: 'too_many', message: 'too many dry runs wait already' }
      if (given.text.includes('busy'))
        return Promise.resolve({
          changed: { is: 'rejected', revision: 3, problems: [unseen] },
          warnings: [],
        })
      return Promise.resolve(
        given.text.includes('bad')
          ? { changed: { is: 'rejected', revision: 3, problems: [problem] }, warnings: [] }
          : { changed: { is: 'sound', edition: { ...edition, hash: 'abc' } }, warnings: ['a warning'] },
      )
    },
  })
  shell = new Shell({ routes: routesOf(facts), facts, authenticator: BY_ROLE })
})

interface Init {
  readonly role?: Role
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(path: string, { role = 'viewer', method = 'GET', body, headers }: Init = {}) {
  const request = new Request(`http://10.0.0.1${path}`, {
    method,
    headers: { Host: '10.0.0.1', Authorization: `Bearer ${role}`, ...headers },
    ...(body !== undefined && { body }),
  })
  const server = { timeout: () => {} } as unknown as Bun.Server<undefined>
  const caller = { door: 'tcp', address: '192.0.2.1', uids: [], isSecure: false } as const
  const answer = await shell.answer({ request, server, caller, host: '10.0.0.1' })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const type = answer.headers.get('content-type')
  const isJson = type?.includes('json') === true
  return {
    status: answer.status,
    type,
    headers: answer.headers,
    text: bytes.toString(),
    bytes,
    json: isJson ? JSON.parse(bytes.toString()) : null,
  }
}

const YAML = { Accept: 'application/yaml' }
const JSON_ONLY = { Accept: 'application/json' }

test('an editor reads the exact bytes, and who read them before is told that they are the same', async () => {
  for (const headers of [YAML, { Accept: '*/*' }, { Accept: 'text/plain' }]) {
    const { status, type, bytes } = await ask('/api/v1/config', { role: 'editor', headers })
    expect([status, type, bytes.equals(Buffer.from(TEXT))]).toEqual([200, 'application/yaml', true])
  }
  const { headers } = await ask('/api/v1/config', { role: 'editor' })
  const tag = headers.get('etag')!
  expect(tag).toMatch(/^"[0-9a-f]{64}"$/)
  const again = await ask('/api/v1/config', { role: 'editor', headers: { 'If-None-Match': tag } })
  expect([again.status, again.text]).toEqual([304, ''])
})

test('an editor reads what is written as JSON, with nothing filled in', async () => {
  const { json } = await ask('/api/v1/config', { role: 'editor', headers: JSON_ONLY })
  expect(json.listeners.turn.auth).toEqual({ users: { alice: 's3cret-of-alice' } })
  expect(json.rules[0].middleware[0].headers.request.set['X-Env']).toBe('${READING_ENV}')
})

test('whoever may not change it sees no secret, in no form', async () => {
  for (const role of ['viewer', 'operator'] as const) {
    const refused = await ask('/api/v1/config', { role, headers: YAML })
    expect([refused.status, refused.json.required_role]).toEqual([403, 'editor'])
    for (const view of ['running', 'disk', 'effective']) {
      const { status, text, json } = await ask(`/api/v1/config?view=${view}`, { role })
      expect([view, status, json.backends.api.servers !== undefined]).toEqual([view, 200, true])
      for (const secret of SECRETS)
        expect([view, secret, text.includes(secret)]).toEqual([view, secret, false])
      expect(Object.keys(json.listeners.turn.auth.users)).toEqual(['alice'])
    }
  }
})

test('what takes effect has every default, and is shown to nobody with its secrets', async () => {
  const { json, text } = await ask('/api/v1/config?view=effective', { role: 'admin' })
  expect(json.backends.api.algorithm).toBe('round_robin')
  for (const secret of SECRETS) expect(text).not.toContain(secret)
  expect((await ask('/api/v1/config?view=effective', { role: 'admin', headers: YAML })).status).toBe(406)
})

test('forms and views that there are not are refused', async () => {
  expect((await ask('/api/v1/config', { headers: { Accept: 'text/html' } })).status).toBe(406)
  expect((await ask('/api/v1/config?view=all')).status).toBe(400)
})

test('the status says whether the file is what is served', async () => {
  const status = async () => (await ask('/api/v1/config/status')).json
  expect(await status()).toMatchObject({
    running: { revision: 3, from: 'file' },
    disk: { file, state: 'in_sync', errors: [] },
    pending_confirm: null,
  })
  writeFileSync(file, `${TEXT}# more\n`)
  expect(await status()).toMatchObject({ disk: { state: 'differs' } })
  rmSync(file)
  expect(await status()).toMatchObject({ disk: { state: 'unreadable', hash: null } })
  expect((await ask('/api/v1/config?view=disk', { role: 'editor' })).status).toBe(409)
})

test('a text is tried whatever stands in the file, and nothing is changed', async () => {
  const validate = (body: string, type = 'application/yaml') =>
    ask('/api/v1/config/validate', {
      role: 'editor',
      method: 'POST',
      body,
      headers: { 'Content-Type': type },
    })
  expect((await validate('good: true')).json).toEqual({
    valid: true,
    hash: 'abc',
    errors: [],
    warnings: ['a warning'],
  })
  expect((await validate('bad: true')).json).toEqual({
    valid: false,
    errors: [{ path: 'rules', message: 'found x', line: 3 }],
    warnings: [],
  })
  expect(applied.map(({ isDryRun, expected }) => [isDryRun, expected])).toEqual([
    [true, ''],
    [true, ''],
  ])
  expect((await validate('a = 1', 'application/toml')).status).toBe(415)
})

test('a whole config is written over one that was read, or with intent over any', async () => {
  const put = (method: string, headers: Record<string, string>) =>
    ask('/api/v1/config', {
      role: 'editor',
      method,
      body: 'text',
      headers: { 'Content-Type': 'application/yaml', ...headers },
    })
  expect((await put('PUT', {})).status).toBe(428)
  expect((await put('PUT', { 'If-Match': 'W/"x"' })).status).toBe(400)
  expect((await put('PUT', { 'If-Match': '"0123456789"' })).status).toBe(200)
  expect((await put('POST', { 'If-Match': '*' })).status).toBe(200)
  expect(applied.map(({ expected, by }) => [expected, by])).toEqual([
    ['0123456789', 'editor'],
    ['', 'editor'],
  ])
})

test('a name stands for a listener with the backends of its rules, or else for a backend', async () => {
  expect((await ask('/api/v1/lbs/web')).json).toEqual({
    name: 'web',
    kind: 'listener',
    backends: ['api'],
    address: '127.0.0.1:8080',
  })
  expect((await ask('/api/v1/lbs/other')).json).toMatchObject({ kind: 'backend', backends: ['other'] })
  // A rule that names no listener is one of HTTP.
  expect((await ask('/api/v1/lbs/turn')).json).toMatchObject({ kind: 'listener', backends: [] })
  expect((await ask('/api/v1/lbs/turn/health')).json).toMatchObject({ healthy: true, total_count: 0 })
  for (const path of ['nowhere', 'constructor', 'nowhere/health', 'nowhere/metrics', 'nowhere/status'])
    expect([path, (await ask(`/api/v1/lbs/${path}`)).status]).toEqual([path, 404])
})

test('the contents name each path with who may', async () => {
  const { json } = await ask('/api/v1')
  expect(json.paths).toContainEqual(
    expect.objectContaining({ method: 'PUT', path: '/api/v1/config', role: 'editor' }),
  )
  const schema = await ask('/api/v1/config/schema')
  expect([schema.type, schema.json.title]).toEqual(['application/schema+json', 'Config of Sluice'])
})

test('what is confirmed is what If-Match names, not what took its place', async () => {
  const confirm = (tag: string) =>
    ask('/api/v1/config/confirm', { role: 'editor', method: 'POST', headers: { 'If-Match': tag } })
  expect((await confirm(`"${'0'.repeat(64)}"`)).status).toBe(412)
  expect((await confirm(`"${hashOf(TEXT)}"`)).status).toBe(200)
})

test('what is not looked at, as too much waits, is 429 by whichever door, and says when to ask again', async () => {
  const changes = await ask('/api/v1/changes?dry_run=true', {
    ...{ role: 'editor', method: 'POST', body: JSON.stringify({ text: 'busy' }) },
    headers: { 'Content-Type': 'application/json' },
  })
  const validate = await ask('/api/v1/config/validate', {
    ...{ role: 'editor', method: 'POST', body: 'busy: 1' },
    headers: { 'Content-Type': 'application/yaml' },
  })
  for (const answer of [changes, validate]) {
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1'])
    expect(answer.json).toMatchObject({
      ...{ code: 'too_many', detail: 'Too many dry runs wait already: nothing was looked at.' },
    })
  }
  expect(applied.map(({ account }) => account)).toEqual([expect.any(String), expect.any(String)])
})

test('the status says why the file cannot be read', async () => {
  const why = async () => (await ask('/api/v1/config/status')).json.disk.why
  expect(await why()).toBeNull()
  rmSync(file)
  expect(await why()).toBe('no file of this name')
  mkdirSync(file)
  try {
    expect(await why()).toBe('a folder')
  } finally {
    rmSync(file, { recursive: true })
  }
})
