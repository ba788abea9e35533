// Tests of a config, before each change: by the file, by the API, by its parts, and at a start.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from '../../server/cli/check.ts'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { saidBy } from '../support/command.ts'
import { type Gateway, spawnGateway, startGateway } from '../support/gateway.ts'
import { mmdb } from '../support/mmdb.ts'

const config = (path: string, more = ''): string => `listeners: { web: { bind: "127.0.0.1:0" } }
rules:
  - { name: one, match: { path: ${path} }, respond: { status: 200, body: one } }
  - { name: rest, respond: { status: 404 } }
tests:
  - name: one is where it was
    request: { path: /one }
    expect: { rule: one }
workers: 1
drain: 1s
admin: false
${more}`

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ config: config('/one') })
})
afterAll(async () => gateway[Symbol.asyncDispose]())

const onDisk = (): string => readFileSync(gateway.configFile, 'utf8')
async function ask(method: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  const isText = typeof body === 'string'
  const answer = await fetch(`http://localhost/api/v1/${path}`, {
    unix: controlSocketPath(join(gateway.folder, 'data'), gateway.configFile),
    method,
    headers: { 'Content-Type': isText ? 'application/yaml' : 'application/json', ...headers },
    body: isText ? body : JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as object }
}
const served = async (): Promise<string> => (await gateway.fetch('/one')).text()

const FAILED = {
  path: 'tests[0].expect.rule',
  line: 8,
  column: 15,
  message: 'found rule rest for GET http://localhost/one (test "one is where it was"), allowed rule one',
  hint: 'of rule one: path is "/one", wanted /two',
}

test('a file whose test fails is rejected, with the place of the test, and what was served goes on', async () => {
  const rejected = await gateway.apply(config('/two'))
  expect(rejected).toMatchObject({ event: 'rejected', problems: [FAILED] })
  expect(gateway.stderr).toContain(`sluice.yaml:8:15 tests[0].expect.rule: ${FAILED.message}; ${FAILED.hint}`)
  expect(await served()).toBe('one')
  // So is a large one, which another process reads.
  const large = config('/two', `x-large: ${'x'.repeat(300_000)}\n`)
  expect(await gateway.apply(large)).toMatchObject({ event: 'rejected', problems: [FAILED] })
  expect(await gateway.apply(config('/one'))).toMatchObject({ event: 'applied' })
})

test('so is a text or a part that is sent, and a dry run of it; nothing of it reaches the file', async () => {
  const before = onDisk()
  const errors = [{ file: expect.stringContaining('sluice.yaml'), path: 'tests[0].expect.rule', line: 8 }]
  const tag = { 'If-Match': '*' }
  for (const path of ['config?dry_run=true', 'config'])
    expect(await ask('PUT', path, config('/two'), tag)).toMatchObject({ status: 422, body: { errors } })
  expect(await ask('PATCH', 'rules/one', { match: { path: '/two' } }, tag)).toMatchObject({
    status: 422,
    body: { errors: [{ path: 'tests[0].expect.rule' }] },
  })
  expect(onDisk()).toBe(before)
  expect(await served()).toBe('one')
  const moved = await ask('PATCH', 'rules/one', { match: { path: '/one*' } }, tag)
  expect(moved.status).toBe(200)
  expect(onDisk()).toContain('/one*')
})

test('a start with a test that fails says so and serves nothing', async () => {
  await using failed = await spawnGateway({ config: config('/two') })
  expect(await failed.process.exited).toBe(1)
  expect(failed.stderr).toContain(
    'sluice.yaml:8:15 tests[0].expect.rule: found rule rest for GET http://localhost/one',
  )
})

test('tests that hang on countries ask the databases that the config names, at a start and before a change', async () => {
  const country = mmdb('Test-Country', [['192.0.2.0/24', { country: { iso_code: 'DE' } }]])
  writeFileSync(join(gateway.folder, 'country.mmdb'), country)
  const german = config('/one')
    .replace('rules:\n', 'rules:\n  - { name: german, match: { country: DE }, respond: { status: 204 } }\n')
    .replace(
      'tests:\n',
      'tests:\n  - { request: { path: /one, client: 192.0.2.7 }, expect: { rule: german } }\n',
    )
    .concat('geo: { country: ./country.mmdb }\n')
  const checked = await saidBy((io) => check(['german.yaml'], io), {
    cwd: (writeFileSync(join(gateway.folder, 'german.yaml'), german), gateway.folder),
  })
  expect(checked).toMatchObject({ code: 0, err: '' })
  expect(await gateway.apply(german)).toMatchObject({ event: 'applied' })
  expect(await gateway.apply(german.replace('rule: german', 'rule: one'))).toMatchObject({
    event: 'rejected',
    problems: [{ message: expect.stringContaining('found rule german for GET http://localhost/one') }],
  })
  await using started = await startGateway({
    config: `${german}data: ./other\n`,
    folder: gateway.folder,
    file: 'german.yaml',
  })
  expect((await started.fetch('/one')).status).toBe(200)
})
