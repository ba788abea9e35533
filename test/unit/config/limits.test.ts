// What is said of limits that do not fit: of overload, of the step concurrency, and of rules.
import { expect, test } from 'bun:test'
import { problemsOf, withRules } from './parse.ts'

/** What is said, as `path: message; hint`. */
const said = (text: string): string[] =>
  problemsOf(text).map(({ path, message, hint }) => `${path}: ${message}; ${hint}`)

const saidOfRule = (words: string): string[] => said(withRules(`  - { name: r, backend: app, ${words} }`))
const saidOfOverload = (words: string): string[] =>
  said(withRules('  - { name: r, backend: app }', `overload: ${words}`))

test.each([
  ['true', /^overload: found true, .*; say what is too much: \{ loop_lag: 250ms/],
  ['{ loop_lag: 1ms }', /^overload\.loop_lag: found "1ms", allowed a duration between 10ms and 1m/],
  ['{ loop_lag: 250 }', /^overload\.loop_lag: found 250, .*; write "250ms"$/],
  ['{ loop_lag: 2m }', /^overload\.loop_lag: found "2m"/],
  ['{ memory: 1MiB }', /^overload\.memory: found "1MiB", allowed a size from 16MiB/],
  ['{ memory: 80% }', /^overload\.memory: found "80%", allowed a size/],
  ['{ descriptors: 90 }', /^overload\.descriptors: found 90, allowed a number from 0\.1 to 1/],
  ['{ memory: 1GiB, most: 0 }', /^overload\.most: found 0, allowed a number from 0\.05 to 1/],
  [
    '{ memory: 1GiB, mode: dry-run }',
    /^overload\.mode: found "dry-run", allowed one of enforce, shadow, off/,
  ],
  ['{ event_loop_lag: 1s }', /^overload\.event_loop_lag: .*it is called "loop_lag"$/],
  ['{ rss: 1GiB }', /^overload\.rss: .*it is called "memory"$/],
  [
    '{ cpu: 0.9 }',
    /^overload\.cpu: found the unknown key "cpu", allowed mode, loop_lag, memory, descriptors, most/,
  ],
  ['[]', /^overload: found a list, allowed a map/],
])('overload: %s is told with what is allowed', (words, wanted) => {
  expect(saidOfOverload(words)).toEqual([expect.stringMatching(wanted)])
})

const STEP = 'rules\\[0\\]\\.middleware\\[0\\]\\.concurrency'

test.each([
  ['{}', ': found no "max", allowed "max", a whole number from 1 to 1000000'],
  ['5', ': found 5, allowed a map'],
  ['{ max: 0 }', '\\.max: found 0, allowed a whole number from 1 to 1000000'],
  ['{ max: 1.5 }', '\\.max: found 1\\.5'],
  ['{ max: 2000000 }', '\\.max: found 2000000'],
  [
    '{ max: 5, key: nobody }',
    '\\.key: found "nobody", allowed client_ip, country, continent, asn, host, method, path, rule, user, "header NAME", "cookie NAME", "query',
  ],
  ['{ max: 5, key: header }', '\\.key: found "header"'],
  ['{ max: 5, key: [] }', '\\.key: found an empty list, allowed at least 1'],
  ['{ max: 5, mode: log }', '\\.mode: found "log", allowed one of enforce, shadow, off'],
  ['{ max: 5, ipv6_prefix: 8 }', '\\.ipv6_prefix: found 8, allowed a whole number from 16 to 128'],
  ['{ limit: 5 }', '\\.limit: .*it is called "max"$'],
  ['{ max: 5, queue: 3 }', '\\.queue: found the unknown key "queue"'],
])('concurrency: %s is told with what is allowed', (words, wanted) => {
  expect(saidOfRule(`middleware: [{ concurrency: ${words} }]`)).toEqual([
    expect.stringMatching(new RegExp(`^${STEP}${wanted}`)),
  ])
})

const RATE = 'rules\\[0\\]\\.middleware\\[0\\]\\.rate_limit'
const WINDOW = 'requests: 5, algorithm: sliding_window'

test.each([
  ['{ requests: 5, algorithm: fixed_window }', '\\.algorithm: found "fixed_window".*; write sliding_window$'],
  [
    `{ ${WINDOW}, per: 500ms }`,
    '\\.per: found a sliding window of 500ms, allowed at least 1s; token_bucket takes',
  ],
  [
    `{ ${WINDOW}, burst: 9 }`,
    '\\.burst: found burst beside algorithm: sliding_window, allowed requests alone',
  ],
  [
    `{ ${WINDOW}, cost: 6 }`,
    '\\.cost: found 6, which is more than may ever pass at once, allowed at most 5: requests',
  ],
  ['{ requests: 5, burst: 9, cost: 10 }', '\\.cost: found 10, .* allowed at most 9: the burst'],
  [
    '{ requests: 5, costs: [{ cost: 9, match: { path: /a } }] }',
    '\\.costs\\[0\\]\\.cost: found 9, which is more',
  ],
  ['{ requests: 5, costs: [{ cost: 2, match: { path: a } }] }', '\\.costs\\[0\\]\\.match\\.path: found "a"'],
  ['{ requests: 5, costs: [{ cost: 2 }] }', '\\.costs\\[0\\]: found no "match"'],
  ['{ requests: 5, cost: -1 }', '\\.cost: found -1, allowed a whole number from 0 to 1000000'],
  ['{ requests: 5, status: 200 }', '\\.status: found 200, allowed a whole number from 400 to 599'],
  ['{ requests: 5, exempt: [nobody] }', '\\.exempt\\[0\\]: found "nobody", allowed an address or range'],
  ['{ requests: 5, missing: refuse }', '\\.missing: found "refuse", .*; let a rule match'],
  ['{ requests: 5, key: ip }', '\\.key: found "ip", .*; write client_ip$'],
  ['{ requests: 5, key: user }', '\\.key: found the key "user", and no step before it that tells who it is'],
  ['{ requests: 5, key: [claim team] }', '\\.key\\[0\\]: found the key "claim team", and no step'],
  ['{ requests: 5, key: path id }', '\\.key: found .*\\{path\\.id\\}'],
  [
    '{ requests: 5, key: [client_ip, country] }',
    '\\.key\\[1\\]: found country without a database that tells it',
  ],
  ['{ requests: 5, key: header X Y }', '\\.key: found "header X Y"'],
  ['{ requests: 5, ipv4_prefix: 4 }', '\\.ipv4_prefix: found 4, allowed a whole number from 8 to 32'],
  ['{ average: 5 }', '\\.average: .*it is called "requests"$'],
  ['{ requests: 5, nodelay: true }', '\\.nodelay: .*nothing waits here'],
])('rate_limit: %s is told with what is allowed', (words, wanted) => {
  expect(saidOfRule(`middleware: [{ rate_limit: ${words} }]`)[0]).toMatch(new RegExp(`^${RATE}${wanted}`))
})

test.each([
  ['max_connections: 0', /^rules\[0\]\.max_connections: found 0, allowed a whole number from 1 to 10000000/],
  ['max_connections: 20000000', /^rules\[0\]\.max_connections: found 20000000/],
  ['max_connections: 2.5', /^rules\[0\]\.max_connections: found 2\.5/],
  ['max_connections: many', /^rules\[0\]\.max_connections: found "many"/],
  ['maxconn: 5', /^rules\[0\]\.maxconn: .*it is called "max_connections"$/],
  ['priority: 101', /^rules\[0\]\.priority: found 101, allowed a whole number from -100 to 100/],
  ['priority: -101', /^rules\[0\]\.priority: found -101/],
  ['priority: 1.5', /^rules\[0\]\.priority: found 1\.5/],
  ['priority: high', /^rules\[0\]\.priority: found "high"/],
  ['prio: 4', /^rules\[0\]\.prio: .*did you mean "priority"\?$/],
  ['queue: { size: 3 }', /^rules\[0\]\.queue: .*it belongs to backends\.NAME$/],
])('a rule with %s is told with what is allowed', (words, wanted) => {
  expect(saidOfRule(words)).toEqual([expect.stringMatching(wanted)])
})

test('what stands at the ends of what is allowed is taken', () => {
  for (const words of ['max_connections: 1', 'max_connections: 10000000', 'priority: -100', 'priority: 100'])
    expect(saidOfRule(words)).toEqual([])
  for (const max of [1, 1_000_000])
    expect(saidOfRule(`middleware: [{ concurrency: { max: ${max}, key: [host, cookie id] } }]`)).toEqual([])
  const all = '{ loop_lag: 10ms, memory: 16MiB, descriptors: 0.1, most: 1, mode: shadow }'
  expect(saidOfOverload(all)).toEqual([
    // It may be meant, as in a test of it.
    expect.stringMatching(
      /^overload\.memory: found "16MiB", about what a worker takes that has nothing to do/,
    ),
  ])
  expect(saidOfOverload('{ memory: 256MiB }')).toEqual([])
})
