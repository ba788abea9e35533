import { describe, expect, test } from 'bun:test'
import { ResponseHead } from '../../../server/head/response-head.ts'
import { rewrite } from '../../../server/rules/rewrite.ts'
import type { RewriteConfig } from '../../../server/rules/rewrite.options.ts'
import { told, type ToldParts } from '../../support/told.ts'

type Words = Partial<Omit<RewriteConfig, 'query' | 'answers'>> & {
  query?: Partial<RewriteConfig['query']>
  answers?: Partial<RewriteConfig['answers']>
}

const wordsOf = ({ query, answers, ...words }: Words): RewriteConfig => ({
  strip_prefix: [],
  ...words,
  query: { remove: [], rename: {}, set: {}, add: {}, ...query },
  answers: { location: true, cookie_path: true, cookie_domain: {}, ...answers },
})

/** What servers are asked; undefined: as it came. Null: it cannot be. */
function target(words: Words, asked: string, parts: ToldParts = {}): string | null | undefined {
  const made = rewrite(wordsOf(words)).of(told({ target: asked, ...parts }))
  return made === null ? null : (made.target ?? undefined)
}

describe('prefixes', () => {
  test.each<[Words, string, string | null | undefined]>([
    [{ strip_prefix: ['/api'] }, '/api/users?x=1', '/users?x=1'],
    [{ strip_prefix: ['/api'] }, '/api', '/'],
    [{ strip_prefix: ['/api'] }, '/api?x', '/?x'],
    [{ strip_prefix: ['/api'] }, '/api/', '/'],
    [{ strip_prefix: ['/api/'] }, '/api/a', '/a'],
    // Whole segments, and nothing else.
    [{ strip_prefix: ['/api'] }, '/apis/a', undefined],
    [{ strip_prefix: ['/api'] }, '/other', undefined],
    [{ strip_prefix: ['/api'] }, '/api%2Fa', undefined],
    [{ strip_prefix: ['/api'] }, '/API/a', undefined],
    [{ strip_prefix: ['/a/b', '/a'] }, '/a/b/c', '/c'],
    // In normal form; what stays escaped there goes on so.
    [{ strip_prefix: ['/api'] }, '/%61pi/a%2fb/%7Ec', '/a%2Fb/~c'],
    [{ strip_prefix: ['/é'] }, '/%c3%a9/a', '/a'],
    [{ strip_prefix: ['/api'] }, '/x/../api/a', '/a'],
    [{ strip_prefix: ['/api'] }, '/api/../a', undefined],
    // One slash at the beginning.
    [{ strip_prefix: ['/api'] }, '/api//evil.example/x', '/evil.example/x'],
    [{ add_prefix: '/v2' }, '/a//b?x', '/v2/a//b?x'],
    [{ add_prefix: '/v2/' }, '/', '/v2/'],
    [{ add_prefix: '/v2' }, '//a', '/v2//a'],
    [{ strip_prefix: ['/api'], add_prefix: '/v2' }, '/api', '/v2'],
    [{ strip_prefix: ['/api'], add_prefix: '/v2' }, '/api/a', '/v2/a'],
    [{ replace_prefix: { from: '/old', to: '/new/x' } }, '/old/a', '/new/x/a'],
    [{ replace_prefix: { from: '/old', to: '/new' } }, '/old', '/new'],
    [{ replace_prefix: { from: '/old', to: '/' } }, '/old/a', '/a'],
    [{ replace_prefix: { from: '/old', to: '/new' } }, '/older', undefined],
  ])('%j of %s is %s', (words, asked, made) => expect(target(words, asked)).toBe(made))

  test('may have variables', () => {
    const match = { path: ['/{tenant}/{rest...}'] }
    expect(target({ add_prefix: '/t/{header.X-A}' }, '/a', { fields: ['X-A: a/b?c'] })).toBe('/t/a%2Fb%3Fc/a')
    expect(target({ replace_prefix: { from: '/acme', to: '/by/{path.tenant}' } }, '/acme/x', { match })).toBe(
      '/by/acme/x',
    )
  })
})

describe('the whole path', () => {
  test.each<[Words, string, string | null | undefined]>([
    [{ path: '/v2/{path.id}/x' }, '/users/a%20b', '/v2/a%20b/x'],
    [{ path: '/fixed' }, '/users/7?x', '/fixed?x'],
    [
      { path: { regex: '^/users/(?<id>[^/]+)$', to: '/u/{group.id}/{group.1}' } },
      '/users/7?x=1',
      '/u/7/7?x=1',
    ],
    [{ path: { regex: '\\.php$', to: '' } }, '/a.php', '/a'],
    [{ path: { regex: '^/users/', to: '' } }, '/users/7', '/7'],
    [{ path: { regex: '^/nothing', to: '/x' } }, '/users/7', undefined],
    // "/a../x" would become "/../x".
    [{ path: { regex: '^/a(.*)$', to: '/{group.1}' } }, '/a../x', null],
    [{ path: { regex: '^/a(.*)$', to: '/{group.1}' } }, '/a..;/x', null],
    [{ path: { regex: '^/a(.*)$', to: '/{group.1}' } }, '/a..%2Fx', null],
    [{ path: '/x/{query.f}' }, '/?f=..', null],
    [{ path: '/x/{query.f}' }, '/?f=%2e%2e', null],
    [{ path: '/x/{query.f}/y' }, '/?f=a/../b', null],
    [{ path: { regex: '^/(.*)$', to: '/{group.1}' } }, `/${'a'.repeat(9000)}`, null],
  ])('%j of %s is %s', (words, asked, made) =>
    expect(target(words, asked, { match: { path: ['/users/{id}'] } })).toBe(made),
  )

  test('"*" has no path', () => {
    const plain = told({ target: '/' })
    const asked = {
      ...plain,
      request: { ...plain.request, path: '*', query: '', host: 'a', authority: plain.request.authority },
    }
    expect(rewrite(wordsOf({ add_prefix: '/a' })).of(asked as unknown as typeof plain)?.target).toBeNull()
  })
})

describe('the query', () => {
  test.each<[Words['query'], string, string | undefined]>([
    [{ remove: ['b'] }, '/?a=1&b=2&c&b', '/?a=1&c'],
    [{ remove: ['*'] }, '/?a=1', '/'],
    [{ remove: ['b c'] }, '/?a=%zz&b+c=1&b%20c', '/?a=%zz'],
    [{ remove: ['x'] }, '/?a=1&&b', undefined],
    [{ rename: { a: 'b c' } }, '/?a=1&a&x=a', '/?b%20c=1&b%20c&x=a'],
    [{ set: { a: '{client_ip}', n: '{cookie.none}' } }, '/?a=1&n=2&x', '/?x&a=192.0.2.7'],
    [{ add: { to: 'a&b={path}' } }, '/p?x=1', '/p?x=1&to=a%26b%3D%2Fp'],
    [{ rename: { a: 'b' }, set: { b: '2' } }, '/?a=1', '/?b=2'],
    [{ set: { a: '{query.a}x' } }, '/?a=1&b', '/?b&a=1x'],
  ])('%j of %s is %s', (query, asked, made) => {
    expect(target(query === undefined ? {} : { query }, asked)).toBe(made)
  })

  test('the path goes on as it came', () => {
    expect(target({ query: { add: { a: '1' } } }, '/%61/../b//c')).toBe('/%61/../b//c?a=1')
  })
})

describe('the host', () => {
  const host = (text: string, parts: ToldParts = {}) =>
    rewrite(wordsOf({ host: text })).of(told(parts))?.host ?? null

  test('is text with variables, and a host', () => {
    expect(host('inner.example:8080')).toBe('inner.example:8080')
    expect(host('{path.t}.inner.example', { target: '/acme', match: { path: ['/{t}'] } })).toBe(
      'acme.inner.example',
    )
    expect(host('{host}:{port}', { host: 'a.example:81' })).toBe('a.example:81')
    for (const bad of ['/a%20b', '/a:80', '/a@b', '/-'])
      expect(host('{path.t}.inner.example', { target: bad, match: { path: ['/{t}'] } })).toBeNull()
    expect(host('{header.X-None}')).toBeNull()
  })
})

describe('answers', () => {
  /** `asked`, rewritten by these words, is answered with this field. */
  function back(words: Words, asked: string, field: string): string[] {
    const rule = rewrite(wordsOf(words))
    const server = { name: 'one', backend: 'api', authority: '10.0.0.1:8080' }
    const x = told({ target: asked, host: 'Shop.example:444', scheme: 'https', server })
    const head = new ResponseHead()
    const bytes = Buffer.from(`HTTP/1.1 302 Found\r\n${field}\r\n\r\n`)
    head.scan(bytes, 0, bytes.length, { headBytes: 4096, fields: 20 })
    const seen = rule.of(x)
    if (seen !== null) rule.answer?.(x, seen, head)
    const name = field.slice(0, field.indexOf(':')).toLowerCase()
    return head.edits?.removes(name)
      ? head.edits.added.filter(({ lower }) => lower === name).map(({ value }) => value)
      : head.values(name)
  }
  const strip: Words = { strip_prefix: ['/api'], host: 'inner.example' }
  const both: Words = { strip_prefix: ['/api'], add_prefix: '/v2' }
  const replaced: Words = { replace_prefix: { from: '/old', to: '/new' } }

  test.each<[Words, string, string, string]>([
    [strip, '/api/a', '/login?to=/x', '/api/login?to=/x'],
    [strip, '/api/a', 'http://10.0.0.1:8080/x#y', 'https://Shop.example:444/api/x#y'],
    [strip, '/api/a', 'http://INNER.example:80/x', 'https://Shop.example:444/api/x'],
    [strip, '/api/a', '//inner.example', '//Shop.example:444/api'],
    [strip, '/api/a', 'https://shop.example:444/x', 'https://shop.example:444/api/x'],
    // Who knows its prefix says it itself.
    [strip, '/api/a', '/api/x', '/api/x'],
    [strip, '/api/a', 'https://other.example/x', 'https://other.example/x'],
    [strip, '/api/a', 'http://10.0.0.1:9999/x', 'http://10.0.0.1:9999/x'],
    [strip, '/api/a', 'x/../y', 'x/../y'],
    [strip, '/api/a', 'mailto:a@b', 'mailto:a@b'],
    // Nothing was taken off.
    [strip, '/other', '/x', '/x'],
    [both, '/api/a', '/v2/x', '/api/x'],
    [both, '/api/a', '/v2', '/api'],
    [both, '/api/a', '/v3/x', '/v3/x'],
    [replaced, '/old/a', '/new/x?y', '/old/x?y'],
    [replaced, '/old/a', '/newer', '/newer'],
    [{ ...strip, answers: { location: false } }, '/api/a', '/x', '/x'],
  ])('%j of %s: Location %s is %s', (words, asked, said, turned) => {
    expect(back(words, asked, `Location: ${said}`)).toEqual([turned])
  })

  test('paths and domains of cookies are those of the client', () => {
    const words: Words = {
      ...strip,
      answers: { cookie_domain: { 'inner.example': 'shop.example', '.gone.example': '' } },
    }
    const lines = [
      'Set-Cookie: a=1; Path=/; HttpOnly',
      'set-cookie: b="x;y"; path = /x ;Domain=.Inner.example',
      'Set-Cookie: c=path=/z; Domain=gone.example; Secure',
      'Set-Cookie: d=4; Path=/api; Domain=other.example',
    ].join('\r\n')
    expect(back(words, '/api/a', lines)).toEqual([
      'a=1; Path=/api/; HttpOnly',
      'b="x;y"; path = /api/x;Domain=shop.example',
      'c=path=/z; Secure',
      'd=4; Path=/api; Domain=other.example',
    ])
    expect(back({ ...strip, answers: { cookie_path: false } }, '/api/a', 'Set-Cookie: a=1; Path=/')).toEqual([
      'a=1; Path=/',
    ])
  })
})
