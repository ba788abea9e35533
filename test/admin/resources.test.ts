// Resources of a gateway in its own processes: a change edits its file by the lines that it is about, is
// served at once, and nobody notices it who is served.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { api } from '../../server/cli/api.ts'
import { apply } from '../../server/cli/apply.ts'
import { history } from '../../server/cli/history.ts'
import { rollback } from '../../server/cli/rollback.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { changedLines } from '../../server/lib/unified-diff.ts'
import { saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { waitFor } from '../support/wait.ts'

const servers = ['a', 'b'].map((body) =>
  Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(body) }),
)
const [first, second] = servers.map(({ port }) => `http://127.0.0.1:${port}`)
let gateway: Gateway

beforeAll(async () => {
  gateway = await startGateway({
    config: `# the owner's words
listeners: { web: { bind: "127.0.0.1:0" } }

rules:
  # everything
  - name: all
    backend: api

backends:
  api:
    servers:
      - { url: "${first}", weight: 1, name: a }   # rack A
      - { url: "${second}", weight: 0, name: b }   # rack B
workers: 2
drain: 1s
admin: false
`,
  })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  for (const server of servers) await server.stop(true)
})

const onDisk = (): string => readFileSync(gateway.configFile, 'utf8')

interface Told {
  readonly status: number
  readonly tag: string
  // oxlint-disable-next-line typescript/no-explicit-any -- documents of many shapes
  readonly body: any
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Told> {
  const answer = await fetch(`http://gateway/api/v1${path}`, {
    ...{ unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile), method },
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, tag: answer.headers.get('etag') ?? '', body: await answer.json() }
}

const answers = async (): Promise<string> => (await gateway.fetch('/')).text()

test('a weight that is changed is one line of the file, and where requests go, with none of them lost', async () => {
  const load = startLoad(gateway.port(), { connections: 4 })
  await waitFor(() => load.answered > 20)
  const before = onDisk()
  const made = await ask('PATCH', '/backends/api/servers/b', { weight: 5 })
  expect(made.body).toMatchObject({ configured: { weight: 5 }, change: { changed: true, revision: 2 } })
  expect(changedLines(before, onDisk())).toEqual({ went: 1, came: 1 })
  expect(onDisk()).toContain(`weight: 5, name: b }   # rack B`)
  await ask('PATCH', '/backends/api/servers/a', { weight: 0 })
  // 'a' has no weight any more.
  expect([await answers(), await answers(), await answers()]).toEqual(['b', 'b', 'b'])
  const since = load.answered
  await waitFor(() => load.answered > since + 20)
  expect(await load.stop()).toMatchObject({ failed: 0 })
  expect((await ask('GET', '/backends/api')).body.live).toMatchObject({
    ...{ servers: 2, states: { unchecked: 2 } },
  })
})

test('two who change the same one: the second is told; of two others both are there', async () => {
  const { tag } = await ask('GET', '/rules/all')
  const headers = { 'If-Match': tag }
  const both = await Promise.all([
    ask('PATCH', '/rules/all', { match: { path: ['/*'] } }, headers),
    ask('PATCH', '/rules/all', { match: { path: ['/other/*'] } }, headers),
    ask('PATCH', '/backends/api', { algorithm: 'random' }),
    ask('POST', '/backends', { name: 'web', servers: [{ url: 'http://127.0.0.1:9' }] }),
  ])
  expect(both.map(({ status }) => status)).toEqual([200, 412, 200, 201])
  expect(both[1]?.body.current.match).toEqual({ path: ['/*'] })
  // Who came second is told by the revisions who was first, and of which field.
  expect(both[1]?.body).toMatchObject({ changed_by: expect.any(String), changed_fields: ['/match'] })
  expect(onDisk()).toContain('algorithm: random')
  expect(onDisk()).toContain('  web:\n    servers:\n      - { url: "http://127.0.0.1:9" }\n')
  const revisions = await ask('GET', '/config/revisions')
  expect(revisions.body.revisions ?? revisions.body.items).toBeArray()
})

test('a dry run says what would change, in words and for whom, and changes nothing', async () => {
  const before = onDisk()
  const { status, body } = await ask('PATCH', '/backends/api/servers/a?dry_run=true', { weight: 7 })
  expect([status, onDisk()]).toEqual([200, before])
  expect(body.diff).toContain('weight: 7')
  expect(body.changes.map(({ words }: { words: string }) => words).join()).toContain('weight')
  expect(body.impact).toBeObject()
})

test('a dry run foretells also what the file cannot be given, and says that', async () => {
  const before = onDisk()
  const inTheWay = join(gateway.folder, '.sluice.yaml.sluice-new')
  mkdirSync(inTheWay)
  try {
    const { status, body } = await ask('PATCH', '/backends/api/servers/a?dry_run=true', { weight: 7 })
    expect([status, onDisk()]).toEqual([200, before])
    expect(body.impact).toBeObject()
    expect(body.not_writable.cause).toStartWith(`cannot write ${gateway.configFile}: `)
    expect(body.not_writable.patch).toContain('weight: 7')
    const draft = join(gateway.folder, 'next.yaml')
    writeFileSync(draft, before.replace('random', 'round_robin'))
    const foretold = await saidBy((io) => apply([draft, '--dry-run', '-c', gateway.configFile], io), {
      cwd: gateway.folder,
    })
    expect(foretold.code).toBe(0)
    expect(foretold.err).toContain(`\nwarning: cannot write ${gateway.configFile}: `)
    expect(foretold.out).toContain('it would change:')
    const refused = await ask('PATCH', '/backends/api/servers/a', { weight: 7 })
    expect([refused.status, refused.body.code]).toEqual([409, 'file_read_only'])
  } finally {
    rmSync(inTheWay, { recursive: true })
  }
})

test('who edits the file by hand is not written over, and a file that cannot be written answers with the patch', async () => {
  const before = onDisk()
  const bad = `${before}listeners: {}\n`
  writeFileSync(gateway.configFile, bad)
  await gateway.event('rejected')
  const told = await ask('PATCH', '/backends/api', { algorithm: 'round_robin' })
  expect([told.status, told.body.code, told.body.theirs.text]).toEqual([412, 'file_broken', bad])
  const [problem] = told.body.errors
  expect(told.body.detail).toBe(`Nothing was written: ${gateway.configFile} is no valid config as it stands.`)
  expect(problem.message).toStartWith(`${gateway.configFile} is no valid config as it stands: line `)
  expect(problem.hint).toContain(`mend it there ("sluice check ${gateway.configFile}" tells all of it)`)
  expect(onDisk()).toBe(bad)
  // The same of a whole text.
  const whole = await fetch('http://gateway/api/v1/config', {
    ...{ unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile), method: 'PUT' },
    body: before.replace('algorithm: random', 'algorithm: round_robin'),
  })
  const refusedText = (await whole.json()) as Told['body']
  expect([whole.status, refusedText.base.text, refusedText.theirs.text]).toEqual([412, before, bad])
  // One that is gone is not called another's change, and comes back as it is said.
  rmSync(gateway.configFile)
  const gone = await ask('PATCH', '/backends/api', { algorithm: 'round_robin' })
  expect([gone.status, gone.body.code, gone.body.theirs.hash]).toEqual([412, 'file_missing', null])
  expect(gone.body.detail).toBe(`Nothing was written: ${gateway.configFile} cannot be read.`)
  expect(gone.body.errors[0].message).toStartWith(`${gateway.configFile} is not there any more: what it said`)
  expect(gone.body.hint).toStartWith('put it back, or "sluice history N >" it')
  const back = await saidBy((io) => rollback([], io), { cwd: gateway.folder })
  expect([back.code, back.err]).toEqual([1, expect.stringContaining('is not there any more')])
  expect(back.err).toContain('"sluice history N >" it')
  const { revision } = (await ask('GET', '/config/status')).body.running
  const served = await saidBy((io) => history([String(revision)], io), { cwd: gateway.folder })
  expect(served.out).toBe(before)
  writeFileSync(gateway.configFile, served.out)
  await waitFor(async () => (await ask('GET', '/config/status')).body.disk.state === 'in_sync')
  // Of root nothing is read-only.
  if (process.getuid?.() === 0) return
  chmodSync(gateway.folder, 0o500)
  try {
    const refused = await ask('PATCH', '/backends/api', { algorithm: 'round_robin' })
    expect([refused.status, refused.body.code]).toEqual([409, 'file_read_only'])
    expect(refused.body.patch).toContain('+    algorithm: round_robin')
    const args = [
      'backends/api',
      '-X',
      'PATCH',
      '-d',
      '{"algorithm":"round_robin"}',
      '-c',
      gateway.configFile,
    ]
    expect((await saidBy((io) => api(args, io), { cwd: gateway.folder })).err).toContain(
      '\n+    algorithm: round_robin\n',
    )
  } finally {
    chmodSync(gateway.folder, 0o700)
  }
})

test('rules are moved and removed, what is in use stays, and a set of changes is one revision', async () => {
  expect((await ask('DELETE', '/backends/api')).body).toMatchObject({
    code: 'in_use',
    used_by: ['rules/all'],
  })
  const ops = [
    {
      op: 'create',
      resource: 'rules',
      value: { name: 'here', match: { path: '/here' }, respond: { body: 'here' } },
    },
    { op: 'move', resource: 'rules/here', before: 'all' },
    { op: 'delete', resource: 'backends/web' },
  ]
  const message = 'three at once'
  const told = await ask('POST', '/changesets', { ops, message })
  expect(told.status).toBe(200)
  const { revisions } = (await ask('GET', '/config/revisions?limit=10')).body
  const made = revisions.filter((one: { message: string | null }) => one.message === message)
  expect(made.map((one: { revision: number }) => one.revision)).toEqual([told.body.change.revision])
  expect(await (await gateway.fetch('/here')).text()).toBe('here')
  expect((await ask('DELETE', '/rules/here')).status).toBe(200)
  expect(await answers()).toBe('b')
})

test('the audit has what was written before and what is written now, without secrets', async () => {
  const newest = async (): Promise<unknown> => (await ask('GET', '/audit?limit=1')).body.items[0]
  const { revision } = (await ask('GET', '/config/status')).body.running
  await ask('PATCH', '/backends/api/servers/b', { weight: 7 }, { 'If-Match': '*' })
  await waitFor(async () => JSON.stringify(await newest()).includes('"weight":7'))
  expect(await newest()).toMatchObject({
    action: 'backends.servers.update',
    result: 'done',
    before: { revision, 'backends/api/servers/b': { name: 'b' } },
    after: { revision: revision + 1, 'backends/api/servers/b': { weight: 7, name: 'b' } },
  })

  const middleware = [{ headers: { request: { set: { Authorization: 'Basic b3duZXI6czNjcmV0' } } } }]
  const ops = [
    { op: 'create', resource: 'rules/new', value: { match: { path: '/new' }, middleware, backend: 'api' } },
    { op: 'delete', resource: 'backends/api/servers/a' },
  ]
  const made = await ask('POST', '/changesets', { ops }, { 'If-Match': '*' })
  expect(made.body.errors ?? []).toEqual([])
  expect([made.status, onDisk().includes('b3duZXI6czNjcmV0')]).toEqual([200, true])
  await waitFor(async () => JSON.stringify(await newest()).includes('rules/new'))
  const entry = await newest()
  expect(entry).toMatchObject({
    before: { 'backends/api/servers/a': { name: 'a' } },
    after: { revision: revision + 2, 'rules/new': { backend: 'api' } },
  })
  expect(JSON.stringify(entry)).not.toContain('b3duZXI6czNjcmV0')
})

test('a dry run is no change in the audit, and a refused one says that it was dry', async () => {
  const entries = async (): Promise<unknown[]> => (await ask('GET', '/audit?limit=50')).body.items
  const before = (await entries()).length
  const of = '/backends/api/servers/b'
  const match = { 'If-Match': '*' }
  const ops = [{ op: 'delete', resource: 'rules/new' }]
  expect((await ask('PATCH', `${of}?dry_run=true`, { weight: 9 }, match)).status).toBe(200)
  expect((await ask('POST', '/changesets?dry_run=true', { ops }, match)).status).toBe(200)
  expect((await ask('PATCH', `${of}?dry_run=true`, { weight: 'heavy' }, match)).status).toBeGreaterThan(399)
  // The first word counts, and this is no dry run: neither for the route nor for the audit.
  const twice = await ask('PATCH', `${of}?dry_run=false&dry_run=true`, { weight: 8 }, match)
  await waitFor(async () => (await entries()).length >= before + 2)
  expect((await entries()).slice(0, 2)).toMatchObject([
    { result: twice.status === 200 ? 'done' : 'refused', message: null },
    { action: 'backends.servers.update', result: 'refused', message: 'a dry run' },
  ])
  expect((await entries()).length).toBe(before + 2)
})

test('what the file spells by an older key is told and changed by ours, and never stands there twice', async () => {
  const retry = { max_retries: 3, backoff_ms: 100 }
  const sent = { name: 'older', servers: [{ url: 'http://127.0.0.1:9' }], retry }
  const { status } = await ask('POST', '/backends', sent)
  expect([status, onDisk().includes('max_retries: 3')]).toEqual([201, true])
  const told = await ask('GET', '/backends/older')
  expect(told.body.configured.retry).toEqual({ attempts: 4, backoff: '100ms' })
  const other = await ask('PATCH', '/backends/older', { algorithm: 'random' })
  expect([other.status, onDisk().includes('max_retries: 3')]).toEqual([200, true])
  const made = await ask('PATCH', '/backends/older', { retry: { attempts: 6 } })
  expect(made.body.configured.retry).toEqual({ attempts: 6, backoff: '100ms' })
  expect(onDisk()).not.toContain('max_retries')
  expect(onDisk()).toContain('backoff_ms: 100')
  const both = await ask('PATCH', '/backends/older', { retry: { max_retries: 1 } })
  expect([both.status, JSON.stringify(both.body)]).toEqual([
    422,
    expect.stringContaining('which says the same'),
  ])
  expect((await ask('DELETE', '/backends/older')).status).toBe(200)
})
