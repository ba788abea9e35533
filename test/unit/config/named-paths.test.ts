import { expect, test } from 'bun:test'
import { parseConfig } from '../../../server/config/load.ts'
import { namedPaths, type PathRule } from '../../../server/config/named-paths.ts'
import { ConfigOptions } from '../../../server/config/schema.ts'
import type { SchemaNode } from '../../../server/config/schema-node.ts'
import { mayName } from '../../../server/control/change/may-name.ts'
import type { Edition } from '../../../server/control/problem.ts'
import { configOf, FILE, parse, withRules } from './parse.ts'

const BASE = withRules('  - { name: all, backend: app }')
const RULE: PathRule = {
  folders: ['/etc/sluice', '/srv/data'],
  paths: new Set(['/known/ca.pem', '/known/app.sock']),
  code: 'not-yours',
}

/** Where something else is named than may be, and which files were looked at. */
function outcome(text: string, rule: PathRule | null = RULE): { odd: string[]; read: string[] } {
  const read: string[] = []
  const readFile = (path: string): Uint8Array => {
    read.push(path)
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  }
  const around = { readFile, namesOnly: rule }
  const parsed = parseConfig(FILE, Buffer.from(text), { HOME: '/etc/sluice' }, around)
  const odd = parsed.ok ? [] : parsed.problems.filter(({ code }) => code === RULE.code)
  return { odd: odd.map(({ path }) => path), read }
}

/** A config that names a file or socket, by what it does with it. */
const NAMING: Readonly<Record<string, (path: string) => string>> = {
  'certificates.a.cert[0]': (path) => `${BASE}certificates: { a: { cert: ${path}, key: key.pem } }`,
  'certificates.a.key[0]': (path) => `${BASE}certificates: { a: { cert: cert.pem, key: [${path}] } }`,
  'backends.app.tls.ca[0]': (path) =>
    BASE.replace('url: "http://a:1" }]', `url: "https://a" }], tls: { ca: ${path} }`),
  'backends.app.tls.key': (path) =>
    BASE.replace('url: "http://a:1" }]', `url: "https://a" }], tls: { cert: c.pem, key: ${path} }`),
  'listeners.tls.client_certificate.crl[0]': (path) =>
    BASE.replace(
      'rules:',
      `  tls: { bind: "127.0.0.1:8443", protocol: https, certificates: [a], client_certificate: { ca: ca.pem, crl: [${path}] } }\nrules:`,
    ),
  'listeners.turn.tls.key': (path) =>
    BASE.replace(
      'rules:',
      `  turn: { bind: "127.0.0.1:3478", protocol: turn, realm: a, auth: { users: { a: b } }, relay: { bind: [127.0.0.1] }, tls: { bind: "127.0.0.1:5349", cert: c.pem, key: ${path} } }\nrules:`,
    ),
  'admin.tls.cert': (path) => `${BASE}admin: { tls: { cert: ${path}, key: a.key } }`,
  'admin.jwt.jwks_file': (path) =>
    `${BASE}admin: { jwt: { issuer: "https://a.example", audience: a, jwks_file: ${path} } }`,
  'logs.access.file': (path) => `${BASE}logs: { access: { file: ${path} } }`,
  data: (path) => `${BASE}data: ${path}`,
}

test('what may not be named is told before it is looked at, wherever a path stands', () => {
  for (const [place, text] of Object.entries(NAMING)) {
    for (const odd of [
      '/etc/shadow',
      '../shadow',
      '/etc/sluice/../shadow',
      '/etc/sluice-other/key',
      '"${HOME}/../x"',
    ])
      expect([place, odd, outcome(text(odd))]).toEqual([place, odd, { odd: [place], read: [] }])
    for (const fine of ['own.pem', '/etc/sluice/tls/own.pem', '/srv/data/x', '/known/ca.pem', '"${HOME}/x"'])
      expect([place, fine, outcome(text(fine)).odd]).toEqual([place, fine, []])
    expect([place, outcome(text('/etc/shadow'), null).odd]).toEqual([place, []])
  }
})

test('sockets of other programs are told as well, and texts that only look like them are not', () => {
  const server = (url: string): string => BASE.replace('http://a:1', url)
  const bind = (text: string): string => BASE.replace('127.0.0.1:8080', text)
  expect(outcome(server('http://unix:/run/docker.sock')).odd).toEqual(['backends.app.servers[0].url'])
  expect(outcome(server('http://unix:/known/app.sock')).odd).toEqual([])
  expect(outcome(server('http://unix:/srv/data/app.sock')).odd).toEqual([])
  expect(outcome(bind('unix:/run/docker.sock')).odd).toEqual(['listeners.web.bind[0]'])
  expect(outcome(bind('unix:/srv/data/web.sock')).odd).toEqual([])
  const header = BASE.replace(
    'backend: app',
    'backend: app, match: { path: /etc/shadow, header: { X-A: "unix:/etc/x" } }',
  )
  expect(outcome(header).odd).toEqual([])
})

test('what was filled in is not told', () => {
  const text = NAMING['certificates.a.cert[0]']!('"${SECRET}"')
  const parsed = parseConfig(FILE, Buffer.from(text), { SECRET: '/hush/of-the-gateway' }, { namesOnly: RULE })
  expect(JSON.stringify(parsed)).toContain('not-yours')
  expect(JSON.stringify(parsed)).not.toContain('of-the-gateway')
})

test('the paths of a config are those that its schema says are some', () => {
  const text = NAMING['logs.access.file']!('/var/log/a.log').replace('http://a:1', 'http://unix:/run/a.sock')
  const named = namedPaths(ConfigOptions as SchemaNode, configOf(text))
  expect([...named].toSorted()).toEqual(['/etc/sluice/data', '/run/a.sock', '/var/log/a.log'])
})

test('editors name what is in the folders of the config and its data, admins with a fresh password anything', () => {
  const config = configOf(`${BASE}admin: { files: [/srv/tls, more] }\ndata: /var/lib/sluice\n`)
  const before = { config } as unknown as Edition
  expect(mayName({ keepsAdmin: null }, before, FILE)).toBeNull()
  expect(mayName({ keepsAdmin: 'role' }, before, FILE)).toMatchObject({
    folders: ['/etc/sluice', '/var/lib/sluice', '/srv/tls', '/etc/sluice/more'],
    code: 'not-yours',
  })
  expect(mayName({ keepsAdmin: 'step_up' }, before, FILE)?.code).toBe('step_up_needed')
  // /etc as a whole is nobody's own.
  expect(mayName({ keepsAdmin: 'role' }, before, '/etc/sluice.yaml')?.folders[0]).toBe('/var/lib/sluice')
  expect(parse(BASE).ok).toBe(true)
})
