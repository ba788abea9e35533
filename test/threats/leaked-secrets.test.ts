// Threat: whoever may read a log, a metric, a status, a data folder or the list of processes finds a
// password, a token or a secret there, of the config or of a client.
//
// A gateway that knows many of them, with debug events on, goes through requests, refusals, a rejected edit
// and the death of a worker; then all that it said and wrote is searched for each.
import { expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { sendSignal, treeOf } from '../support/processes.ts'
import { turnListener } from '../support/turn.ts'
import { TurnLine } from '../support/turn-line.ts'
import { waitFor } from '../support/wait.ts'

/** Each is told from all else by its first letters, and from the others by its last. */
const MARK = 'k33p'
const CONFIG = {
  userPassword: `${MARK}-password-of-a-user`,
  turnSecret: `${MARK}-secret-of-an-application`,
  nonceSecret: `${MARK}-secret-of-all-nonces-of-ours`,
  token: `${MARK}-token-for-servers`,
  probeToken: `${MARK}-token-for-health-checks`,
}
const CLIENT = {
  bearer: `${MARK}-token-of-a-client`,
  cookie: `${MARK}-cookie-of-a-client`,
  body: `${MARK}-body-of-a-client`,
  own: `${MARK}-field-of-a-client`,
  answer: `${MARK}-cookie-of-a-server`,
}
const ENV = { SLUICE_TEST_SECRET: CONFIG.turnSecret, SLUICE_TEST_TOKEN: CONFIG.token }

const configOf = (origin: string, auth: object): Readonly<Record<string, unknown>> => ({
  listeners: { web: { bind: '127.0.0.1:0' }, turn: { ...turnListener('turn', {}), auth } },
  rules: [
    {
      name: 'all',
      middleware: [{ headers: { request: { set: { Authorization: 'Bearer ${SLUICE_TEST_TOKEN}' } } } }],
      backend: 'origin',
    },
  ],
  backends: {
    origin: {
      servers: [{ url: origin }],
      health_check: { path: '/probe', headers: { Authorization: `Bearer ${CONFIG.probeToken}` } },
    },
  },
})

const AUTH = {
  users: { alice: CONFIG.userPassword },
  secrets: ['${SLUICE_TEST_SECRET}'],
  nonce_secret: CONFIG.nonceSecret,
}

const FIELDS = `Authorization: Bearer ${CLIENT.bearer}\r\nCookie: id=${CLIENT.cookie}\r\nX-Own: ${CLIENT.own}\r\n`

/** What went wrong and what went well, with all secrets on hand. */
async function goThrough(gateway: Gateway, origin: string): Promise<void> {
  await using client = await gateway.client('web')
  expect((await client.get('/', FIELDS)).status).toBe(200)
  client.send(
    `POST /a HTTP/1.1\r\nHost: h\r\n${FIELDS}Content-Length: ${CLIENT.body.length}\r\n\r\n${CLIENT.body}`,
  )
  expect((await client.readAnswer()).status).toBe(200)
  for (const broken of [
    `${FIELDS}Bad Name: x\r\n`,
    `${FIELDS}Transfer-Encoding: gzip\r\n`,
    `${FIELDS}Host: g\r\n`,
  ]) {
    await using one = await gateway.client('web')
    expect((await one.get('/', broken)).status).toBeWithin(400, 502)
  }
  for (const password of [CONFIG.userPassword, `${MARK}-wrong`]) {
    await using line = await TurnLine.open({ port: gateway.port('turn'), login: { user: 'alice', password } })
    await line.allocate().catch(() => {})
  }
  const rejected = await gateway.apply(configOf(origin, { ...AUTH, users: { alice: [CONFIG.userPassword] } }))
  expect(rejected.event).toBe('rejected')
  expect((await gateway.apply(configOf(origin, AUTH))).event).toBe('applied')
  sendSignal(gateway.workers[0], 'SIGABRT')
  await gateway.event('worker_replaced')
}

/** Files of a folder, its folders' too, with what they hold; the config file itself is the operator's. */
function filesOf(folder: string, but: string): [string, string][] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => path !== but && statSync(path).isFile())
    .map((path) => [path, readFileSync(path, 'latin1')])
}

async function allThatIsSaid(gateway: Gateway): Promise<[string, string][]> {
  const documents = ['/metrics', '/_metrics', '/_health', '/'].map(
    async (path): Promise<[string, string]> => [path, await (await fetch(gateway.admin + path)).text()],
  )
  const file = gateway.configFile
  const commands = [
    ['status', '--json', '-c', file],
    ['health', '-c', file],
    ['turn', 'list', '--json', '-c', file],
    ['config', file],
    ['check', file],
  ].map(async (args): Promise<[string, string]> => {
    const { code, stdout, stderr } = await runCommand(args, { env: ENV })
    expect([args, code]).toEqual([args, 0])
    return [args.join(' '), stdout + stderr]
  })
  const processes = treeOf(gateway.pid).flatMap((pid): [string, string][] => {
    const read = (of: string): string => readFileSync(`/proc/${pid}/${of}`, 'latin1')
    // The supervisor's environment is the one it was started with.
    const environment = pid === gateway.pid ? '' : read('environ')
    return [[`process ${pid}`, read('cmdline') + environment]]
  })
  return [
    ['stdout', gateway.stdout],
    ['stderr', gateway.stderr],
    ...filesOf(gateway.folder, file),
    ...(await Promise.all([...documents, ...commands])),
    ...processes,
  ]
}

test('no log, metric, answer, file or process tells a secret of the config or of a client', async () => {
  await using origin = startOrigin((_request, reply) =>
    reply.send(200, 'hi', [`Set-Cookie: id=${CLIENT.answer}`]),
  )
  await using gateway = await startGateway({
    config: configOf(origin.url, AUTH),
    env: ENV,
    args: ['-l', 'debug'],
  })
  await goThrough(gateway, origin.url)
  await waitFor(async () => (await gateway.accessLog()).length >= 5)
  // They were there to be told: servers were sent them.
  expect(origin.requests.some((request) => request.get('authorization') === `Bearer ${CONFIG.token}`)).toBe(
    true,
  )
  expect(
    origin.requests.some((request) => request.get('authorization') === `Bearer ${CONFIG.probeToken}`),
  ).toBe(true)
  const said = await allThatIsSaid(gateway)
  expect(said.map(([where]) => where)).toContain(join(gateway.folder, 'access.log'))
  expect(gateway.stderr).toContain('exchange_end')
  const found = said.flatMap(([where, text]) =>
    [...text.matchAll(new RegExp(`.{0,60}${MARK}.{0,40}`, 'g'))].map(([match]) => `${where}: ${match}`),
  )
  expect(found).toEqual([])
})
