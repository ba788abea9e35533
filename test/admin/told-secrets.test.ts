// Threat: somebody who may see the gateway by its admin API, but no secrets (viewers and operators), or who
// has its log, its audit or a copy of its database, finds a password, a token or a key there.
//
// Secrets of every kind stand in the config, are sent to the API and made by it. Then everything that is
// answered to those roles, said in logs and events, and kept in the database is searched for each.
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Authority } from '../support/authority.ts'
import { runCommand, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { Asker, configOf, ENV, goThrough, MARK, secret } from '../support/secret-world.ts'

interface Row {
  readonly method: string
  readonly path: string
  readonly role: string | null
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  name: ['web', 'api', 'turn'],
  backend: ['api'],
  server: ['a'],
  listener: ['web', 'turn', 'https'],
  rule: ['all', 'more'],
  certificate: ['site', 'ordered', 'up'],
  revision: ['1', '2', '3', 'running', 'disk'],
  other: ['1', '2', 'running', 'disk'],
  kind: ['headers'],
  peer: ['127.0.0.1'],
}

/** Every path that is read, with names that there are. */
function targetsOf({ path }: Row): string[] {
  const [, name] = /\{(\w+)\}/.exec(path) ?? []
  if (name === undefined) return [path]
  return (NAMES[name] ?? ['some']).flatMap((one) =>
    targetsOf({ path: path.replace(`{${name}}`, one) } as Row),
  )
}

/** In which query and Accept an answer has other forms. */
function formsOf(target: string): readonly (readonly [query: string, accept: string])[] {
  const usual = ['', 'application/json'] as const
  if (target === '/api/v1/config')
    return [
      usual,
      ['', 'application/yaml'],
      ['?view=disk', 'application/json'],
      ['?view=effective', 'application/json'],
    ]
  return target.includes('revisions/') ? [usual, ['', 'application/yaml'], ['', 'text/x-diff']] : [usual]
}

/** As whom, and what, with what was answered. */
async function answersTo(asker: Asker, tokens: ReadonlyMap<string, string>): Promise<[string, string][]> {
  const { paths } = JSON.parse((await asker.done('GET', '/api/v1')).text) as { paths: readonly Row[] }
  const answers: [string, string][] = []
  // Who makes a change of another file is told its hash; who watches that is not.
  const stale = { Authorization: `Bearer ${tokens.get('editor')}`, 'If-Match': '"00000000"' }
  expect((await asker.ask('POST', '/api/v1/config/rollback', {}, stale)).status).toBe(412)
  let done = 0
  for (const role of ['viewer', 'operator'])
    for (const row of paths.filter(({ method }) => method === 'GET'))
      for (const target of targetsOf(row))
        for (const [query, accept] of formsOf(target)) {
          const headers = { Authorization: `Bearer ${tokens.get(role)}`, Accept: accept }
          const { status, text, headers: told } = await asker.ask('GET', target + query, undefined, headers)
          if (status < 300) done++
          answers.push([`${role} ${target}${query} ${accept}: ${status}`, `${told.get('etag')} ${text}`])
          // Nor are they refused what is theirs, or told what is not. Texts are for editors.
          if (accept !== 'application/json') continue
          const isTheirs = row.role === null || row.role === 'viewer' || row.role === role
          expect([role, target, status === 401, status === 403]).toEqual([role, target, false, !isTheirs])
        }
  // They see a lot; and what there is to be told is there, for who may read it.
  expect(done).toBeGreaterThan(100)
  const editor = { Authorization: `Bearer ${tokens.get('editor')}`, Accept: 'application/yaml' }
  const text = await asker.done('GET', '/api/v1/config', undefined, editor)
  expect(text.text.match(new RegExp(MARK, 'g'))?.length).toBeGreaterThan(5)
  // A plain hash of what they may not read would tell them whether a secret that they guess is the right one.
  const sum = createHash('sha256').update(text.text).digest('hex')
  expect((await asker.done('GET', '/api/v1/config/status', undefined, editor)).text).toContain(sum)
  expect(answers.filter(([, answer]) => answer.includes(sum.slice(0, 16)))).toEqual([])
  expect(answers.find(([where]) => where.includes('/api/v1/requests '))?.[1]).toContain(
    '/more?token=(hidden)',
  )
  const asked = { url: 'http://127.0.0.1/more', headers: { Authorization: [secret('of who explains')] } }
  const viewer = { Authorization: `Bearer ${tokens.get('viewer')}` }
  answers.push(['explain', (await asker.ask('POST', '/api/v1/explain', asked, viewer)).text])
  for (const path of ['/api/v1/audit?limit=500', '/api/v1/events?limit=1000', '/api/v1/sign-ins'])
    answers.push([`admin ${path}`, (await asker.done('GET', path)).text])
  for (const path of ['/api/v1/users', '/api/v1/tokens'])
    answers.push([`admin ${path}`, (await asker.done('GET', path)).text])
  return answers
}

/** What stands in it, row by row, but the texts of revisions: those are kept to come back byte for byte. */
function keptIn(file: string): [string, string][] {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kept-'))
  try {
    for (const end of ['', '-wal', '-shm'])
      if (existsSync(file + end)) copyFileSync(file + end, join(folder, `state.db${end}`))
    const db = new Database(join(folder, 'state.db'))
    const tables = db.query("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]
    expect(tables.map(({ name }) => name)).toContain('audit')
    return tables.flatMap(({ name }) =>
      db
        .query(`SELECT * FROM "${name}"`)
        .values()
        .map((row): [string, string] => [
          `table ${name}`,
          row
            .filter((value) => name !== 'revisions' || !(value instanceof Uint8Array))
            .map((value) =>
              value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
            )
            .join(' '),
        ]),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('no answer to a viewer or operator, no log, event or audit entry, and no row of the database tells a secret', async () => {
  const pair = new Authority().issue({ names: 'DNS:site.example' })
  await using origin = startOrigin((_request, reply) =>
    reply.send(200, 'hi', [`Set-Cookie: id=${secret('cookie of a server')}`]),
  )
  const config = configOf(origin.url, pair)
  await using gateway = await startGateway({ config, env: ENV, args: ['-l', 'debug'] })
  const asker = new Asker(gateway)
  const served = JSON.parse(readFileSync(gateway.configFile, 'utf8')) as object
  const { tokens, made } = await goThrough(asker, served, pair)
  expect(made.every((word) => word.length >= 20)).toBe(true)
  const said = [
    ...(await answersTo(asker, tokens)),
    ['stdout', gateway.stdout],
    ['stderr', gateway.stderr],
    ...keptIn(join(gateway.folder, 'data', 'state.db')),
  ] as [string, string][]
  for (const args of [
    ['history'],
    ['history', '--json'],
    ['events', '--json'],
    ['diff', '1', '2', '--words'],
  ]) {
    const { code, stdout, stderr } = await runCommand([...args, '-c', gateway.configFile])
    expect([args, code]).toEqual([args, 0])
    said.push([args.join(' '), stdout + stderr])
  }
  // What tells is there: changes were made, refused and audited.
  const audit = said.find(([where]) => where.startsWith('admin /api/v1/audit'))?.[1] ?? ''
  expect(audit).toContain('backends/api')
  const words = [MARK, ...made].map((word) => word.replace(/[^A-Za-z0-9]/g, String.raw`\$&`))
  const found = said.flatMap(([where, text]) =>
    [...text.matchAll(new RegExp(`.{0,60}(?:${words.join('|')}).{0,60}`, 'g'))].map(
      ([match]) => `${where}: ${match}`,
    ),
  )
  expect(found).toEqual([])
}, 60_000)
