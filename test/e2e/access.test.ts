// config/examples/access.yaml, on two workers: people by passwords, programs by keys, users by tokens of an
// issuer that rotates its keys, and is away.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawClient } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { Issuer } from '../support/issuer.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-access-'))
const usersFile = join(folder, 'users')
const userLine = async (name: string): Promise<string> =>
  `${name}:${await Bun.password.hash('in a file', { algorithm: 'bcrypt', cost: 4 })}\n`

let gateway: Gateway
let issuer: Issuer
let origins: Record<number, Origin>

beforeAll(async () => {
  issuer = await Issuer.start()
  writeFileSync(usersFile, await userLine('dora'))
  origins = Object.fromEntries(
    PORTS.map((port) => [
      port,
      startOrigin((request, reply) => {
        const fields = ['authorization', 'x-api-key', 'x-user', 'x-owner', 'x-groups', 'x-mail', 'x_user']
        const got = fields.flatMap((name) => (request.get(name) === null ? [] : [[name, request.get(name)]]))
        return reply.send(
          200,
          JSON.stringify({ port, target: request.target, body: request.body, ...Object.fromEntries(got) }),
        )
      }),
    ]),
  )
  const config = adapted('access.yaml', origins)
    .replace('https://login.example.org/jwks.json', issuer.url)
    .replace('https://login.example.org', 'https://issuer.test')
    .replace('realm: Staff', `realm: Staff\n          file: ${usersFile}`)
    .replace('header Authorization]', 'header Authorization, query key]')
  gateway = await startGateway({
    config: `${config}workers: 2\nlogs: { access: { file: access.log } }\n`,
    file: 'access.yaml',
  })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  for (const origin of Object.values(origins)) origin.kill()
  await issuer.stop()
  rmSync(folder, { recursive: true })
})

/** Status, the fault that Proxy-Status names, and what the server got. */
async function ask(path: string, fields: readonly string[] = [], body = ''): Promise<[number, unknown]> {
  await using client = await rawClient(gateway.port('web'))
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`
  const lines = fields.map((field) => `${field}\r\n`).join('')
  client.send(`${body === '' ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nHost: h\r\n${lines}${length}\r\n${body}`)
  const answer = await client.readAnswer()
  const fault = /details="(\w+)"/.exec(answer.get('proxy-status') ?? '')?.[1]
  return [answer.status, fault ?? JSON.parse(answer.body)]
}

const basic = (user: string, password: string): string =>
  `Authorization: Basic ${btoa(`${user}:${password}`)}`
const bearer = (token: string): string => `Authorization: Bearer ${token}`

test('people by their passwords', async () => {
  const body = 'a body that waits while the password is looked at'
  expect(
    await ask(
      '/staff/a',
      [basic('anna', 'correct horse battery staple'), 'X-User: root', 'X_User: root'],
      body,
    ),
  ).toEqual([200, { port: 9001, target: '/staff/a', body, 'x-user': 'anna' }])
  expect(await ask('/staff/a', [basic('ben', 'open sesame')])).toMatchObject([200, { 'x-user': 'ben' }])
  for (const [fields, fault] of [
    [[], 'credentials_missing'],
    [[basic('anna', 'open sesame')], 'credentials_wrong'],
    [[basic('carl', 'open sesame')], 'credentials_wrong'],
    [['Authorization: Basic ='], 'credentials_wrong'],
  ] as const)
    expect(await ask('/staff/a', fields)).toEqual([401, fault])
})

test('users of a file, which is followed, and of which a broken line changes nothing', async () => {
  const asDora = () => ask('/staff/a', [basic('dora', 'in a file')])
  expect(await asDora()).toMatchObject([200, { 'x-user': 'dora' }])
  appendFileSync(usersFile, await userLine('emil'))
  await gateway.event('applied')
  expect(await ask('/staff/a', [basic('emil', 'in a file')])).toMatchObject([200, { 'x-user': 'emil' }])
  appendFileSync(usersFile, 'fritz:in a file\n')
  const { problems } = await gateway.event('rejected')
  expect(JSON.stringify(problems)).toContain('whose line 3 has no hash of a password')
  expect(await asDora()).toMatchObject([200, { 'x-user': 'dora' }])
})

test('programs by their keys, of which two are good while one is replaced', async () => {
  for (const n of [1, 2])
    expect(await ask('/api/a', [`X-API-Key: an-example-key-and-no-secret-${n}`])).toEqual([
      200,
      { port: 9001, target: '/api/a', body: '', 'x-owner': 'shop' },
    ])
  const inQuery = await ask('/api/a?x=%61&key=an-example-key-and-no-secret-1&ke%79=&y')
  expect(inQuery).toEqual([401, 'credentials_wrong'])
  expect(await ask('/api/a?x=%61&ke%79=an-example-key-and-no-secret-1&y')).toMatchObject([
    200,
    { target: '/api/a?x=%61&y' },
  ])
  expect(await ask('/api/a?key=an-example-key-and-no-secret-2')).toMatchObject([200, { target: '/api/a' }])
  expect(await ask('/api/a', ['X-API-Key: an-example-key-and-no-secret-3'])).toEqual([
    401,
    'credentials_wrong',
  ])
  expect(await ask('/api/a', [])).toEqual([401, 'credentials_missing'])
})

test('users by their tokens, which tell servers more and choose the rule', async () => {
  const token = await issuer.token({
    scope: 'read shop',
    groups: ['staff'],
    profile: { mail: 'a@b.test\r\nX: 1' },
  })
  const body = 'b'.repeat(50_000)
  expect(await ask('/app/a', [bearer(token), 'X-Groups: admin'], body)).toEqual([
    200,
    {
      port: 9001,
      target: '/app/a',
      body,
      'x-user': 'anna',
      'x-groups': 'staff',
      'x-mail': 'a@b.test%0D%0AX: 1',
    },
  ])
  const chief = await issuer.token({ groups: ['staff', 'admin'] })
  expect(await ask('/app/a', [bearer(chief)])).toEqual([
    200,
    { port: 9002, target: '/app/a', body: '', 'x-groups': 'staff, admin' },
  ])
  // One that is new, with a body in chunks that comes while it is looked at.
  await using client = await rawClient(gateway.port('web'))
  const fresh = bearer(await issuer.token({ groups: ['admin'], jti: 'fresh' }))
  client.send(
    `POST /app/b HTTP/1.1\r\nHost: h\r\n${fresh}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  )
  expect(JSON.parse((await client.readAnswer()).body)).toMatchObject({ port: 9002, body: 'hello' })
  // A forged one chooses no rule, and does not pass.
  const [header, , signature] = token.split('.')
  const forged = `${header}.${chief.split('.')[1]}.${signature}`
  for (const [fields, wanted] of [
    [[bearer(forged)], [401, 'token_invalid']],
    [
      [bearer(chief), bearer(token)],
      [401, 'token_invalid'],
    ],
    [[bearer(await issuer.token({ scope: 'workshop' }))], [403, 'token_insufficient']],
    [[bearer(await issuer.token({ exp: -60, groups: ['admin'] }))], [401, 'token_invalid']],
    [[bearer('x'.repeat(12_000))], [401, 'token_invalid']],
    [[], [401, 'credentials_missing']],
  ] as const)
    expect(await ask('/app/a', fields)).toEqual([...wanted])
  // Before the worker is ended that may have the line yet.
  await waitFor(async () =>
    (await gateway.accessLog()).some(({ detail }) => detail === 'rules.app.jwt: it has expired'),
  )
})

test('a new key is fetched when a token names it; without its issuer, and after a restart, the last ones go on', async () => {
  const old = await issuer.token({ scope: 'shop' })
  await issuer.rotate()
  const token = await issuer.token({ scope: 'shop' })
  const all = await Promise.all(Array.from({ length: 8 }, () => ask('/app/a', [bearer(token)])))
  expect(all.map(([status]) => status)).toEqual(Array.from({ length: 8 }, () => 200))
  expect(issuer.fetched).toBeLessThanOrEqual(3)
  expect(await ask('/app/a', [bearer(old)])).toEqual([401, 'token_invalid'])
  expect(gateway.last('jwks_replaced')).toMatchObject({ issuer: 'login', keys: 1 })
  await issuer.stop()
  // A worker that is replaced has them with its plan.
  const [first = 0] = gateway.workers
  sendSignal(first, 'SIGKILL')
  await gateway.event('worker_replaced')
  for (let n = 0; n < 4; n++) expect((await ask('/app/a', [bearer(token)]))[0]).toBe(200)
})

test('who it was stands in the log, and no secret does', async () => {
  const wanted = [
    ...['staff anna 200', 'staff ben 200', 'staff dora 200', 'staff emil 200', 'api shop 200'],
    ...['app anna 200', 'app anna 403', 'app-of-admins anna 200'],
  ]
  const lines = await waitFor(async () => {
    const log = await gateway.accessLog()
    const said = new Set(log.map(({ rule, user, status }) => `${rule} ${user} ${status}`))
    return wanted.every((one) => said.has(one)) && log
  })
  expect(lines.map(({ detail }) => detail)).toContain('rules.staff.basic_auth: a wrong password of anna')
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
  expect(metrics).toContain('lb_access_requests_total{decision="token_insufficient",rule="app",step="jwt"} 1')
  expect(JSON.stringify(lines)).not.toMatch(/no-secret|open sesame|eyJ/)
})
