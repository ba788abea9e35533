import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAdmin, type Admin } from '../../../server/admin/admin.ts'
import { shellOf } from '../../../server/admin/whole-shell.ts'
import { urlOfBind } from '../../../server/cli/seen-gateway.ts'
import { health, healthLines } from '../../../server/cli/health.ts'
import type { Io } from '../../../server/cli/io.ts'
import { metrics, metricsText } from '../../../server/cli/metrics.ts'
import { status } from '../../../server/cli/status.ts'
import { table } from '../../../server/cli/table.ts'
import type { ControlFacts } from '../../../server/control/facts.ts'
import { healthOf, type HealthDocument, type MetricsDocument } from '../../../server/telemetry/documents.ts'
import type { ServerHealth } from '../../../server/telemetry/server-health.ts'
import { controlFacts } from '../../support/control-facts.ts'

const server = (backend: string, name: string, healthy: boolean): ServerHealth => ({
  url: `http://${name}:80`,
  healthy,
  circuit_state: 'Closed',
  weight: 1,
  active_connections: 2,
  backend,
  server: name,
  ...(healthy ? { state: 'up', reason: null } : { state: 'down', reason: 'connect refused' }),
  admin: 'ready',
  operational: healthy ? 'up' : 'down',
  operational_reason: null,
})

const served = (backend: string, name: string, requests: number, failed: number) => ({
  url: `http://${name}:80`,
  total_requests: requests,
  failed_requests: failed,
  success_rate: 99.5,
  active_connections: 2,
  backend,
  server: name,
  attempts: requests + 7,
  failed_attempts: failed + 7,
  refused_attempts: 4,
  given_up_attempts: 0,
})

let healthDocument: HealthDocument
const metricsDocument: MetricsDocument = {
  total_requests: 1000,
  total_failures: 5,
  success_rate: 99.5,
  backends: [served('api', 'one', 600, 3), served('api', 'two', 300, 2), served('web', 'three', 100, 0)],
}

let admin: Admin
let url = ''
beforeEach(() => {
  healthDocument = healthOf([
    server('api', 'one', true),
    server('api', 'two', false),
    server('web', 'three', true),
  ])
  const facts = controlFacts({
    health: () => healthDocument as ReturnType<ControlFacts['health']>,
    metrics: () => metricsDocument,
  })
  const started = startAdmin({ bind: '127.0.0.1:0', shell: shellOf(facts) })
  if ('problem' in started) throw new Error(started.problem)
  admin = started
  url = `http://${admin.address}`
})
afterEach(() => admin.stop())

type Command = (args: readonly string[], io: Io) => Promise<number>

async function said(
  command: Command,
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const io: Io = {
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
    env: {},
    cwd: import.meta.dir,
  }
  const code = await command(args, io)
  return { code, out, err }
}

test('health shows every server and why it is down', async () => {
  expect(await said(health, '--admin', url)).toEqual({
    code: 0,
    err: '',
    out: `healthy: 2 of 3 servers up

BACKEND  SERVER  STATE  WEIGHT  IN FLIGHT  REASON
api      one     up          1          2
api      two     down        1          2  connect refused
web      three   up          1          2
`,
  })
})

test('the headline counts those that a person has taken out of use', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => server('api', name, name === 'a'))
  const out = [
    { ...b!, state: 'draining' as const },
    { ...c!, state: 'maintenance' as const },
  ]
  expect(healthLines(healthOf([a!, ...out]))).toBe('healthy: 1 of 3 servers up, 2 taken out of use')
  expect(healthLines(healthOf([a!, b!]))).toBe('healthy: 1 of 2 servers up')
})

test('health and status fail when a backend has no server that is up', async () => {
  healthDocument = healthOf([server('api', 'one', false), server('web', 'three', true)])
  for (const command of [health, status]) {
    expect((await said(command, '--admin', url)).code).toBe(1)
    expect((await said(command, 'api', '--admin', url)).code).toBe(1)
    expect((await said(command, 'web', '--admin', url)).code).toBe(0)
  }
  expect((await said(metrics, '--admin', url)).code).toBe(0)
})

test('metrics shows totals and servers', async () => {
  expect((await said(metrics, '--admin', url)).out).toBe(`1000 requests, 5 failed, 99.50 % succeeded

BACKEND  SERVER  REQUESTS  FAILED  ATTEMPTS  LOST  REFUSED  SUCCESS  IN FLIGHT
api      one          600       3       607    10        4  99.50 %          2
api      two          300       2       307     9        4  99.50 %          2
web      three        100       0       107     7        4  99.50 %          2
`)
})

test('metrics of one backend are the sums of its servers', async () => {
  const { out } = await said(metrics, 'api', '--admin', url)
  expect(out.split('\n')[0]).toBe('900 requests, 5 failed, 99.44 % succeeded')
  expect(out).not.toContain('three')
})

test('where nothing was asked yet, nothing is said to have succeeded', () => {
  const idle = { ...served('api', 'one', 0, 0), success_rate: 100 }
  const text = metricsText({ total_requests: 0, total_failures: 0, success_rate: 100, backends: [idle] })
  expect(text).toStartWith('0 requests, 0 failed, – succeeded\n')
  expect(text).not.toContain('%')
})

test('status puts health and traffic side by side', async () => {
  const { out } = await said(status, '--admin', url)
  expect(out.split('\n').slice(0, 7)).toEqual([
    ...['No config is served yet.', ''],
    'healthy: 2 of 3 servers up',
    '1000 requests, 5 failed, 99.50 % succeeded',
    '',
    'BACKEND  SERVER  STATE  WEIGHT  IN FLIGHT  REQUESTS  FAILED  ATTEMPTS  LOST  REFUSED  REASON',
    'api      one     up          1          2       600       3       607    10        4',
  ])
})

const REJECTED = {
  revision: 1,
  rejected: {
    time: '2026-01-02T12:52:47.000Z',
    problems: [
      {
        path: 'rules[0].backend',
        message: 'found "apq", allowed a backend: api',
        file: 'sluice.yaml',
        line: 14,
        column: 42,
        hint: 'did you mean "api"?',
      },
      { path: 'admin.bind', message: 'cannot listen' },
    ],
  },
}

test('health and status show which config is served, why a newer one is not, and that the gateway drains', async () => {
  healthDocument = { ...healthDocument, draining: false, config: { revision: 3, rejected: null } }
  for (const command of [health, status]) {
    const lines = (await said(command, '--admin', url)).out.split('\n')
    expect(lines).toContain('config: revision 3')
    expect(lines.join('\n')).not.toContain('draining')
  }
  healthDocument = { ...healthDocument, healthy: false, draining: true, config: REJECTED }
  const at = `2026-01-02 ${new Date(REJECTED.rejected.time).toTimeString().slice(0, 8)}`
  const rejected =
    `config: revision 1; a newer file was rejected at ${at}: sluice.yaml:14:42 rules[0].backend: ` +
    'found "apq", allowed a backend: api; did you mean "api"? (and 1 more)'
  for (const command of [health, status])
    for (const backend of [[], ['web']]) {
      const { code, out } = await said(command, ...backend, '--admin', url)
      expect(code).toBe(1)
      expect(out.split('\n')).toContain('draining: it is about to stop, and finishes what is in flight')
      expect(out.split('\n')).toContain(rejected)
    }
})

test('workers that are missing are told, and none that serves is unhealthy', async () => {
  healthDocument = { ...healthDocument, workers: { wanted: 2, serving: 2 } }
  expect((await said(status, '--admin', url)).out).not.toContain('workers')
  healthDocument = { ...healthDocument, workers: { wanted: 2, serving: 0 } }
  const { code, out } = await said(status, 'web', '--admin', url)
  expect([code, out.split('\n')[1]]).toEqual([1, 'workers: 0 of 2 serve'])
})

test('a problem of no place in the file is told without one', async () => {
  const problems = [{ path: '', message: 'a worker did not answer' }]
  healthDocument = {
    ...healthDocument,
    config: { revision: 1, rejected: { ...REJECTED.rejected, problems } },
  }
  expect((await said(health, '--admin', url)).out).toMatch(
    /rejected at \d{4}-\d\d-\d\d [0-9:]{8}: a worker did not answer\n/,
  )
})

test('--json with a backend keeps what is true of the whole gateway', async () => {
  healthDocument = { ...healthDocument, draining: true, config: REJECTED }
  for (const command of [health, status]) {
    const { code, out } = await said(command, 'web', '--json', '--admin', url)
    expect(code).toBe(1)
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({
      healthy: false,
      total_count: 1,
      draining: true,
      config: REJECTED,
    })
  }
})

test('--json prints the documents unchanged', async () => {
  expect((await said(health, '--json', '--admin', url)).out).toBe(
    await (await fetch(`${url}/_health`)).text(),
  )
  expect((await said(metrics, '--json', '--admin', url)).out).toBe(
    await (await fetch(`${url}/_metrics`)).text(),
  )
  const both = (await said(status, '--json', '--admin', url)).out.trimEnd().split('\n')
  expect(both.map((line) => JSON.parse(line) as unknown)).toEqual([healthDocument, metricsDocument])
})

test('an unknown backend is an error', async () => {
  for (const command of [health, status, metrics]) {
    expect(await said(command, 'nope', '--admin', url)).toEqual({
      code: 1,
      out: '',
      err: `sluice ${command.name}: there is no backend "nope", and whether there is a listener of that name was not told: the gateway answered 401: This needs a token, a sign-in, or the Unix socket in the data folder; --token or SLUICE_TOKEN says who asks: "sluice admin token --role ROLE" makes one where the gateway runs\n`,
    })
  }
})

test.each([
  [403, 'The token ci is for backends/web, not for lbs/nope.'],
  [503, 'The gateway starts or stops.'],
])('what keeps a name from being looked up is told as it is: %d', async (answered, detail) => {
  const broken = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    fetch: ({ url: asked }) =>
      asked.includes('/lbs/')
        ? Response.json({ detail }, { status: answered })
        : Response.json(asked.includes('health') ? healthDocument : metricsDocument),
  })
  try {
    const { code, err } = await said(status, 'nope', '--admin', broken.url.origin)
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(
        /^sluice status: there is no backend "nope", and whether .* was not told: the gateway/,
      ),
    ])
    expect(err).toEndWith(`the gateway answered ${answered}: ${detail}\n`)
  } finally {
    await broken.stop(true)
  }
})

test('what a person has ordered is told with who, why and until when', async () => {
  const until = new Date()
  until.setHours(23, 59, 30, 0)
  const later = new Date(until.getTime() + 48 * 3_600_000)
  const base = { by: 'root', since: '2026-11-30T00:00:00Z' }
  const drain = {
    ...base,
    kind: 'admin',
    value: 'drain',
    reason: 'disk swap',
    until: until.toISOString(),
  } as const
  const weight = { ...base, kind: 'weight', value: 3, reason: 'canary', until: later.toISOString() } as const
  const down = { ...base, kind: 'health', value: 'down', reason: null, until: until.toISOString() } as const
  const of = (name: string): ServerHealth => server('api', name, true)
  healthDocument = healthOf([
    { ...of('a'), state: 'draining', reason: 'disk swap (root)', admin: 'drain', orders: [drain, weight] },
    { ...of('b'), state: 'down', reason: 'said to be down by root', orders: [down] },
    { ...of('c'), orders: [{ ...weight, until: null, reason: null }] },
  ])
  for (const command of [health, status]) {
    const { out } = await said(command, '--admin', url)
    const rows = out.split('\n').filter((line) => line.startsWith('api'))
    expect(rows[0]).toMatch(
      /  disk swap \(root\), until 23:59:30; weight by root, until \d{4}-\d\d-\d\d 23:59:30: canary$/,
    )
    expect(rows[1]).toEndWith('  said to be down by root, until 23:59:30')
    expect(rows[2]).toEndWith('  weight by root')
  }
})

test('a gateway that is not there is an error', async () => {
  admin.stop()
  for (const command of [health, status, metrics]) {
    const { code, out, err } = await said(command, '--admin', url)
    expect([code, out]).toEqual([1, ''])
    expect(err).toBe(`sluice ${command.name}: no gateway answers at ${url}\n`)
  }
})

test('a proxy in the environment is not asked', async () => {
  const before = process.env['HTTP_PROXY']
  process.env['HTTP_PROXY'] = 'http://127.0.0.1:1'
  try {
    expect((await said(health, '--admin', url)).code).toBe(0)
  } finally {
    if (before === undefined) delete process.env['HTTP_PROXY']
    else process.env['HTTP_PROXY'] = before
  }
})

test('something else on that port is no gateway', async () => {
  using other = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => new Response('<html>', { status: 200 }),
  })
  const { code, err } = await said(health, '--admin', `127.0.0.1:${other.port}`)
  expect([code, err]).toEqual([
    1,
    `sluice health: the gateway answered 200: is http://127.0.0.1:${other.port} a gateway?\n`,
  ])
})

test('wrong usage is exit code 2 and tells the usage', async () => {
  for (const args of [['--nope'], ['a', 'b'], ['--admin'], ['--admin', 'ftp://x']]) {
    const { code, err } = await said(health, ...args)
    expect(code).toBe(2)
    expect(err).toStartWith('sluice health: ')
  }
  const { code, out } = await said(health, '-h')
  expect([code, out.includes('Usage: sluice health [NAME]')]).toEqual([0, true])
})

test('a listener on all addresses is asked on this machine', () => {
  expect(urlOfBind('0.0.0.0:9090')).toBe('http://127.0.0.1:9090')
  expect(urlOfBind(':9090')).toBe('http://127.0.0.1:9090')
  expect(urlOfBind('[::]:9090')).toBe('http://127.0.0.1:9090')
  expect(urlOfBind('[::1]:9090')).toBe('http://[::1]:9090')
  expect(urlOfBind('10.0.0.5:9090')).toBe('http://10.0.0.5:9090')
  expect(urlOfBind('127.0.0.1:0')).toBeNull()
})

test('tables align words to the left and numbers to the right', () => {
  expect(
    table(
      ['A', 'LONG'],
      [
        ['word', 1],
        ['w', 12345],
      ],
    ),
  ).toBe('A      LONG\nword      1\nw     12345\n')
})

test('the config file tells where to ask', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ask-'))
  const config = (text: string): string => {
    const file = join(folder, 'sluice.yaml')
    writeFileSync(file, `listen: 127.0.0.1:0\nbackends: [{ url: "http://127.0.0.1:1" }]\n${text}`)
    return file
  }
  try {
    for (const command of [health, status, metrics]) {
      const other = await said(command, '-c', config(`admin: { bind: "${admin.address}" }\n`))
      expect([other.code, other.err]).toEqual([
        0,
        `sluice ${command.name}: no control socket of this config (${join(folder, 'sluice.yaml')}) is open; this is of the gateway at ${url}, which may be another\n`,
      ])
    }
    // Broken further down, and with names that only the gateway's environment knows.
    const broken = config(`admin:\n  bind: "${admin.address}"\nworkers: \${WORKERS}\nlogs: [broken\n`)
    expect((await said(health, '-c', broken)).code).toBe(0)
    for (const admin of ['admin: false\n', 'admin: { bind: "127.0.0.1:0" }\n']) {
      const off = await said(health, '-c', config(admin))
      expect([off.code, off.err.includes('no gateway runs with this config')]).toEqual([1, true])
    }
    const missing = await said(health, '-c', join(folder, 'none.yaml'))
    expect([missing.code, missing.err.includes('none.yaml')]).toEqual([1, true])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
