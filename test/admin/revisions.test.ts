// Texts that were served: listed with who made them, compared, and brought back byte for byte.
import { afterEach, expect, test } from 'bun:test'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apply } from '../../server/cli/apply.ts'
import { confirm } from '../../server/cli/confirm.ts'
import { diff } from '../../server/cli/diff.ts'
import { history } from '../../server/cli/history.ts'
import { rollback } from '../../server/cli/rollback.ts'
import { userName } from '../../server/admin/user-name.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Said, saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const gateways: Gateway[] = []
const folders: string[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const words = (body: string, more = ''): string => `# the owner's words
listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200, body: "${body}" } }]
backends: { api: { servers: [{ url: "http://127.0.0.1:9", weight: 1 }] } }
workers: 1
drain: 1s
admin: false
${more}`

async function start(text = words('one'), folder?: string): Promise<Gateway> {
  const gateway = await startGateway({ config: text, ...(folder !== undefined && { folder }) })
  gateways.push(gateway)
  return gateway
}

type Command = (args: readonly string[], io: Parameters<Parameters<typeof saidBy>[0]>[0]) => Promise<number>
const said = (gateway: Gateway, command: Command, ...args: readonly string[]): Promise<Said> =>
  saidBy((io) => command([...args, '-c', gateway.configFile], io), { cwd: gateway.folder })

function draft(gateway: Gateway, text: string): string {
  writeFileSync(join(gateway.folder, 'next.yaml'), text)
  return 'next.yaml'
}

const body = async (gateway: Gateway): Promise<string> => (await gateway.fetch('/')).text()
const onDisk = (gateway: Gateway): string => readFileSync(gateway.configFile, 'utf8')

interface Told {
  readonly revision: number
  readonly source: string
  readonly author: string | null
  readonly message: string | null
  readonly state: string
  readonly restores: number | null
  readonly running: boolean
}

async function told(gateway: Gateway): Promise<readonly Told[]> {
  const { out } = await said(gateway, history, '--json')
  return (JSON.parse(out) as { readonly revisions: readonly Told[] }).revisions
}

/** Asks by the control socket. */
async function ask(
  gateway: Gateway,
  path: string,
  init: RequestInit & { readonly json?: unknown } = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const { json, ...more } = init
  const answer = await fetch(`http://sluice${path}`, {
    unix: controlSocketPath(join(gateway.folder, 'data'), gateway.configFile),
    ...(json !== undefined && {
      body: JSON.stringify(json),
      headers: { 'Content-Type': 'application/json' },
    }),
    ...more,
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

test('the file as first served is revision 1; edits, applied texts and rollbacks follow, each with its maker', async () => {
  const gateway = await start()
  await gateway.apply(words('two'))
  expect((await said(gateway, apply, draft(gateway, words('three')), '-m', 'a third')).code).toBe(0)
  expect(await said(gateway, rollback, '1', '-m', 'back to the start')).toEqual({
    ...{ code: 0, out: 'went back: revision 4\n', err: '' },
  })
  expect([await body(gateway), onDisk(gateway)]).toEqual(['one', words('one')])
  // One word for one person, as in orders of servers and in the audit.
  const by = userName(process.geteuid?.() ?? 0)
  expect(await told(gateway)).toMatchObject([
    { revision: 4, source: 'rollback', author: by, message: 'back to the start', restores: 1, running: true },
    { revision: 3, source: 'cli', author: by, message: 'a third', running: false },
    { revision: 2, source: 'file', author: null },
    { revision: 1, source: 'start', author: null, state: 'served' },
  ])
  const counted = await ask(gateway, '/api/v1/config/revisions?lines=true&limit=3')
  const one = { removed: 1, added: 1 }
  expect(counted.body['revisions']).toMatchObject([{ lines: one }, { lines: one }, { lines: one }])
  const all = await ask(gateway, '/api/v1/config/revisions?lines=true')
  expect((all.body['revisions'] as object[]).at(-1)).toMatchObject({ revision: 1, lines: null })
  // Redo: the change that was gone back from.
  expect((await said(gateway, rollback)).out).toBe('went back: revision 5\n')
  expect(await body(gateway)).toBe('three')
  const shown = await said(gateway, history)
  expect(shown.out).toMatch(/^\* 5 +\S+Z +rollback /m)
  expect((await said(gateway, history, '2')).out).toBe(words('two'))
  expect(statSync(join(gateway.folder, 'data', 'state.db')).mode & 0o777).toBe(0o600)
})

test('a text comes back byte for byte, with its byte order mark and line ends', async () => {
  const odd = `\uFEFF${words('one').replaceAll('\n', '\r\n')}`
  const gateway = await start(odd)
  expect((await said(gateway, apply, draft(gateway, words('two')))).code).toBe(0)
  expect((await said(gateway, rollback, '1')).code).toBe(0)
  expect(onDisk(gateway)).toBe(odd)
  expect((await said(gateway, history, '1')).out).toBe(odd)
})

test('numbers and texts outlive a restart, and what was before can still be gone back to', async () => {
  const first = await start()
  folders.push(first.folder)
  expect((await said(first, apply, draft(first, words('two')))).code).toBe(0)
  await first.stop()
  const second = await start(words('two'), first.folder)
  expect(second.last('serving')).toMatchObject({ revision: 2 })
  expect((await told(second)).map(({ revision, source }) => [revision, source])).toEqual([
    [2, 'cli'],
    [1, 'start'],
  ])
  expect((await said(second, rollback)).out).toBe('went back: revision 3\n')
  expect(await body(second)).toBe('one')
  await second.stop()
  // The file beside the database is lost: no number is given twice.
  for (const name of ['revision-'])
    rmSync(join(first.folder, 'data', `${name}${/control-(.*)\.sock/.exec(controlName(first))?.[1]}.json`))
  const third = await start(words('four'), first.folder)
  expect(third.last('serving')).toMatchObject({ revision: 4 })
  expect((await told(third)).map(({ revision }) => revision)).toEqual([4, 3, 2, 1])
})

const controlName = (gateway: Gateway): string => controlSocketPath('', gateway.configFile)

test('two texts are compared as a diff and in words, the file on disk too', async () => {
  const gateway = await start()
  const next = words('one').replace('weight: 1', 'weight: 3')
  expect((await said(gateway, apply, draft(gateway, next))).code).toBe(0)
  const found = await said(gateway, diff, '1')
  expect(found.out).toContain('--- revision 1\n+++ revision 2\n')
  expect(found.out).toContain('-backends: { api: { servers: [{ url: "http://127.0.0.1:9", weight: 1 }] } }\n')
  expect((await said(gateway, diff, '1', '2', '--words')).out).toBe(
    'server http://127.0.0.1:9 of backend api: weight 1 → 3\n',
  )
  expect((await said(gateway, diff)).out).toBe('')
  expect(await said(gateway, diff, '1', '9')).toMatchObject({
    code: 1,
    err: 'sluice diff: There is no text of revision 9.\n',
  })
  // What stands in the file and is refused is compared by its lines, and what stands against it is said.
  await gateway.apply('workers: many\n')
  const broken = await said(gateway, diff)
  expect(broken.out).toContain('+workers: many\n')
  expect(broken.err).toContain('is no valid config now: workers: found "many"')
})

test('what a change would do is told before it is made: the diff, in words, and whom it touches', async () => {
  const gateway = await start()
  const text = words('two', 'metrics: { prefix: sluice }\n')
    .replace('"127.0.0.1:0"', '["127.0.0.1:0", "127.0.0.2:0"]')
    .replace('http://127.0.0.1:9"', 'http://127.0.0.1:10"')
  const looked = await ask(gateway, '/api/v1/changes?dry_run=true', { method: 'POST', json: { text } })
  expect(looked.status).toBe(200)
  expect(looked.body).toMatchObject({
    dry_run: true,
    text,
    base: { revision: 1 },
    lines: { removed: 3, added: 4 },
    impact: {
      listeners: [{ listener: 'web', what: 'moves', opened: ['127.0.0.2:0'], closed: [] }],
      servers: [
        { backend: 'api', server: 'http://127.0.0.1:9', what: 'removed', in_flight: 0 },
        { backend: 'api', server: 'http://127.0.0.1:10', what: 'added', in_flight: 0 },
      ],
      ...{ workers: null, admin: null },
    },
  })
  expect((looked.body['changes'] as { words: string }[]).map((one) => one.words)).toEqual([
    'listener web: bind 127.0.0.1:0 → 127.0.0.1:0, 127.0.0.2:0',
    'server http://127.0.0.1:9 of backend api: removed',
    'server http://127.0.0.1:10 of backend api: added',
    'rule all: respond.body one → two',
    'metrics.prefix lb → sluice',
  ])
  expect(await body(gateway)).toBe('one')
  const bad = await ask(gateway, '/api/v1/changes?dry_run=true', { method: 'POST', json: { text: 'x: 1\n' } })
  expect([bad.status, bad.body['code']]).toEqual([422, 'config_invalid'])
  const made = await ask(gateway, '/api/v1/changes', { method: 'POST', json: { text, message: 'wider' } })
  expect([made.status, made.body['revision']]).toEqual([200, 2])
  const back = await ask(gateway, '/api/v1/changes?dry_run=true', { method: 'POST', json: { revision: 1 } })
  expect(back.body['diff']).toContain('--- revision 2\n')
  expect(await ask(gateway, '/api/v1/changes', { method: 'POST', json: { revision: 7 } })).toMatchObject({
    status: 404,
  })
  expect(await ask(gateway, '/api/v1/changes', { method: 'POST', json: {} })).toMatchObject({ status: 422 })
  expect((await told(gateway))[0]).toMatchObject({ revision: 2, message: 'wider' })
})

test('what waits, what was confirmed and what was taken back is told of each', async () => {
  const gateway = await start()
  const trial = ['--confirm-within', '5m', '-m', 'a trial']
  expect((await said(gateway, apply, draft(gateway, words('two')), ...trial)).code).toBe(0)
  expect((await told(gateway))[0]).toMatchObject({ revision: 2, state: 'unconfirmed' })
  expect((await said(gateway, confirm)).code).toBe(0)
  expect((await told(gateway))[0]).toMatchObject({ revision: 2, state: 'confirmed' })
  expect((await said(gateway, history)).out).toMatch(/^\* 2 .* confirmed +a trial; by \S+$/m)
  expect((await said(gateway, apply, draft(gateway, words('three')), '--confirm-within', '1s')).code).toBe(0)
  await gateway.event('rolled_back')
  expect(await told(gateway)).toMatchObject(
    [
      { revision: 4, source: 'rollback', restores: null, author: null, message: /not confirmed within 1 s/ },
      { revision: 3, state: 'reverted' },
      { revision: 2, state: 'confirmed' },
      { revision: 1 },
    ].map((one) =>
      'message' in one ? { ...one, message: expect.stringMatching(one.message as RegExp) } : one,
    ),
  )
})
