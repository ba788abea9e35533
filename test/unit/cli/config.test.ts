import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { config } from '../../../server/cli/config.ts'
import { loadConfig } from '../../../server/config/load.ts'
import { formatProblem } from '../../../server/config/problem.ts'
import { testCertificate } from '../../support/certificate.ts'
import { type Said, saidBy } from '../../support/command.ts'
import { exampleFiles, FOLDER } from '../../support/example-config.ts'
import { EXAMPLE_SECRETS } from '../../support/example-secrets.ts'

const cwd = mkdtempSync(join(tmpdir(), 'sluice-config-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const ENV = { TOKEN: 't0ken', PORT: '8081', SECRET: 'sixteen-letters-s3cret', HOST: 'inner' }
const shown = (text: string, ...args: readonly string[]): Promise<Said> => {
  writeFileSync(join(cwd, 'sluice.yaml'), text)
  return saidBy((io) => config(args, io), { cwd, env: ENV })
}

const TEXT = `
listeners:
  web: { bind: "127.0.0.1:\${PORT}" }
  turn:
    bind: "127.0.0.1:3478"
    protocol: turn
    realm: example.org
    auth: { users: { alice: "pl4in", bob: "\${TOKEN}" }, secrets: ["\${SECRET}", "an0ther"], nonce_secret: "n0nce-of-sixteen-letters" }
rules:
  - name: all
    backend: api
    middleware:
      - headers: { request: { set: { Authorization: "Bearer l1teral", X-From: "\${HOST}", X-Plain: seen, X-Api-Key: k3y } } }
backends:
  api: { servers: [{ url: "http://\${HOST}:1" }], health_check: { path: /health, interval: 90s } }
`

test('what takes effect is shown in the long form, with defaults, as a config that is valid', async () => {
  const { code, out, err } = await shown(TEXT)
  expect([code, err]).toEqual([0, ''])
  const effective = parse(out) as Record<string, Record<string, Record<string, unknown>>>
  expect(effective).toMatchObject({
    listeners: { web: { bind: '127.0.0.1:8081', protocol: 'http' } },
    backends: { api: { servers: [{ url: 'http://inner:1' }], health_check: { interval: '90s' } } },
    drain: '30s',
  })
  writeFileSync(join(cwd, 'shown.yaml'), out)
  const again = loadConfig(join(cwd, 'shown.yaml'), ENV)
  expect(again.ok ? [] : again.problems).toEqual([])
})

test('no secret is shown, whether it is written there or filled in', async () => {
  for (const args of [[], ['--json']]) {
    const { out } = await shown(TEXT, ...args)
    for (const secret of ['pl4in', 'an0ther', 'n0nce', 'l1teral', 'k3y', ENV.TOKEN, ENV.SECRET])
      expect(out).not.toContain(secret)
    const { rules, listeners } = parse(out) as { rules: { middleware: object[] }[]; listeners: object }
    expect(rules[0]?.middleware[0]).toMatchObject({
      headers: {
        request: { set: { Authorization: '(a secret, hidden)', 'X-From': '${HOST}', 'X-Plain': 'seen' } },
      },
    })
    expect(listeners).toMatchObject({
      turn: { auth: { users: { alice: '(a secret, hidden)', bob: '(a secret, hidden)' } } },
    })
  }
})

test('the short form is shown as the long one', async () => {
  const { out } = await shown(
    'listen: ":80"\nbackends: [{ url: "http://a:1" }]\nheaders: { request: { set: { X-T: "${TOKEN}" } } }',
  )
  expect(parse(out)).toMatchObject({
    listeners: { default: { bind: ':80' } },
    rules: [{ middleware: [{ headers: { request: { set: { 'X-T': '${TOKEN}' } } } }] }],
  })
})

test('a file with problems is told as check tells it', async () => {
  const { code, out, err } = await shown('listen: 1')
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain('sluice.yaml:1:9')
})

test('what the environment wants of sockets goes before the file, as for a start', async () => {
  const said = async (sockets: string): Promise<Said> => {
    writeFileSync(join(cwd, 'sluice.yaml'), `${TEXT}sockets: auto\n`)
    return saidBy((io) => config([], io), { cwd, env: { ...ENV, SLUICE_SOCKETS: sockets } })
  }
  expect(parse((await said('bun')).out)).toMatchObject({ sockets: 'bun' })
  expect(parse((await said('')).out)).toMatchObject({ sockets: 'auto' })
  expect(await said('kqueue')).toMatchObject({
    code: 1,
    err: 'SLUICE_SOCKETS in the environment: found "kqueue", allowed auto, io_uring, epoll, bun\n',
  })
})

/** What check tells of what is shown of a file that check finds nothing in. */
async function checkedAgain(file: string): Promise<readonly string[]> {
  const env = { ...ENV, ...EXAMPLE_SECRETS }
  const { err, out } = await saidBy((io) => config([file], io), { cwd, env })
  if (err !== '') return [err]
  writeFileSync(join(cwd, 'again.yaml'), out)
  const again = loadConfig(join(cwd, 'again.yaml'), env)
  return again.ok ? [] : again.problems.map(formatProblem)
}

test.each(exampleFiles())('what is shown of %s is a config that is valid', async (name) => {
  const certificate = testCertificate()
  const text = readFileSync(join(FOLDER, name), 'utf8')
    .replaceAll(/[^\s"[,{]+\.(?:pem|crt)\b/g, certificate.cert)
    .replaceAll(/[^\s"[,{]+\.key\b/g, certificate.key)
  writeFileSync(join(cwd, name), text)
  expect(await checkedAgain(join(cwd, name))).toEqual([])
})

const PASSED_ON = `
listeners:
  db: { bind: ":5432", protocol: tcp, backend: db }
  front: { bind: ":443", protocol: tls }
  dns: { bind: ":53", protocol: udp, backend: dns }
  web: { bind: ":80" }
rules:
  - { name: tls, match: { listener: front, server_name: a.example }, backend: inner }
  - { name: web, match: { listener: web }, backend: web }
backends:
  db: { servers: [{ url: "tcp://10.0.0.1:5432" }], proxy_protocol: v2, health_check: { send: "PING", expect: { data: PONG } } }
  inner: { servers: [{ url: "tls://10.0.0.1:443" }], health_check: { interval: 5s } }
  dns: { servers: [{ url: "udp://10.0.0.1:53" }], queue: {}, health_check: { send: "x", expect: { data: "y" } } }
  web: { servers: [{ url: "https://unix:/run/a.sock" }], tls: { server_name: a.example }, proxy_protocol: v1, health_check: { type: tcp } }
`

test('what is shown of servers that are given bytes or datagrams lacks what means nothing to them', async () => {
  writeFileSync(join(cwd, 'passed-on.yaml'), PASSED_ON)
  expect(await checkedAgain(join(cwd, 'passed-on.yaml'))).toEqual([])
  const { backends } = parse(readFileSync(join(cwd, 'again.yaml'), 'utf8')) as {
    backends: Record<string, Record<string, Record<string, unknown>>>
  }
  expect(Object.keys(backends['web'] ?? {})).toContain('answers')
  expect(backends['web']?.['health_check']).not.toHaveProperty('path')
  expect(backends['db']).not.toHaveProperty('keep_alive')
  expect(backends['db']?.['timeouts']).toEqual({ connect: '5s' })
  expect(backends['dns']).not.toHaveProperty('timeouts')
  expect(backends['dns']?.['health_check']?.['expect']).toEqual({ data: 'y', data_limit: '4KiB' })
})
