// Where a rule leads: what cannot be, and what is said of it.
import { expect, test } from 'bun:test'
import { SPLIT_COOKIE } from '../../../server/rules/split.ts'
import { configOf, linesOf } from './parse.ts'

const BACKENDS =
  'backends: { app: { servers: [{ url: "http://a:1" }] }, db: { servers: [{ url: "tcp://a:1" }] } }'
const said = (rule: string): string[] =>
  linesOf(
    `listeners: { web: { bind: ":1" }, x: { bind: ":2", protocol: tcp, backend: db }, front: { bind: ":3", protocol: tls } }
rules:
  - { name: rest, match: { listener: web, path: /rest }, backend: app }
  - { name: names, match: { listener: front, server_name: a.example }, backend: db }
  - name: r
    match: { listener: ${rule.startsWith('tls') ? 'front' : 'web'} }
${rule
  .replace(/^tls /, '')
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
${BACKENDS}`,
  )

test('a rule leads to exactly one place', () => {
  const [none] = said('middleware: []')
  expect(none).toContain(
    'found a rule without destination, allowed exactly one of backend, split, nearest, respond or redirect; or maintenance',
  )
  expect(said('backend: app\nsplit: { to: [{ backend: app }] }').join()).toContain(
    'found backend and split in one rule',
  )
  expect(said('maintenance: false').join()).toContain('found a rule without destination')
  expect(said('maintenance: true')).toEqual([])
  expect(said('backend: app\nmaintenance: true')).toEqual([])
})

test('the parts of a split are there, of HTTP, told apart, and at least one has a weight', () => {
  const split = (to: string, more = ''): string[] => said(`split: { to: ${to}${more} }`)
  expect(split('[{ backend: app, weight: 9 }, { backend: app, name: other }]')).toEqual([])
  expect(split('[{ backend: ap }]').join()).toContain('did you mean "app"?')
  expect(split('[{ backend: db }]').join()).toContain('a backend of tcp servers')
  expect(split('[{ backend: app }, { backend: app }]').join()).toContain(
    'found a part called "app" a second time',
  )
  expect(split('[{ backend: app, weight: 0 }]').join()).toContain(
    'found a split of which no part has a weight',
  )
  expect(split('[]').join()).toContain('split.to')
  expect(split('[{ backend: app, weight: -1 }]').join()).toContain('weight')
  expect(split('[{ backend: app, weight: 1.5 }]').join()).toContain('weight')
})

test('by what a split goes, and its cookie', () => {
  const by = (words: string): string => said(`split: { to: [{ backend: app }], ${words} }`).join('\n')
  for (const good of ['by: random', 'by: client_ip', 'by: header X-User', 'by: cookie uid', 'by: cookie'])
    expect(by(good)).toBe('')
  expect(by('by: client')).toContain('write client_ip')
  expect(by('by: header')).toContain(
    'allowed random, client_ip, cookie (one of its own), "header NAME" or "cookie NAME"',
  )
  expect(by('by: "header a\\r\\nb"')).toContain('split.by')
  expect(by('by: random, cookie: { name: x }')).toContain('found "cookie" with by: ')
  expect(by('by: cookie, cookie: { same_site: none }')).toContain('same_site none without secure: true')
  expect(by('by: cookie, cookie: { name: __Host-x }')).toContain('without secure: true')
  expect(by('by: cookie, cookie: { name: "a b" }')).toContain('the name of a cookie')
})

test('the cookie of which nothing is written is what the schema has', () => {
  const { rules } = configOf(
    `listeners: { web: { bind: ":1" } }\nrules: [{ name: r, split: { to: [{ backend: app }], by: cookie, cookie: {} } }]\nbackends: { app: { servers: [{ url: "http://a:1" }] } }`,
  )
  expect(rules[0]?.split?.cookie).toEqual(SPLIT_COOKIE)
})

test('a weight is of a hundred, and says by what only where there is one', () => {
  const weight = (words: string): string => said(`backend: app\n${words}`).join('\n')
  for (const good of ['weight: 0', 'weight: 0.1', 'weight: 100', 'weight: 5\nweight_by: client_ip'])
    expect(weight(good)).toBe('')
  expect(weight('weight: 101')).toContain('weight')
  expect(weight('weight_by: client_ip')).toContain('found "weight_by" without "weight"')
  expect(weight('weight: 5\nweight_by: cookie')).toContain('"cookie NAME"')
})

test('a rule with a weight hides none behind it', () => {
  const rules = (weight: string): string =>
    linesOf(
      `listeners: { web: { bind: ":1" }, x: { bind: ":2", protocol: tcp, backend: db } }\nrules: [{ name: a, backend: app${weight} }, { name: b, backend: app }]\n${BACKENDS}`,
    ).join('\n')
  expect(rules('')).toContain('which no request reaches')
  expect(rules(', weight: 99.9')).toBe('')
})

test('maintenance that is over is told, and so is what nothing would come of', () => {
  const told = (words: string, beside = 'backend: app\n'): string =>
    said(`${beside}maintenance: ${words}`).join('\n')
  expect(told('{ until: 2999-01-01T00:00:00Z, allow: [10.0.0.0/8] }')).toBe('')
  expect(told('{ until: 2001-01-01T00:00:00Z }')).toContain(
    'ago, allowed a time to come: this maintenance is over, and does nothing',
  )
  expect(told('{ until: 2999-13-01T00:00:00Z }')).toContain('allowed a time that there is')
  expect(told('{ until: tomorrow }')).toContain('allowed a day, a time and its zone')
  expect(told('{ until: "2999-01-01T00:00:00" }')).toContain('allowed a day, a time and its zone')
  expect(told('{ retry_after: 10ms }')).toContain('retry_after')
  expect(told('{ allow: [10.0.0.0/33] }')).toContain('allow')
  expect(told('{ allow: [10.0.0.0/8] }', '')).toContain('found "allow" in a rule that leads nowhere else')
  expect(told('{ until: 2999-01-01T00:00:00Z }', '')).toContain(
    'found "until" in a rule that leads nowhere else',
  )
})

test('a mirror stands beside a backend, is of HTTP, and compares something or nothing', () => {
  const mirror = (words: string, beside = 'backend: app\n'): string =>
    said(`${beside}mirror: ${words}`).join('\n')
  expect(mirror('{ backend: app, percent: 0.5, compare: off }')).toBe('')
  expect(mirror('{ backend: app }', 'split: { to: [{ backend: app }] }\n')).toBe('')
  expect(mirror('{ backend: ap }')).toContain('did you mean "app"?')
  expect(mirror('{ backend: db }')).toContain('a backend of tcp servers')
  expect(mirror('{ percent: 10 }')).toContain('mirror')
  expect(mirror('{ backend: app, percent: 101 }')).toContain('percent')
  expect(mirror('{ backend: app, body_max: 1GiB }')).toContain('body_max')
  expect(mirror('{ backend: app, compare: { status: false } }')).toContain('found a comparison of nothing')
  expect(mirror('{ backend: app }', 'respond: { body: x }\n')).toContain(
    'found "mirror" in a rule that leads to no backend',
  )
})

test('rules of tls listeners have none of it', () => {
  const tls = (words: string): string => said(`tls ${words}`).join('\n')
  expect(tls('split: { to: [{ backend: db }] }')).toContain(
    'found "split" for a tls listener, whose rules lead to one backend',
  )
  expect(tls('maintenance: true')).toContain('found "maintenance" for a tls listener, which answers nothing')
  expect(tls('backend: db\nweight: 5')).toContain('found "weight" for a tls listener')
})
