// A hint is done as it stands: what it proposes is not refused for the reason that it was given for.
import { expect, test } from 'bun:test'
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml'
import { type Problem } from '../../../server/config/problem.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { linesOf, problemsOf, withBackend, withRules, withTurn } from './parse.ts'

const base = (): unknown => ({
  listeners: {
    web: {
      bind: ':8080',
      trusted_proxies: ['10.0.0.0/8'],
      timeouts: { head: '10s' },
      limits: { body: '1MiB' },
    },
    turn: {
      bind: '127.0.0.1:3478',
      protocol: 'turn',
      realm: 'example.org',
      auth: { users: { alice: 'secret' } },
      relay: { bind: ['127.0.0.1'], ports: '50000-50999', lifetime: '10m' },
      peers: { allow: ['10.0.0.0/8'] },
    },
  },
  rules: [
    {
      name: 'one',
      match: { host: 'a.example', path: ['/a'], method: 'GET', header: { 'X-A': 'b' } },
      middleware: [
        { headers: { request: { set: { 'X-B': 'c' }, remove: ['X-C'] } } },
        { ip: { allow: ['10.0.0.0/8'] } },
        { body_limit: { size: '1MiB' } },
      ],
      backend: 'api',
    },
    { name: 'two', respond: { status: 204 } },
    { name: 'three', match: { path: '/r' }, redirect: { to: '/new', status: 308 } },
  ],
  backends: {
    api: {
      algorithm: 'hash',
      hash: { by: 'header', name: 'X-User' },
      servers: [{ url: 'http://a:1', weight: 1, backup: false }],
      health_check: { path: '/h', interval: '5s', expect: { status: [200] } },
      retry: { attempts: 2 },
      queue: { size: 1, timeout: '5s' },
      timeouts: { connect: '1s' },
      keep_alive: { idle: '1s' },
    },
  },
  resolver: { servers: ['10.0.0.1:53'], timeout: '1s' },
  admin: { bind: '127.0.0.1:9090', trusted: ['10.0.0.0/8'] },
  logs: { level: 'info', access: { enabled: true } },
  metrics: { prefix: 'lb' },
  workers: 2,
  drain: '30s',
})

/** What people write into the wrong place, or wrongly. */
// prettier-ignore
const ODD = [
  null, true, false, 0, 1, -1, 2.5, 80, 403, 8080, 99_999, 123_456_789, '', ' ', 'yes', 'off', '5', '5 s', '10 sec', '1.5 MB', '0s', '0',
  'a', 'a b', 'a,b', 'GET, POST', 'get', 'https', 'http', 'tcp', 'warning', 'JSON', 'api', '/api', '/api/', '/a b', 'api/*', '*', '~ ^/a', '/a*b',
  ':8080', '8080', '0.0.0.0', '127.0.0.1', '::1', '[::1]', '::1:80', '[::1]:80', '10.0.0.1', '10.0.0.1:80', '10.0.0.0/8', '10.0.0.0 / 8', '10.0.0.*',
  '10.0.0.1, 10.0.0.2', 'example.org', '*example.org', '.example.org', 'example.org:80', 'https://example.org/x', 'http://a', 'http://a/b', 'HTTP://a:1',
  'http:/a:1', '//a:1', 'a:1', '-a:1', 'a:0', 'a:99999', 'http://me:s3cret@a:1', 'http://a:1, http://b:1', 'a:1,b:1', 'unix:/x', 'http://::1:80', 'http://[::1',
  'url:http://a', 'bind:":80"', '50000', '50000:50100', '50100-50000', 'X-A:', 'X A', '"x"', '{{ x }}', '\u201cx\u201d', 'x'.repeat(100), 'constructor',
  [], {}, ['a'], ['http://a:1'], [':80', ':81'], { a: 1 }, { url: 'http://a:1' }, { name: 'a' }, { on: 'path' }, { address: ':80' }, { status: 200 },
  [{ url: 'a:1' }], [{ deny: ['10.0.0.1'] }], { api: { url: 'http://a' } }, { enabled: 'on' },
]

/** More with SLUICE_FUZZ_RUNS. */
const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 300)

type Step = string | number
type Holder = Record<Step, unknown>

/** Every place of a document, the root left out. */
function placesOf(value: unknown, path: Step[] = []): Step[][] {
  if (typeof value !== 'object' || value === null) return [path]
  const below = Object.entries(value).flatMap(([key, item]) =>
    placesOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  )
  return path.length === 0 ? below : [path, ...below]
}

function at(document: unknown, path: readonly Step[]): unknown {
  let value = document
  for (const step of path)
    value = typeof value === 'object' && value !== null ? (value as Holder)[step] : value
  return value
}

function put(document: unknown, path: readonly Step[], value: unknown): void {
  const holder = at(document, path.slice(0, -1)) as Holder
  // Where one value may stand for a list, the list is not there.
  if (typeof holder === 'object' && holder !== null) holder[path.at(-1) ?? ''] = value
}

const stepsOf = (path: string): Step[] =>
  [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, key]) =>
    index === undefined
      ? quoted === undefined
        ? (key ?? '')
        : String(JSON.parse(`"${quoted}"`))
      : Number(index),
  )

/** What a hint proposes to write: values, as a person would type them. */
function proposalsOf(hint: string): unknown[] {
  const [, written = ''] =
    /(?:^|: )write (.+)$|^did you mean (".*")\?$/.exec(hint)?.filter((x) => x !== undefined) ?? []
  const one =
    /"(?:[^"\\]|\\.)*"|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]|true|false/y
  const found: unknown[] = []
  for (let from = 0; from < written.length;) {
    one.lastIndex = from
    const match = one.exec(written)
    if (match === null) return found.length > 0 && /^(?:,| or)/.test(written.slice(from)) ? found : []
    found.push(parseYaml(match[0]))
    from += match[0].length
    const between = /^(?:, | or )/.exec(written.slice(from))
    if (between === null) return from === written.length ? found : []
    from += between[0].length
  }
  return found
}

const isOpen = (value: unknown): boolean => /NAME|PORT|VALUE|…/.test(JSON.stringify(value))
const reasonOf = ({ code, path, found }: Problem): string => `${code} ${path} ${found}`

/** What is still refused after a proposal was followed, for each that a document's problems make. */
function refusedAgain(document: unknown, tried: { count: number }): string[] {
  const problems = problemsOf(stringifyYaml(document, { aliasDuplicateObjects: false }))
  return problems.flatMap(({ hint, code, path, found }) =>
    proposalsOf(hint ?? '')
      .filter((proposal) => !isOpen(proposal))
      .flatMap((proposal) => {
        tried.count++
        const mended = structuredClone(document)
        const steps = stepsOf(path)
        if (code === 'unknown-key') {
          put(mended, [...steps.slice(0, -1), String(proposal)], at(mended, steps))
          delete (at(mended, steps.slice(0, -1)) as Holder)[steps.at(-1) ?? '']
        } else put(mended, steps, proposal)
        const after = problemsOf(stringifyYaml(mended, { aliasDuplicateObjects: false }))
        return after
          .filter((one) => one.path === path && one.severity === 'error' && one.code === code)
          .map((again) => `${path}: found ${found}; ${hint}; then ${reasonOf(again)}`)
      }),
  )
}

test('what a hint proposes is not refused for the same reason, whatever stands wherever', () => {
  const tried = { count: 0 }
  const seed = seedOfRun()
  const random = seededRandom(seed)
  const places = placesOf(base())
  for (let i = 0; i < RUNS; i++) {
    const document = base()
    // Several at once: each has its own place.
    for (let j = 0; j < 4; j++) put(document, random.pick(places), structuredClone(random.pick(ODD)))
    const refused = refusedAgain(document, tried)
    if (refused.length > 0) throw new Error(`seed ${seed}: ${refused.join('\n')}`)
  }
  expect(tried.count).toBeGreaterThan(RUNS / 2)
})

const rule = (keys: string): string => withRules(`  - { name: r, ${keys} }`)
const hintOf = (text: string): string => linesOf(text)[0] ?? ''

test.each([
  [rule('respond: 403'), 'write { status: 403 }'],
  [rule('respond: hello'), 'write { body: hello }, { file: hello } or { template: hello }'],
  [withBackend('health_check: /health'), 'write { path: "/health" }'],
  [withBackend('retry: 3'), 'write { attempts: 3 }'],
  [
    withBackend('timeouts: 3s'),
    'write { connect: 3s }, { response: 3s }, { idle: 3s }, { stream: 3s } or { total: 3s }',
  ],
  [withBackend('health_check: false'), 'remove the key'],
  [rule('match: /a, backend: app'), 'write { path: "/a" }'],
  [
    'listeners: { web: { address: ":80", backend: a } }\nbackends: { a: { servers: [{ url: "http://a" }] } }',
    'it is called "bind"',
  ],
  [withBackend('', '[{ address: "http://a:1" }]'), 'it is called "url"'],
  [withBackend('algorithm: hash\nhash: { on: path }'), 'it is called "by"'],
  [
    withBackend('resolver: {}').replace('    resolver: {}', 'resolver: { servers: [8.8.8.8] }'),
    'write "8.8.8.8:53"',
  ],
  [
    withBackend('resolver: {}').replace('    resolver: {}', 'resolver: { servers: [":8080"] }'),
    'write the address of the server before ":"',
  ],
  [withBackend('admin: {}').replace('    admin: {}', 'admin: { bind: "9091" }'), 'write "127.0.0.1:9091"'],
  [withBackend('health_check: { interval: 1 }'), 'write "1s"'],
  [withBackend('', '["a:1"]'), 'write { url: "http://a:1" }'],
  [withBackend('', '"http://a:1, http://b:1"'), 'write [{ url: "http://a:1" }, { url: "http://b:1" }]'],
  [withBackend('', '[{ url: "HTTP://a:1" }]'), 'write "http://a:1"'],
  [withBackend('', '[{ url: "http://a:1, http://b:1" }]'), 'one URL only: write a server for each'],
  [
    withTurn('protocol: http2').replace('realm', 'x-realm'),
    'only HTTP/1.1 is spoken: write https, or http in the clear',
  ],
  [
    'listen: "{{ port }}"\nbackends: [{ url: "http://a" }]',
    'let the template be filled in first, or write ${NAME} for an environment variable',
  ],
])('%j is mended by %j', (text, hint) => {
  expect(linesOf(text).map((line) => line.slice(line.indexOf('; ') + 2))).toContain(hint)
})

test('no duration is offered that is too short', () => {
  expect(hintOf(withBackend('timeouts: { connect: 0 }'))).not.toContain(';')
})

test('hints are written as the file is', () => {
  const json = '{ "listen": ":80", "backends": ["http://a:1"] }'
  expect(linesOf(json, { file: '/a.json' })[0]).toEndWith('write { "url": "http://a:1" }')
  const toml = 'listen = ":80"\nbackends = ["http://a:1"]\n'
  expect(linesOf(toml, { file: '/a.toml' })[0]).toEndWith('write { url = "http://a:1" }')
  const tables =
    '[listeners.web]\nbind = ":80"\n[[rules]]\nname = "a"\nbackend = "a"\n[rules.middleware.ip]\ndeny = ["10.0.0.1"]\n[[backends.a.servers]]\nurl = "http://a"\n'
  expect(linesOf(tables, { file: '/a.toml' })).toEqual([
    expect.stringContaining('write [[rules.middleware]] in place of [rules.middleware]'),
  ])
})

test.each([
  ['listen: ":80\nbackends:\n  - url: "http://a"\n', '1:9: found a text without its closing quote'],
  ["listen: ':80\nbackends: []\n", '1:9: found a text without its closing quote'],
  [
    'listen: ":80"\nbackends:\n  - url: "http://a\n  - url: http://b\ndrain: 3s\n',
    '3:10: found a text without',
  ],
  [
    'listen: ":80"\nbackends: [{ url: http://a }, { url: http://b }\ndrain: 3s\n',
    '2:11: found "[" that is not closed',
  ],
  [
    'listen: ":80"\nbackends: [{ url: http://a , { url: http://b }]\n',
    '2:12: found "{" that is not closed before "]"',
  ],
  ['listen: [::1]:80\nbackends: []\n', '1:9: found [::1]:80 without quotes'],
  ['listeners:\n  web: { bind: [::]:80 }\n', '2:16: found [::]:80 without quotes'],
  ['listen:":80"\nbackends:\n  - url: http://a\n', '1:1: found "listen:" without a blank behind it'],
  ['listen: ":80"\nbackends:\n  -url: http://a\n  -url: http://b\n', '3:3: found "-url:" without a blank'],
  ['listen:\u00a0":80"\nbackends:\n  - url: http://a\n', '1:8: found a blank of another kind'],
  ['listen: ":80"\nbackends:\n\u00a0\u00a0- url: http://a\n', '3:1: found a blank of another kind'],
  ['listen: {{ x }}\nbackends:\n  - url: http://a\n', '1:1: found "{{" of a template'],
  ['backends:\n{% for s in x %}\n  - url: {{ s }}\n', '2:1: found "{%" of a template'],
  ['listen = ":80"\n[[backends]]\nurl = "http://a"\n', '1:1: found TOML'],
  ['[listeners.web]\nbind = ":80"\n', '1:1: found TOML'],
  ['server {\n  listen 80;\n}\n', '1:1: found a config of nginx'],
  ['example.org {\n  reverse_proxy a:1\n}\n', '1:1: found a config of another program'],
  ['frontend web\n  bind :80\n', '1:1: found a config of HAProxy'],
])('%j is told where it begins', (text, expected) => {
  const lines = linesOf(text)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toStartWith(expected)
})

test.each([
  ['{\n  // here\n  "listen": ":80" }', '2:3: found a comment'],
  ['{ "listen": ":80", /* here */ "backends": [] }', '1:20: found a comment'],
  ['{ "listen": ":80",\n "backends": [{ "url": "http://a" }', '2:14: found a list that is not closed'],
])('%j is told in JSON', (text, expected) => {
  expect(linesOf(text, { file: '/a.json' })).toEqual([expect.stringMatching(new RegExp(`^${expected}`))])
})

test('keys that begin with x- hold anchors, at every level', () => {
  const text = `x-servers: &s [{ url: "http://a:1", x-why: because }]
x-unused: "\${NOT_SET}"
listeners: { web: { bind: ":80", backend: a, x-b: 1 } }
backends: { a: { servers: *s } }`
  expect(linesOf(text)).toEqual([])
  expect(
    linesOf('x-t: &t { connect: 1s }\nlisten: ":80"\nbackends: [{ url: "http://a" }]\ntimeouts: *t'),
  ).toEqual([])
})

test.each([
  ['match: { path: /api/ }, backend: app', 'write "/api/*" for all below it'],
  [
    'middleware: [{ headers: { request: { set: { X-Real-IP: $remote_addr } } } }], backend: app',
    'found "$remote_addr"',
  ],
  ['middleware: [{ headers: { response: { add: { X-A: "%[src]" } } } }], backend: app', 'found "%[src]"'],
  ['redirect: { to: "https://a.example$request_uri" }', 'found "$request_uri"'],
])('%s is a warning', (keys, expected) => {
  const [problem] = problemsOf(rule(keys))
  expect(problem?.severity).toBe('warning')
  expect(hintOf(rule(keys))).toContain(expected)
})

test.each([
  'match: { path: [/api/, /api] }, backend: app',
  'match: { path: [/api/, "/api/*"] }, backend: app',
  'match: { path: / }, backend: app',
  'middleware: [{ headers: { request: { set: { X-Price: "$5", X-B: "100 %" } } } }], backend: app',
  'redirect: { to: "https://a.example{path}{query}" }',
])('%s is none', (keys) => {
  expect(problemsOf(rule(keys)).filter(({ code }) => code !== 'unused')).toEqual([])
})

test('a certificate, or a backend, where there is none of them at all, is told how the first one is written', () => {
  const web = { bind: ':8443', protocol: 'https', certificates: ['site'], backend: 'app' }
  const told = linesOf(JSON.stringify({ listeners: { web } })).map((line) => line.replace(/^.*; /, ''))
  expect(told).toEqual([
    'write one at the top level: certificates: { NAME: { cert: site.pem, key: site.key } }, or { NAME: { self_signed: true } } for trials',
    'write one at the top level: backends: { NAME: { servers: [{ url: "http://HOST:PORT" }] } }',
  ])
})

test('a part of several words proposes those, and examples of sizes are some that would be taken', () => {
  const [line] = linesOf(withBackend('circuit_breaker: { counts: { faults: [timeout] } }'))
  expect(line).toEndWith(
    '; did you mean "connect_timeout", "tls_timeout", "response_timeout" or "attempt_timeout"?',
  )
  const [size] = linesOf(withRules('  - { name: a, backend: app }', 'overload: { memory: 80% }'))
  expect(size).toEndWith('allowed a size from 16MiB in whole bytes, such as 256MiB, 1GiB, 4GiB')
})
