import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { config } from '../../../server/cli/config.ts'
import { loadConfig } from '../../../server/config/load.ts'
import { type Said, saidBy } from '../../support/command.ts'

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
