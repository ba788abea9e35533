// What of a match is wrong, in words.
import { describe, expect, test } from 'bun:test'
import { configOf, linesOf } from './parse.ts'

const withMatch = (match: object): string =>
  JSON.stringify({
    listeners: { web: { bind: ':80' } },
    rules: [{ name: 'r', match, backend: 'b' }],
    backends: { b: { servers: [{ url: 'http://a:1' }] } },
  })
const first = (match: object): string => linesOf(withMatch(match))[0] ?? ''

describe('value patterns that are refused', () => {
  test.each<[object, string]>([
    [{ header: { X: {} } }, 'found a pattern that says nothing, allowed one of is, prefix, suffix'],
    [
      { query: { x: { prefix: 'a', suffix: 'b' } } },
      'rules[0].match.query.x.suffix: found prefix and suffix in one pattern',
    ],
    [{ cookie: { x: { min: 3, max: 2 } } }, 'found min 3 above max 2, allowed a min that is at most max'],
    [{ header: { X: { contains: '' } } }, 'found an empty contains, allowed text; write present: true'],
    [{ header: { X: { exact: 'a' } } }, 'found the unknown key "exact"'],
    [{ header: { X: { regex: '(' } } }, 'found "(", allowed a regular expression'],
    [{ query: { x: { regex: '^x(a+)+$' } } }, '"(a+)+" can be read in more ways'],
    [{ query: { x: { regex: 'a'.repeat(1001) } } }, 'is longer than 1000 characters'],
    [{ header: { X: ['a'] } }, 'rules[0].match.header.X: found a list'],
    [{ query: { '': 'a' } }, 'allowed the name of a part of the query'],
    [{ cookie: { 'a b': 'a' } }, 'allowed the name of a cookie'],
    [{ query: { x: 'a\r\nb' } }, 'allowed one line of text'],
    [{ header: { X: { present: 'yes' } } }, 'allowed true or false'],
    [{ path: '/a{b}' }, 'a parameter is a whole segment'],
    [{ path: '/{a}/{a}' }, '{a} stands in it twice'],
    [{ path: '/{a...}/b' }, '{a...} stands only at the end'],
    [{ path: '/users/{id:[0-9]+}' }, 'write "/users/{id}"'],
    [{ path: '/files/{*rest}' }, 'write "/files/{rest...}"'],
    [{ path: { regex: '(a|a)*b' } }, '"(a|a)*" can be read in more ways'],
    [{ path: ['/a', { regexp: '^/b' }] }, 'it is called "regex"'],
    [{ path: '~ ^/a' }, 'a regular expression is written { regex: "^/…" }'],
    [{ host: { regex: '[' } }, 'found "[", allowed a regular expression'],
    [{ client: '10.0.0.0/99' }, 'rules[0].match.client: found "10.0.0.0/99"'],
    [{ scheme: 'ftp' }, 'allowed one of http, https'],
    [{ time: {} }, 'found a time that is always, allowed days, from or to'],
    [{ time: { from: '8am' } }, 'allowed a time of day, such as "08:00"'],
    [{ time: { from: '09:00', to: '09:00' } }, 'found a time from 09:00 to 09:00, which is none'],
    [{ time: { days: 'monday', from: '09:00' } }, 'write mon'],
    [{ time: { days: 'mon', zone: 'Berlin' } }, 'allowed a time zone, such as "UTC" or "Europe/Berlin"'],
    [{ time: { days: 'mon', zone: 'America/New York' } }, 'write "America/New_York"'],
    [{ tls: {} }, 'found tls that asks for nothing'],
    [{ tls: { version: '1.3' } }, 'write TLSv1.3'],
    [{ tls: { client_certificate: {} } }, 'found a certificate of which nothing is asked'],
    [{ tls: { client_certificate: 'none' } }, 'write absent'],
    [{ tls: { cipher: { prefix: 'a', suffix: 'b' } } }, 'found prefix and suffix in one pattern'],
    [{ any: [{}] }, 'rules[0].match.any[0]: found a condition that asks for nothing'],
    [{ not: {} }, 'rules[0].match.not: found a condition that asks for nothing'],
    [{ all: [{ listener: 'web' }] }, 'rules[0].match.all[0].listener: found the unknown key "listener"'],
    [{ any: { path: '/a' } }, 'rules[0].match.any: found a map'],
    [{ or: [{ path: '/a' }] }, 'it is called "any"'],
    [{ not: { path: '/{a}b' } }, 'rules[0].match.not.path: found "/{a}b"'],
    [
      Array.from({ length: 9 }).reduce<object>((words) => ({ not: words }), { path: '/a' }),
      'found conditions that are nested more than 8 deep',
    ],
    // Warnings.
    [{ not: { path: '/api/' } }, 'rules[0].match.not.path: warning: found "/api/", which matches'],
    [{ scheme: 'http', tls: { version: 'TLSv1.3' } }, 'found tls beside scheme: http'],
    [{ path: '/api/' }, 'which matches this one path only, allowed a path, or one that ends in "*"'],
    [{ path: '/users/:id/posts' }, 'write "/users/{id}/posts" for any segment there'],
    [
      { path: { regex: '^api/' } },
      'which no path begins with, allowed a pattern for paths, which begin with "/"; write "^/api/"',
    ],
  ])('%j', (match, words) => {
    expect(first(match)).toContain(words)
  })

  test.each([
    [{ path: ['/api/', '/api/*'] }],
    [{ path: ['/api', '/api/'] }],
    [{ path: '/a/b:c' }],
    [{ path: '/{a}/' }],
  ])('of %j nothing is said but that it ends in a slash', (match) => {
    expect(linesOf(withMatch(match)).filter((line) => !line.includes('this one path only'))).toEqual([])
  })

  test('nothing of a secret is repeated', () => {
    const lines = linesOf(withMatch({ header: { Authorization: { prefix: 'Bearer s3cret\n' } } }))
    expect(lines).toHaveLength(1)
    expect(lines.join()).not.toContain('s3cret')
  })
})

test('names of cookies differ by case, those of fields do not', () => {
  const { cookie } = configOf(withMatch({ cookie: { sid: 'a', SID: 'b' } })).rules[0]?.match ?? {}
  expect(cookie).toEqual({ sid: 'a', SID: 'b' })
  expect(first({ header: { x: 'a', X: 'b' } })).toContain('a second time')
})

test('a rule that asks for less hides one behind it only where it asks for nothing', () => {
  const lines = (matches: readonly object[]): string[] =>
    linesOf(
      JSON.stringify({
        listeners: { web: { bind: ':80' } },
        rules: matches.map((match, i) => ({ name: `r${i}`, match, backend: 'b' })),
        backends: { b: { servers: [{ url: 'http://a:1' }] } },
      }),
    )
  expect(lines([{ query: { a: '1' } }, {}])).toEqual([])
  expect(lines([{ cookie: { a: '1' } }, { cookie: { a: '2' } }])).toEqual([])
  expect(lines([{ query: { a: { min: 1, max: 2 } } }, { query: { a: { max: 2, min: 1 } } }])).toHaveLength(1)
})

test('what stands in place of a condition and is none is told, in whichever place', () => {
  for (const [match, found] of [
    [{ not: 'x' }, '"x"'],
    [{ not: { not: null } }, 'nothing'],
    [{ all: [1] }, '1'],
    [{ any: [[{ path: '/a' }]] }, 'a list'],
  ] as const)
    expect(first(match)).toContain(`found ${found}, allowed a map`)
})
