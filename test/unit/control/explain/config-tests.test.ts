// Tests of a config: what fails is told with its place, what came instead, and why.
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '../../../../server/config/load.ts'
import { formatProblem } from '../../../../server/config/problem.ts'
import { failedTests } from '../../../../server/control/explain/config-tests.ts'
import { atOnce } from '../../../../server/lib/slices.ts'

const EXAMPLE = readFileSync(join(import.meta.dir, '../../../../config/examples/tests.yaml'), 'utf8')

/** What stands against a text: its own problems, or tests that fail. */
function linesOf(text: string, file = '/t.yaml'): string[] {
  const loaded = parseConfig(file, Buffer.from(text), {})
  const problems = loaded.ok ? atOnce(failedTests(loaded)) : loaded.problems
  return problems.map((one) => formatProblem({ ...one, file: '' }).slice(1))
}

/** The same of one test in place of those of the example. */
const failing = (...tests: readonly object[]): string[] =>
  linesOf(EXAMPLE.replace(/^tests:\n(?: .*\n)*/m, `tests: ${JSON.stringify(tests)}\n`)).map((line) =>
    line.replace(/^\d+:\d+ /, ''),
  )
const one = (request: object, expected: object): string =>
  failing({ request, expect: expected })[0] ?? 'passes'

test('those of the example pass', () => expect(linesOf(EXAMPLE)).toEqual([]))

describe('a test that fails says what came instead, and why', () => {
  test('another rule stands before it, or something of it does not hold', () => {
    expect(one({ path: '/admin/a' }, { rule: 'all' })).toBe(
      'tests[0].expect.rule: found rule admin for GET http://localhost/admin/a, allowed rule all; rule admin stands before it, and takes it',
    )
    expect(one({ url: 'http://api.example.org/v1', headers: { 'X-Canary': '0' } }, { rule: 'canary' })).toBe(
      'tests[0].expect.rule: found rule all for GET http://api.example.org/v1, allowed rule canary; of rule canary: header X-Canary is "0", wanted 1',
    )
    expect(one({ path: '/batch/1', time: '2026-03-01T12:00:00Z' }, { rule: 'night' })).toEndWith(
      'allowed rule night; of rule night: time is "sun 13:00", wanted 22:00 to 06:00 Europe/Berlin',
    )
  })

  test('a refusal, an answer, a backend, a place and a field that are others', () => {
    const admin = { path: '/admin/a', client: '192.0.2.7' }
    expect(one(admin, { backend: 'app' })).toBe(
      'tests[0].expect.backend: found 403 denied for GET http://localhost/admin/a, allowed backend app',
    )
    expect(one(admin, { status: 404 })).toContain('found status 403 for GET')
    expect(one(admin, { fault: 'no_rule' })).toContain('found fault denied for GET')
    expect(one(admin, { refused_by: 'rate_limit' })).toContain(
      'found a refusal by ip for GET http://localhost/admin/a, allowed a refusal by rate_limit',
    )
    expect(one({ path: '/a' }, { status: 200 })).toContain(
      'found what a server of backend app answers for GET http://localhost/a, allowed status 200',
    )
    expect(one({ path: '/old/a' }, { location: '/a' })).toBe(
      'tests[0].expect.location: found location "https://www.example.org/old/a" for GET http://localhost/old/a, allowed location /a',
    )
    expect(one({ path: '/a' }, { header: { 'X-Frame-Options': 'SAMEORIGIN' } })).toContain(
      'found header X-Frame-Options "DENY"',
    )
    expect(one({ path: '/old/a' }, { header: { 'X-Frame-Options': '*' } })).toContain(
      'tests[0].expect.header.X-Frame-Options: found no header X-Frame-Options for GET',
    )
    expect(one({ path: '/x/../admin/a' }, { rule: 'admin' })).toBe(
      'tests[0].expect.rule: found no rule (400 match_ambiguous) for GET http://localhost/x/../admin/a, allowed rule admin; dot segments in the path',
    )
  })

  test('what a server gets: path, host and fields, as the rewrite and the middleware leave them', () => {
    const rule = {
      name: 'api',
      match: { path: '/api/{id}/*' },
      rewrite: { strip_prefix: '/api', host: 'inner.example', query: { set: { id: '{path.id}' } } },
      middleware: [
        { headers: { request: { set: { 'X-Id': '{path.id}', 'X-Token': 's3cret' }, remove: ['X-A'] } } },
      ],
      backend: 'app',
    }
    const given = (
      sent: object,
      request: object = { path: '/api/7/x?a=1', headers: { 'X-A': '1', 'X-B': '2' } },
    ): string[] =>
      linesOf(
        JSON.stringify({
          listeners: { web: { bind: ':80' } },
          rules: [rule, { name: 'rest', respond: { status: 404 } }],
          backends: { app: { servers: [{ url: 'http://a:1' }] } },
          tests: [{ request, expect: { sent } }],
        }),
        '/t.json',
      ).map((line) => line.replace(/^\d+:\d+ /, ''))
    const good = {
      target: '/7/x?a=1&id=7',
      host: 'inner.example',
      header: { 'X-Id': '7', 'X-A': { present: false }, 'X-B': '2' },
    }
    expect(given(good)).toEqual([])
    expect(given({ target: '/7/x' })).toEqual([
      'tests[0].expect.sent.target: found sent target "/7/x?a=1&id=7" for GET http://localhost/api/7/x?a=1, allowed sent target /7/x',
    ])
    expect(given({ header: { 'X-Id': '8' } })[0]).toContain('found sent header X-Id "7" for')
    // A test that fails tells nobody what a secret is.
    expect(given({ header: { 'X-Token': 'guess' } })[0]).toContain(
      'found sent header X-Token with another value for',
    )
    expect(given({ target: '/' }, { path: '/other' })[0]).toContain(
      'tests[0].expect.sent: found respond 404 for GET http://localhost/other, allowed a request that is sent',
    )
  })

  test('a request that comes in nowhere, and TLS where it does not end', () => {
    expect(failing({ request: { path: '/', tls: {} }, expect: { rule: 'all' } })).toEqual([
      'tests[0].request: found TLS does not end at this listener, allowed a request that a listener takes',
    ])
  })

  test('each with its name, its place in the file and in its order', () => {
    const text = EXAMPLE.replace('rule: admin, backend: app', 'rule: all, backend: app').replace(
      'status: 301, location',
      'status: 308, location',
    )
    const lines = linesOf(text)
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain(
      'found rule admin for GET http://localhost/admin/users (test "our own network gets in")',
    )
    const line = text.split('\n').findIndex((one) => one.includes('rule: all, backend: app')) + 1
    expect(lines[0]).toStartWith(`${line}:15 tests[1].expect.rule: `)
  })

  test('in the short form, too', () => {
    const short =
      'listen: ":8080"\nbackends: [{ url: "http://a:1" }]\nip: { deny: [192.0.2.0/24] }\ntests:\n  - { request: { path: /, client: 192.0.2.1 }, expect: { backend: default } }\n'
    expect(linesOf(short)).toEqual([
      '5:58 tests[0].expect.backend: found 403 denied for GET http://localhost/, allowed backend default',
    ])
  })
})

describe('tests that are refused', () => {
  test.each<[object, string]>([
    [{ request: {}, expect: { rule: 'all' } }, 'found a request without "url" or "path"'],
    [
      { request: { url: 'http://a/', path: '/' }, expect: { rule: 'all' } },
      'tests[0].request.path: found "url" and "path"',
    ],
    [
      { request: { url: 'ftp://a/' }, expect: { rule: 'all' } },
      'allowed a URL that begins with http:// or https://',
    ],
    [
      { request: { url: 'a.example/b' }, expect: { rule: 'all' } },
      'allowed a URL that begins with http:// or https://',
    ],
    [{ request: { path: 'a' }, expect: { rule: 'all' } }, 'allowed a path that begins with "/"'],
    [
      { request: { path: '/' }, expect: {} },
      'found a test that expects nothing, allowed rule, backend, status',
    ],
    [
      { request: { path: '/' }, expect: { rule: 'admn' } },
      'tests[0].expect.rule: found "admn", allowed a rule: admin, old, canary, night, all; did you mean "admin"?',
    ],
    [
      { request: { path: '/' }, expect: { backend: 'ap' } },
      'allowed a backend: app, canary; did you mean "app"?',
    ],
    [{ request: { path: '/' }, expect: { refused_by: 'ratelimit' } }, 'did you mean "rate_limit"?'],
    [{ request: { path: '/', listener: 'wbe' }, expect: { rule: 'all' } }, 'did you mean "web"?'],
    [
      { request: { path: '/', time: 'noon' }, expect: { rule: 'all' } },
      'allowed a time such as "2026-03-01T08:30:00Z"',
    ],
    [
      { request: { path: '/', time: '2026-13-01T08:30:00Z' }, expect: { rule: 'all' } },
      'allowed a time that there is',
    ],
    [{ request: { path: '/', body: 'x' }, expect: { rule: 'all' } }, 'rules look at heads only'],
    [{ request: { path: '/' }, expect: { middleware: 'ip' } }, 'it is called "refused_by"'],
    [
      { request: { path: '/', headers: { 'X-A': 'a\r\nb' } }, expect: { rule: 'all' } },
      'tests[0].request.headers.X-A',
    ],
    [
      { request: { path: '/', client: 'me' }, expect: { rule: 'all' } },
      'tests[0].request.client: found "me"',
    ],
    [{ request: { path: '/' } }, 'found no "expect"'],
  ])('%j', (given, message) => expect(failing(given).join('\n')).toContain(message))

  test('more than a thousand', () => {
    const many = Array.from({ length: 1001 }, () => ({ request: { path: '/' }, expect: { rule: 'all' } }))
    expect(failing(...many)[0]).toContain('tests: found 1001 items, allowed at most 1000')
  })
})

test('values as no client could send them are refused, or read as the gateway would read them', () => {
  const long = 'x'.repeat(8000)
  expect(
    failing(
      { request: { path: '/%00' }, expect: { fault: 'match_ambiguous' } },
      { request: { url: `/${'a'.repeat(16_000)}` }, expect: { fault: 'target_too_long' } },
      {
        request: { path: '/a', headers: { 'X-A': [long, long, long, long, long, long, long, long, long] } },
        expect: { status: 431 },
      },
      { request: { path: '/a', host: 'a b' }, expect: { fault: 'host_invalid' } },
      { request: { path: '/\u00e4%C3%A4?\u20ac' }, expect: { rule: 'all' } },
    ).map((line) => line.slice(0, 200)),
  ).toEqual([])
  const paths = ['/a\r\nb', '/\u0000', '/\ud800', `/${'a'.repeat(65_536)}`]
  for (const path of paths)
    expect(one({ path }, { rule: 'all' })).toMatch(
      /^tests\[0\]\.request\.path: found ".{1,100}", allowed one line of text/,
    )
})
