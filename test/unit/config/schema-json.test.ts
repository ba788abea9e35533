import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import { schemaText } from '../../../server/config/write-schema.ts'
import { fits } from './json-schema.ts'
import { linesOf, withTurn } from './parse.ts'
import { exampleFiles } from '../../support/example-config.ts'

const root = resolve(import.meta.dir, '../../../config')
const schema = JSON.parse(readFileSync(join(root, 'schema.json'), 'utf8')) as Record<string, unknown>

test('config/schema.json is current (bun server/config/write-schema.ts writes it)', () => {
  expect(readFileSync(join(root, 'schema.json'), 'utf8')).toBe(schemaText())
})

test.each(['sluice.yaml', ...exampleFiles().map((name) => `examples/${name}`)])(
  'editors find nothing wrong in %s',
  (name) => {
    const text = readFileSync(join(root, name), 'utf8')
    expect(fits(name.endsWith('.toml') ? parseToml(text) : parseYaml(text), schema)).toBe(true)
  },
)

const BACKENDS = 'backends: { a: { servers: [{ url: "http://a" }] } }'
const LISTENERS = 'listeners: { web: { bind: ":80", backend: a } }'
const SHORT = 'listen: ":80"\nbackends: [{ url: "http://a" }]'

test.each([
  `${LISTENERS}\n${BACKENDS}`,
  `${LISTENERS}\n${BACKENDS}\nadmin: false`,
  `${SHORT}\nworkers: "\${WORKERS:-2}"`,
  `${SHORT}\nip: { allow: [10.0.0.0/8] }\nmatch: { host: a.example, path: [/a, /b*] }`,
  `${SHORT}\nhealth_check: { expect: { status: [200, 3xx] } }\nlogs: { format: text }`,
  withTurn(),
  withTurn('auth: none\nrelay: false'),
  withTurn(
    'auth: { secrets: [a, "${X:-b}"], nonce_ttl: 10m }\ntransports: [tcp]\nquotas: { bandwidth: 1MiB }',
  ),
  withTurn(
    'relay: { bind: [10.0.0.1], advertise: ["203.0.113.1"], ports: 50000-50999 }\nquotas: { total: 1000 }',
  ),
  withTurn('protocol: "${P:-turn}"'),
  withTurn('', `  web: { bind: ":80", protocol: http, backend: a }\n${BACKENDS}`),
])('what the program takes, editors take: %j', (text) => {
  expect(linesOf(text, { env: {} })).toEqual([])
  expect(fits(parseYaml(text), schema)).toBe(true)
})

test.each([
  `${LISTENERS}\n${BACKENDS}\nadmin: true`,
  `${LISTENERS}\n${BACKENDS}\nworker: 2`,
  BACKENDS,
  `${SHORT}\nrules: []`,
  `${SHORT}\nhalf_close: answer`,
  `${SHORT}\nworkers: 300`,
  `${SHORT}\ndrain: 10`,
  `${SHORT}\nalgorithm: best`,
  `${SHORT}\nhealth_check: { rise: 0 }`,
  `${SHORT}\nmiddleware: [{}]`,
  `${SHORT}\nmatch: { host: [] }`,
  'listen: ":80"\nbackends: [{ weight: 1 }]',
  withTurn('backend: a'),
  withTurn('auth:'),
  withTurn('auth: all'),
  withTurn('auth: { users: { alice: "" } }'),
  withTurn('auth: { user: { alice: a } }'),
  withTurn('relay: true'),
  withTurn('relay: { ports: 500-600 }'),
  withTurn('transports: [udp, udp]'),
  withTurn('transports: [sctp]'),
  withTurn('protocol: stun'),
  withTurn('protocol: http'),
  'listeners: { turn: { bind: ":3478", realm: a, auth: none } }',
  'listeners: { turn: { bind: ":3478", protocol: turn, auth: none } }',
  'listeners: { turn: { bind: ":3478", protocol: turn, realm: a } }',
])('what the program refuses by its shape, editors refuse: %j', (text) => {
  expect(linesOf(text).length).toBeGreaterThan(0)
  expect(fits(parseYaml(text), schema)).toBe(false)
})
