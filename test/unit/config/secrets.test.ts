// What ${…} stands for may be a secret: no problem repeats it, whatever is wrong with it or around it.
import { expect, test } from 'bun:test'
import { stringify as stringifyYaml } from 'yaml'
import { formatProblem } from '../../../server/config/problem.ts'
import { type Random, seededRandom, seedOfRun } from '../../support/random.ts'
import { linesOf, parse } from './parse.ts'

/** All that checks look at beyond the schema, some of it wrong. */
const base = (): unknown => ({
  listeners: {
    web: { bind: '127.0.0.1:8080', limits: { head: '8KiB', target: '16KiB' }, backend: 'app' },
    other: { bind: '0.0.0.0:8081' },
    turn: {
      bind: '192.0.2.1:3478',
      protocol: 'turn',
      transports: ['udp', 'tcp'],
      realm: 'example.org',
      auth: { users: { alice: 'a', '1700000000:bob': 'b' }, secrets: ['c'], nonce_secret: 'd'.repeat(16) },
      relay: { bind: ['10.0.0.5'], advertise: ['203.0.113.7'], ports: '50000-50099', lifetime: '10m' },
      peers: { allow: ['0.0.0.0/0', '2002::/16'], deny: ['10.0.0.0/8'] },
      quotas: { total: 101, bandwidth: '1MiB' },
      alternate: { servers: ['192.0.2.2:3478'], when: 'full' },
      discovery: '192.0.2.2:3479',
      tls: { bind: '192.0.2.1:5349', cert: 'a.pem', key: 'a.key' },
    },
  },
  rules: [
    {
      name: 'one',
      match: { listener: 'web', method: ['GET'], host: ['a.example'], path: '/a', header: { 'X-A': 'b' } },
      middleware: [
        { headers: { request: { set: { Host: 'a' }, remove: ['X-Gone'] }, response: { remove: ['X-Y'] } } },
        { ip: { allow: ['10.0.0.0/8'] } },
        { body_limit: { size: '1MiB' } },
      ],
      backend: 'app',
    },
    { name: 'two', respond: { status: 204, body: 'text' } },
    { name: 'three', match: { method: 'POST' }, redirect: { to: '/new', status: 308 } },
  ],
  backends: {
    app: {
      algorithm: 'hash',
      hash: { by: 'header', name: 'X-User' },
      servers: [
        { name: 's1', url: 'http://a:1' },
        { name: 's2', url: 'http://b:1' },
      ],
      health_check: { type: 'http', path: '/h', method: 'HEAD', expect: { body: 'ok' } },
    },
    bare: { servers: [{ url: 'http://a:1', weight: 1 }, { url: 'http://c:1' }], panic_threshold: 50 },
  },
  resolver: { servers: ['10.0.0.1:53'], ttl_min: '1s', ttl_max: '300s' },
  admin: { bind: '127.0.0.1:9090', trusted: ['10.0.0.0/8'] },
  logs: { level: 'info', access: { file: 'a.log' } },
  workers: 2,
})

/** Of every shape that is right somewhere; none is a word that problems use by themselves. */
const SECRETS = [
  'k33p-0ut',
  'K33P',
  'k33p.example',
  'k33p.example/x',
  'http://k33p-0ut:4711',
  'http://user:k33p@host:4711',
  '127.0.0.1:48131',
  '0.0.0.0:48131',
  'k33p:48131',
  '10.48.131.7:53',
  '/k33p/{nope}',
  '{k33p}',
  '(k33p',
  '48131',
  '48131s',
  '148131ms',
  '48131KiB',
  'k33p 0ut\n',
]
const MARKS = /k33p|48131/i

interface Leaf {
  readonly holder: Record<string | number, unknown>
  readonly key: string | number
}

function leavesOf(value: unknown, leaves: Leaf[] = []): Leaf[] {
  if (typeof value !== 'object' || value === null) return leaves
  const holder = value as Record<string | number, unknown>
  for (const [key, item] of Object.entries(holder))
    if (typeof item === 'object') leavesOf(item, leaves)
    else leaves.push({ holder, key })
  return leaves
}

function withSecrets(random: Random): { text: string; env: Record<string, string> } {
  const config = base()
  const leaves = leavesOf(config)
  const env: Record<string, string> = {}
  const same = random.pick(SECRETS)
  const count = 1 + random.below(8)
  for (let i = 0; i < count; i++) {
    const { holder, key } = random.pick(leaves)
    // Often the same one, so that what must differ does not.
    env[`S${i}`] = random.below(2) === 0 ? same : random.pick(SECRETS)
    holder[key] = `\${S${i}}`
  }
  return { text: JSON.stringify(config, null, 1), env }
}

test('the config that secrets are put into has only the problems that it should have', () => {
  const parsed = parse(JSON.stringify(base()))
  expect(parsed.ok).toBe(false)
  expect(parsed.ok || parsed.problems.some(({ path }) => path.startsWith('listeners.turn.'))).toBe(true)
})

test('no problem contains what was put in place of ${…}', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  for (let i = 0; i < 1000; i++) {
    const { text, env } = withSecrets(random)
    const parsed = parse(text, { env })
    for (const problem of parsed.ok ? parsed.warnings : parsed.problems) {
      const line = formatProblem(problem)
      if (MARKS.test(line)) throw new Error(`seed ${seed}: ${line}`)
    }
  }
})

/** Places of passwords and secrets, and what may be written there by mistake. */
const HELD = [
  'K33P',
  'k33p 0ut',
  '',
  48131,
  -48131.5,
  true,
  ['k33p'],
  [48131],
  { k: 'k33p' },
  null,
  '*k33p',
  'none k33p',
]
const PLACES: readonly ((value: unknown) => unknown)[] = [
  (value) => ({ users: { alice: value } }),
  (value) => ({ users: { alice: 'a', bob: value }, secrets: [] }),
  (value) => ({ users: value, secrets: ['a'] }),
  (value) => ({ secrets: [value] }),
  (value) => ({ secrets: value }),
  (value) => ({ secrets: ['a'], nonce_secret: value }),
  (value) => ({ users: { alice: 'a' }, nope: value, nonce_ttl: '1s' }),
  (value) => ({ users: { alice: 'a' }, passwords: { alice: value } }),
  (value) => value,
]

test.each(PLACES)('no problem tells a password or secret that stands in the file: %p', (place) => {
  for (const value of HELD)
    for (const more of [{}, { realm: '' }, { bind: 3478 }, { relay: 'yes' }, { nope: 1 }]) {
      const turn = { bind: '192.0.2.1:3478', protocol: 'turn', realm: 'a', auth: place(value), ...more }
      for (const text of [JSON.stringify({ listeners: { turn } }), stringifyYaml({ listeners: { turn } })])
        for (const line of linesOf(text)) expect(line).not.toMatch(MARKS)
    }
})

test.each([
  ['yaml', 'a: *k33p'],
  ['yaml', 'a: !k33p'],
  ['yaml', 'a: !k33p x'],
  ['yaml', 'a: !!k33p'],
  ['yaml', 'a: !<k33p> x'],
  ['yaml', 'a: |k33p'],
  ['yaml', 'a: >k33p'],
  ['yaml', 'a: ]k33p'],
  ['yaml', 'a: @k33p'],
  ['yaml', 'a: `k33p'],
  ['yaml', 'a: %k33p'],
  ['yaml', 'a: "\\uk33p"'],
  ['yaml', 'a: k33p: b'],
  ['yaml', 'a: "b" k33p'],
  ['yaml', 'a: &b [ *b, k33p ]\nc: *k33p'],
  ['json', '{ "a": k33p }'],
  ['json', '{ "a": [k33p] }'],
  ['json', '{ "a" k33p }'],
  ['json', '{ "a": "b" k33p }'],
  ['json', '{ "a": "k33p\\q" }'],
  ['json', '{ "a": \'k33p\' }'],
  ['toml', 'a = k33p'],
  ['toml', 'a = "b" k33p'],
  ['toml', 'a = "k33p\\q"'],
  ['toml', "a = 'k33p"],
  ['toml', 'a = { b = k33p }'],
])('a text that was not put in quotes is not told: %s %s', (format, text) => {
  const lines = linesOf(text, { file: `/etc/sluice/a.${format}` })
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) expect(line).not.toMatch(MARKS)
})

const LONG = (listeners: string, rules: string, backends: string, more = ''): string =>
  `listeners: { ${listeners} }\nrules: [ ${rules} ]\nbackends: { ${backends} }\n${more}`
const WEB = 'web: { bind: ":80" }'
const APP = 'a: { servers: [{ url: "http://a:1" }] }'

test.each([
  ['a name that is not known', LONG(WEB, '{ name: r, backend: "${S}" }', APP), 'a0'],
  [
    'a URL a second time',
    LONG(WEB, '', 'a: { servers: [{ url: "${S}" }, { url: "${S}" }] }'),
    'http://k33p:1',
  ],
  [
    'a server’s name a second time',
    LONG(
      WEB,
      '',
      'a: { servers: [{ url: "http://a:1", name: "${S}" }, { url: "http://b:1", name: "${S}" }] }',
    ),
    'k33p',
  ],
  [
    'a rule’s name a second time',
    LONG(WEB, '{ name: "${S}", backend: a }, { name: "${S}", backend: a }', APP),
    'k33p',
  ],
  [
    'an address a second time',
    LONG('a: { bind: "${S}" }, b: { bind: "${S}" }', '{ name: r, backend: a }', APP),
    ':48131',
  ],
  ['a redirect without scheme', LONG(WEB, '{ name: r, redirect: { to: "${S}" } }', APP), 'k33p.example'],
  ['a redirect with an unknown word', LONG(WEB, '{ name: r, redirect: { to: "/${S}" } }', APP), '{k33p}'],
  ['a status without body', LONG(WEB, '{ name: r, respond: { status: "${S}", body: x } }', APP), '204'],
  [
    'a target beyond the head',
    LONG('web: { bind: ":80", limits: { target: "${S}" } }', '{ name: r, backend: a }', APP),
    '48131',
  ],
  [
    'a TTL',
    LONG(WEB, '{ name: r, backend: a }', APP, 'resolver: { ttl_min: "${S}", ttl_max: 2s }'),
    '48131ms',
  ],
  ['a DNS server', LONG(WEB, '{ name: r, backend: a }', APP, 'resolver: { servers: ["${S}"] }'), 'k33p:53'],
  [
    'the name of a header to hash',
    LONG(
      WEB,
      '{ name: r, backend: a }',
      'a: { algorithm: hash, hash: { by: header, name: "${S}" }, servers: [{ url: "http://a:1" }] }',
    ),
    'k33p x',
  ],
  [
    'a field that is ours',
    LONG(WEB, '{ name: r, backend: a, middleware: [{ headers: { request: { remove: ["${S}"] } } }] }', APP),
    'TrAiLeR',
  ],
  [
    'a method that reaches no rule',
    LONG(WEB, '{ name: r, match: { method: "${S}" }, backend: a }', APP),
    'TRACE',
  ],
])('%s is told as it is written', (_name, text, value) => {
  const lines = linesOf(text, { env: { S: value } })
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) expect(line.replace('204, 205', '')).not.toContain(value)
  expect(lines.join('\n')).toContain('${S}')
})

test('values of fields that carry credentials are not shown where they are wrong', () => {
  const short = 'listen: ":0"\nbackends: [{ url: "http://a:1" }]\n'
  for (const value of ['" s3cret"', '"s3cret\\n"', '[s3cret]', '{ s3cret: 1 }', '"s3cret\\u0001"'])
    for (const text of [
      `headers: { request: { set: { Authorization: ${value} } } }`,
      `health_check: { headers: { X-Api-Key: ${value} } }`,
    ]) {
      const lines = linesOf(`${short}${text}\n`)
      expect(lines).toHaveLength(1)
      expect(lines[0]).not.toContain('s3cret')
    }
  // Of others they are.
  expect(linesOf(`${short}headers: { request: { set: { X-Team: " blue" } } }\n`)[0]).toContain('write "blue"')
})

test('a password in a URL that lacks its beginning is not shown', () => {
  for (const url of ['bob:s3cret@a:1', 'http:/bob:s3cret@a:1', 'x, bob:s3cret@a:1'])
    expect(linesOf(`listen: ":0"\nbackends: [{ url: "${url}" }]\n`).join('\n')).not.toContain('s3cret')
})
