// What is to be looked at in rules that are valid: told where it is sure, and nowhere else.
import { describe, expect, test } from 'bun:test'
import { parseConfig } from '../../../../server/config/load.ts'
import { formatProblem } from '../../../../server/config/problem.ts'
import { lookThrough } from '../../../../server/control/explain/looked-through.ts'
import { atOnce } from '../../../../server/lib/slices.ts'

const LISTENERS = {
  web: { bind: ':80' },
  secure: { bind: ':443', protocol: 'https', certificates: ['own'] },
}

function linesOf(rules: readonly object[], listeners: object = LISTENERS): string[] {
  const own = 'secure' in listeners ? { certificates: { own: { self_signed: true } } } : {}
  const words = {
    listeners,
    ...own,
    rules,
    backends: { b: { servers: [{ url: 'http://a:1' }] }, c: { servers: [{ url: 'http://c:1' }] } },
  }
  const loaded = parseConfig('/t.json', Buffer.from(JSON.stringify(words)), {})
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  return atOnce(lookThrough(loaded)).warnings.map((one) =>
    formatProblem(one).replace(/^.*?: warning: /, `${one.path}: `),
  )
}

/** Two rules, the first of which may take what the second is for. */
const pair = (first: object, second: object): string =>
  linesOf([
    { name: 'first', match: first, backend: 'b' },
    { name: 'second', match: second, backend: 'c' },
    { name: 'rest', respond: { status: 404 } },
  ]).join('\n')

const SHADOWED =
  'rules[1]: found rule "second", which no request reaches, allowed rules in an order in which each can match; rule "first" before it takes all that it would match (shadowed)'

describe('a rule is shadowed by one before it', () => {
  test.each<[object, object]>([
    [{ path: '/a/*' }, { path: '/a/b' }],
    [{ path: '/a*' }, { path: ['/ab/*', '/ac'] }],
    [{ path: '/a/*' }, { path: '/a/{id}/x' }],
    [{ path: '/a/*' }, { path: { regex: '^/a/[0-9]+$' } }],
    [{ path: '/users/{id}' }, { path: '/users/me' }],
    [{ path: '/users/{id}/{rest...}' }, { path: '/users/{name}/posts/{post}' }],
    [{ path: '/files/{rest...}' }, { path: '/files/*' }],
    [{ path: '/files/{rest...}' }, { path: '/files/a/*' }],
    [{ path: { regex: '^/v[0-9]/' } }, { path: '/v1/a' }],
    [{ host: '*.example.org' }, { host: ['a.example.org', '*.a.example.org'] }],
    [{ host: { regex: '^shop-' } }, { host: 'Shop-de.example' }],
    [{ host: 'a.example' }, { host: 'a.example', path: '/x' }],
    [
      { method: ['GET', 'POST'], path: '/a/*' },
      { method: 'GET', path: '/a/*' },
    ],
    [{ header: { 'X-A': '*' } }, { header: { 'x-a': '1' } }],
    [{ header: { 'X-A': { prefix: 'a' } } }, { header: { 'X-A': 'ab', 'X-B': '1' } }],
    [{ query: { page: { min: 2 } } }, { query: { page: { min: 3, max: 9 } } }],
    [{ cookie: { c: { contains: 'a' } } }, { cookie: { c: { suffix: 'ba' } } }],
    [{ client: '10.0.0.0/8' }, { client: ['10.1.0.0/16', '10.2.3.4'] }],
    [{ client: '2001:db8::/32' }, { client: '2001:db8:1::/48' }],
    [{ any: [{ path: '/a/*' }, { header: { 'X-A': '1' } }] }, { path: '/a/b', method: 'GET' }],
    [{ path: '/a*' }, { any: [{ path: '/a1' }, { path: '/a2' }] }],
    [{ path: '/a/*' }, { all: [{ path: '/a/b' }, { method: 'GET' }] }],
    [{ not: { client: '10.0.0.0/8' } }, { not: { client: ['10.0.0.0/8', '127.0.0.1'] } }],
    [{ not: { path: '/a/*' } }, { path: '/b/*' }],
    [{ not: { method: 'POST' } }, { method: 'GET', path: '/x' }],
    [{ scheme: 'https' }, { scheme: 'https', tls: { version: 'TLSv1.3' } }],
    [
      { listener: ['web', 'secure'], path: '/a/*' },
      { listener: 'web', path: '/a/b' },
    ],
  ])('%j before %j', (first, second) => expect(pair(first, second)).toBe(SHADOWED))

  test.each<[object, object]>([
    [{ path: '/a/*' }, { path: '/a' }],
    [{ path: '/a/b' }, { path: '/a/*' }],
    [{ path: '/users/{id}' }, { path: '/users/{id}/x' }],
    [{ path: '/users/{id}' }, { path: '/users/' }],
    [{ path: '/a/{rest...}' }, { path: '/a*' }],
    [{ path: { regex: '^/a/' } }, { path: '/a/*' }],
    [{ host: '*.example.org' }, { host: 'example.org' }],
    [{ host: '*.a.example.org' }, { host: '*.example.org' }],
    [{ method: 'GET' }, { method: ['GET', 'HEAD'] }],
    [{ header: { 'X-A': '1' } }, { header: { 'X-A': '2' } }],
    [{ header: { 'X-A': '1' } }, { header: { 'X-A': '*' } }],
    [{ header: { 'X-A': '*' } }, { header: { 'X-A': { present: false } } }],
    [{ header: { 'X-A': { has: 'a' } } }, { header: { 'X-A': { contains: 'a' } } }],
    [{ query: { page: { min: 2, max: 5 } } }, { query: { page: { min: 3 } } }],
    [{ cookie: { C: '1' } }, { cookie: { c: '1' } }],
    [{ client: '10.1.0.0/16' }, { client: '10.0.0.0/8' }],
    [{ client: '10.0.0.0/8' }, { client: ['10.1.0.0/16', '192.0.2.1'] }],
    [{ path: '/a/*' }, { any: [{ path: '/a/1' }, { path: '/b' }] }],
    [{ any: [{ path: '/a/*' }, { path: '/b/*' }] }, { path: '/*' }],
    [{ not: { path: '/a/*' } }, { path: '/a*' }],
    [{ not: { client: ['10.0.0.0/8', '127.0.0.1'] } }, { not: { client: '10.0.0.0/8' } }],
    [{ time: { days: ['mon'] } }, { time: { days: ['tue'] } }],
    [{ tls: { version: 'TLSv1.2' } }, { tls: { version: 'TLSv1.3' } }],
    [{ listener: 'web', path: '/a/*' }, { path: '/a/b' }],
  ])('but %j leaves something of %j', (first, second) => expect(pair(first, second)).toBe(''))

  test('by the first of several, far before it, and by one that is alike in thousands', () => {
    const many = Array.from({ length: 2000 }, (_, i) => ({
      name: `r${i}`,
      match: { path: `/p${i}/*` },
      backend: 'b',
    }))
    const lines = linesOf([...many, { name: 'late', match: { path: '/p1711/a/b' }, backend: 'b' }])
    expect(lines).toEqual([
      expect.stringMatching(/^rules\[2000\]: found rule "late".* rule "r1711" before it/),
    ])
  })
})

describe('a rule loses some of its requests', () => {
  test('where one for many paths takes a method of the one that is named', () => {
    expect(pair({ path: '/users/{id}', method: ['GET', 'HEAD'] }, { path: '/users/me' })).toBe(
      'rules[1]: found rule "second", whose GET and HEAD requests it does not get, allowed a rule for one path before those for many; rule "first" before it takes them; move this one before it, or name its methods (overlap)',
    )
  })
  test.each<[object, object]>([
    [
      { path: '/users/{id}', method: 'GET' },
      { path: '/users/me', method: 'POST' },
    ],
    [{ path: '/users/{id}', method: 'GET', header: { 'X-A': '1' } }, { path: '/users/me' }],
    [{ path: '/users/me', method: 'GET' }, { path: '/users/me' }],
    [{ path: '/users/*', method: 'GET' }, { path: '/users/{id}' }],
  ])('but not %j before %j', (first, second) => expect(pair(first, second)).toBe(''))
})

describe('a rule that nothing matches', () => {
  const only = (match: object, listeners?: object): string =>
    linesOf(
      [
        { name: 'one', match, backend: 'b' },
        { name: 'rest', backend: 'b' },
      ],
      listeners,
    ).join('\n')
  test.each<[object, string]>([
    [{ path: '/a', all: [{ path: '/b' }] }, 'what it asks for contradicts itself'],
    [{ host: 'a.example', all: [{ host: '*.b.example' }] }, 'what it asks for contradicts itself'],
    [
      { header: { A: '1' }, all: [{ header: { a: { present: false } } }] },
      'what it asks for contradicts itself',
    ],
    [{ path: '/a/b', not: { path: '/a/*' } }, 'what it asks for contradicts itself'],
    [{ client: '10.1.2.3', not: { client: '10.0.0.0/8' } }, 'what it asks for contradicts itself'],
    [
      { method: 'GET', any: [{ method: 'POST' }, { all: [{ method: 'PUT' }] }] },
      'what it asks for contradicts itself',
    ],
    [{ listener: 'web', tls: { version: 'TLSv1.3' } }, 'TLS ends at none of its listeners: they speak http'],
    [
      { listener: 'web', scheme: 'https' },
      'its listeners speak http, and trust no proxy that would speak for clients',
    ],
    [
      { listener: 'secure', scheme: 'http' },
      'its listeners speak https, and trust no proxy that would speak for clients',
    ],
  ])('%j', (match, why) => {
    expect(only(match)).toBe(
      `rules[0].match: found rule "one", which no request matches, allowed a match that some request has; ${why} (never)`,
    )
  })

  test('what a proxy may say for clients, and a certificate that is absent, may be', () => {
    const web = { web: { bind: ':80', trusted_proxies: ['10.0.0.0/8'] } }
    expect(only({ scheme: 'https' }, web)).toBe('')
    expect(only({ listener: 'web', tls: { client_certificate: 'absent' } })).toBe('')
    expect(only({ path: '/a', all: [{ path: '/a*' }] })).toBe('')
  })

  test('takes nothing from others', () => {
    const never = { path: '/a', all: [{ path: '/b' }] }
    expect(pair(never, { path: '/a', method: 'GET', all: [{ path: '/b' }] })).not.toContain('shadowed')
  })
})

describe('steps', () => {
  const steps = (...middleware: readonly object[]): string =>
    linesOf([{ name: 'one', match: { path: '/a' }, middleware, backend: 'b' }]).join('\n')
  const answering = (...middleware: readonly object[]): string =>
    linesOf([{ name: 'one', match: { path: '/a' }, middleware, respond: { status: 200 } }]).join('\n')
  const RATE = { rate_limit: { requests: 1, key: 'host' } }
  const IP = { ip: { deny: ['192.0.2.0/24'] } }

  test('that do nothing where they stand', () => {
    expect(answering({ headers: { request: { set: { A: 'b' } } } })).toBe(
      "rules[0].middleware[0].headers: found a headers that does nothing, allowed steps that act; it edits requests to servers, and the rule's respond asks none (idle_step)",
    )
    expect(answering({ headers: { request: { set: { A: 'b' } }, response: { set: { A: 'b' } } } })).toBe('')
    expect(steps({ headers: {} })).toContain('it sets, adds and removes nothing (idle_step)')
    expect(steps({ compress: {} }, IP, { compress: {} })).toContain(
      'rules[0].middleware[2].compress: found a compress that does nothing',
    )
    expect(steps({ body_limit: { size: '1KiB' } }, { body_limit: { size: '2KiB' } })).toContain(
      'rules[0].middleware[0].body_limit: found a body_limit that does nothing, allowed steps that act; another body_limit behind it counts',
    )
    expect(steps({ body_limit: { size: '1KiB' } }, { body_limit: { size: '2KiB', mode: 'shadow' } })).toBe('')
  })

  test('that stand behind what they should stand before', () => {
    expect(steps(RATE, IP)).toBe(
      'rules[0].middleware[1].ip: found ip behind rate_limit, allowed ip before rate_limit; who is not let in takes from what others share (step_order)',
    )
    expect(steps(IP, RATE)).toBe('')
    const replace = { replace: { edits: [{ text: 'a', with: 'b' }] } }
    expect(steps(replace, { compress: {} })).toContain('found compress behind replace')
    expect(steps({ compress: {} }, replace)).toBe('')
    expect(steps({ rate_limit: { requests: 1 } }, IP)).toBe('')
    expect(steps({ rate_limit: { requests: 1, key: 'host', mode: 'off' } }, IP)).toBe('')
    const access = { forward_auth: { backend: 'c', path: '/auth' } }
    expect(steps(access, { cors: { origins: 'https://a.example' } })).toContain(
      'found cors behind forward_auth, allowed cors before forward_auth; browsers send preflights without credentials',
    )
  })

  test('as a pace of answers behind what makes them smaller', () => {
    expect(steps({ compress: {} }, { bandwidth_limit: { answers: '1MiB' } })).toContain(
      'found bandwidth_limit behind compress, allowed bandwidth_limit before compress; it counts bytes before',
    )
    expect(steps({ compress: {} }, { bandwidth_limit: { uploads: '1MiB' } })).toBe('')
    expect(steps({ bandwidth_limit: { answers: '1MiB' } }, { compress: {} })).toBe('')
  })

  test('a warning that is known is not told again, and others are', () => {
    const rule = (more: object): object => ({ name: 'one', middleware: [RATE, IP], backend: 'b', ...more })
    expect(linesOf([rule({ ignore_warnings: ['step_order'] })])).toEqual([])
    expect(linesOf([rule({ ignore_warnings: ['shadowed'] })])).toHaveLength(1)
    expect(
      linesOf([
        { name: 'a', match: { path: '/a/*' }, backend: 'b' },
        { name: 'b', match: { path: '/a/b' }, backend: 'c', ignore_warnings: ['shadowed'] },
      ]),
    ).toEqual([])
  })
})
