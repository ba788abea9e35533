import { expect, test } from 'bun:test'
import { loadConfig } from '../../../server/config/load.ts'
import type { Worded } from '../../../server/config/told-values.ts'
import { type Difference, differences as steps } from '../../../server/config/words-of-change.ts'
import { atOnce } from '../../../server/lib/slices.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'

const PAIR = selfSigned(['a.example'], { nowMs: Date.now() })

function worded(text: string, env: Record<string, string> = {}): Worded {
  const textOf = (file: string): string =>
    file.endsWith('.pem') ? PAIR.cert : file.endsWith('.key') ? PAIR.key : text
  const readFile = (file: string): Uint8Array => new TextEncoder().encode(textOf(file))
  const loaded = loadConfig('/etc/sluice.yaml', env, { readFile })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return { config: loaded.config, text }
}

const differences = (before: Worded, after: Worded): readonly Difference[] => atOnce(steps(before, after))

const words = (before: string, after: string): string[] =>
  differences(worded(before), worded(after)).map((one) => one.words)

const BASE = `
listeners: { web: { bind: "127.0.0.1:8080" } }
rules:
  - { name: one, match: { path: /one/* }, backend: api }
  - { name: two, match: { path: /two/* }, backend: api }
  - { name: all, backend: api }
backends:
  api: { servers: [ { url: "http://10.0.0.1:8080" }, { url: "http://10.0.0.2:8080", name: second } ] }
`

test('one weight is one line, with the server that it is of', () => {
  const after = BASE.replace('10.0.0.1:8080" }', '10.0.0.1:8080", weight: 3 }')
  expect(differences(worded(BASE), worded(after))).toEqual([
    {
      kind: 'changed',
      what: 'server http://10.0.0.1:8080 of backend api',
      path: 'backends.api.servers[0].weight',
      before: '1',
      after: '3',
      words: 'server http://10.0.0.1:8080 of backend api: weight 1 → 3',
    },
  ])
  expect(words(BASE, BASE)).toEqual([])
  expect(words(BASE, `# a comment\n${BASE}`)).toEqual([])
})

test('what comes, goes and moves is told by its name', () => {
  const after = BASE.replace(
    '{ url: "http://10.0.0.2:8080", name: second }',
    '{ url: "http://10.0.0.3:8080" }',
  )
    .replace('  - { name: one, match: { path: /one/* }, backend: api }\n', '')
    .replace('  - { name: all', '  - { name: one, match: { path: /one/* }, backend: api }\n  - { name: all')
    .concat('  new: { servers: [ { url: "http://10.0.0.9" } ] }\n')
    .replace('8080" } }', '8081" } }')
  expect(words(BASE, after)).toEqual([
    'listener web: bind 127.0.0.1:8080 → 127.0.0.1:8081',
    'server second of backend api: removed',
    'server http://10.0.0.3:8080 of backend api: added',
    'backend new: added',
    'rule two: moved from place 2 to 1',
  ])
  const without = BASE.replace('  - { name: two, match: { path: /two/* }, backend: api }\n', '')
  expect(words(BASE, without)).toEqual(['rule two: removed'])
})

test('settings are told as the file says them, defaults too', () => {
  const after = BASE.replace('api: {', 'api: { algorithm: least_connections, timeouts: { response: 5s },')
    .replace('path: /two/*', 'path: [/two/*, /deux]')
    .concat('workers: 3\ndrain: 10s\nadmin: false\n')
  expect(words(BASE, after)).toEqual([
    'backend api: algorithm round_robin → least_connections',
    'backend api: timeouts.response 1m → 5s',
    'rule two: match.path /two/* → /two/*, /deux',
    expect.stringMatching(/^drain 30s → 10s$/) as unknown as string,
    expect.stringMatching(/^admin .* → false$/) as unknown as string,
    'workers none → 3',
  ])
})

test('middleware is told by its kind: what comes, goes, moves, and what of it differs', () => {
  const rule = (middleware: string): string =>
    BASE.replace('name: two,', `name: two, middleware: [${middleware}],`)
  const limit = (requests: number): string => `{ rate_limit: { requests: ${requests}, per: 1s } }`
  const added = ['middleware rate_limit of rule two: added']
  expect(words(BASE, rule(limit(5)))).toEqual(added)
  expect(words(rule(limit(5)), rule(limit(7)))).toEqual(['middleware rate_limit of rule two: requests 5 → 7'])
  const ip = '{ ip: { deny: [10.0.0.0/8] } }'
  expect(words(rule(`${ip}, ${limit(5)}`), rule(`${limit(5)}, ${ip}`))).toEqual([
    expect.stringMatching(
      /^middleware (ip|rate_limit) of rule two: moved from place . to .$/,
    ) as unknown as string,
  ])
  expect(words(rule(`${ip}, ${limit(5)}`), rule(limit(5)))).toEqual(['middleware ip of rule two: removed'])
  expect(words(rule(`${limit(5)}, ${limit(9)}`), rule(limit(5)))).toEqual([
    'middleware rate_limit (2) of rule two: removed',
  ])
  // Of a rule that stands elsewhere now.
  const moved = rule(limit(7)).replace('  - { name: one, match: { path: /one/* }, backend: api }\n', '')
  expect(words(rule(limit(5)), moved)).toEqual([
    'rule one: removed',
    'middleware rate_limit of rule two: requests 5 → 7',
  ])
  const set = (value: string): string => rule(`{ headers: { request: { set: { X-Api-Key: "${value}" } } } }`)
  expect(words(set('hunter2'), set('hunter3'))).toEqual([
    expect.stringMatching(
      /^middleware headers of rule two: request.*; the value is not shown$/,
    ) as unknown as string,
  ])
})

test('secrets, and what came from elsewhere, are not shown: only that they changed', () => {
  const turn = (password: string): string => `
listeners: { turn: { protocol: turn, bind: "127.0.0.1:3478", realm: x, auth: { users: { ann: "${password}" } } } }
rules: []
`
  const [secret] = differences(worded(turn('hunter2hunter2')), worded(turn('hunter3hunter3')))
  expect(secret).toMatchObject({ before: null, after: null })
  expect(secret?.words).toMatch(/^listener turn: auth\.users.*: changed; the value is not shown$/)
  const filled = BASE.replace(
    '{ name: all, backend: api }',
    '{ name: all, respond: { status: 200, body: "${B}" } }',
  )
  const found = differences(worded(filled, { B: 'top-secret-1' }), worded(filled, { B: 'top-secret-2' }))
  expect(JSON.stringify(found)).not.toContain('top-secret')
  expect(found.map((one) => one.words)).toEqual(['rule all: respond.body: changed; the value is not shown'])
})

test('long lists are compared in many turns', () => {
  const many = BASE.replace(
    '  - { name: all,',
    `${Array.from({ length: 2000 }, (_, i) => `  - { name: r${i}, match: { path: /r${i} }, backend: api }\n`).join('')}  - { name: all,`,
  )
  const after = many.replaceAll(/path: \/r(\d*)5 /g, 'path: /q$1 ')
  const [old, now] = [worded(many), worded(after)]
  const found = differences(old, now)
  expect(found).toHaveLength(200)
  expect([...steps(old, now)].length).toBeGreaterThan(found.length)
})

test('of a map that comes as a whole all is told that was written, but for its secrets', () => {
  const turn = (more: string): string =>
    `listeners: { turn: { protocol: turn, bind: "127.0.0.1:3478", realm: x, auth: none${more} } }\nrules: []\n`
  const tls = (cert: string): string =>
    turn(`, tls: { bind: "127.0.0.1:5349", cert: ${cert}, key: tls/site.key }`)
  expect(words(turn(''), tls('tls/site.pem'))).toEqual([
    'listener turn: tls none → {"bind":"127.0.0.1:5349","cert":"tls/site.pem","key":"(hidden)"}',
  ])
  expect(words(tls('tls/site.pem'), tls('./tls/new.pem'))).toEqual([
    'listener turn: tls.cert tls/site.pem → tls/new.pem',
  ])
  const users = turn('').replace('none', '{ users: { ann: hunter2hunter2 } }')
  expect(words(turn(''), users)).toEqual(['listener turn: auth: changed; the value is not shown'])
  // A path of a variable stands nowhere in the file.
  const filled = worded(tls('"${CERT}"'), { CERT: '/run/elsewhere.pem' })
  expect(differences(worded(turn('')), filled).map((one) => one.words)).toEqual([
    'listener turn: tls none → {"bind":"127.0.0.1:5349","cert":"(hidden)","key":"(hidden)"}',
  ])
})

test("statuses are told, though they are not read as they are written: they are nobody's secret", () => {
  const of = (policy: string): string => BASE.replace('api: { servers', `api: { ${policy}, servers`)
  const retry = (statuses: string): string => of(`retry: { statuses: ${statuses} }`)
  expect(words(retry('[502-504]'), retry('[500, 502-504]'))).toEqual([
    'backend api: retry.statuses 502-504 → 500, 502-504',
  ])
  expect(words(BASE, retry('[502, 503]'))).toEqual(['backend api: retry.statuses none → 502, 503'])
  expect(words(retry('503'), BASE)).toEqual(['backend api: retry.statuses 503 → none'])
  expect(words(retry('5xx'), retry('"502-504"'))).toEqual(['backend api: retry.statuses 500-599 → 502-504'])
})
