import { describe, expect, test } from 'bun:test'
import type { Matchable } from '../../../server/rules/asked.ts'
import { compileMatch } from '../../../server/rules/match.ts'
import type { RuleConfig } from '../../../server/rules/rule.options.ts'

type Words = Partial<RuleConfig['match']>
interface Sample {
  method?: string
  host?: string
  path?: string
  headers?: Record<string, string>
}

const matchOf = (words: Words): RuleConfig['match'] => ({
  listener: [],
  host: [],
  path: [],
  method: [],
  header: {},
  query: {},
  cookie: {},
  claims: {},
  client: [],
  country: [],
  continent: [],
  asn: [],
  all: [],
  any: [],
  server_name: [],
  alpn: [],
  ...words,
})
const compile = (...all: Words[]) => compileMatch(all.map((words, rule) => ({ match: matchOf(words), rule })))

const request = ({ method = 'GET', host = 'example.org', path = '/', headers = {} }: Sample): Matchable => ({
  method,
  host,
  path,
  plainPath: !path.includes('%') && !path.includes('/.'),
  query: '',
  get: (name) => headers[name] ?? null,
  values: (name) => (headers[name] === undefined ? [] : [headers[name]]),
  isAmbiguous: () => false,
})

describe('a field that comes twice', () => {
  test('with two values is ambiguous where a rule looks at it, as servers differ in which they believe', () => {
    const match = compile({ header: { 'X-Role': 'admin' } }, {})
    const twice = {
      ...request({ headers: { 'x-role': 'user' } }),
      isAmbiguous: (name: string) => name === 'x-role',
    }
    expect(match(twice)).toBe('ambiguous')
    expect(compile({ header: { 'X-Other': 'a' } }, {})(twice)).toBe(1)
  })
})

describe('a rule matches', () => {
  test('the first in order wins, whatever is more exact', () => {
    const match = compile({ path: ['/a/*'] }, { path: ['/a/b'] }, { host: ['example.org'] }, {})
    expect(match(request({ path: '/a/b' }))).toBe(0)
    expect(match(request({ path: '/b' }))).toBe(2)
    expect(match(request({ path: '/b', host: 'x' }))).toBe(3)
  })

  test('none matches: null', () => {
    expect(compile()(request({}))).toBeNull()
    expect(compile({ path: ['/a'] })(request({}))).toBeNull()
  })

  test('hosts: exact, or any name below', () => {
    const match = compile({ host: ['API.example.org.'] }, { host: ['*.example.org', 'example.net'] })
    expect(match(request({ host: 'api.example.org' }))).toBe(0)
    for (const host of ['x.example.org', 'a.b.c.example.org', 'example.net'])
      expect(match(request({ host }))).toBe(1)
    for (const host of [
      'example.org',
      '.example.org',
      'xexample.org',
      'a.example.net',
      'example.org.evil',
      '',
    ])
      expect([host, match(request({ host }))]).toEqual([host, null])
  })

  test('paths: exact, below a slash, or by their beginning', () => {
    const match = compile({ path: ['/exact'] }, { path: ['/a/*'] }, { path: ['/b*'] })
    expect(match(request({ path: '/exact' }))).toBe(0)
    for (const path of ['/exact/', '/exactly', '/a', '/', '/Exact'])
      expect(match(request({ path }))).toBeNull()
    for (const path of ['/a/', '/a/x/y']) expect(match(request({ path }))).toBe(1)
    for (const path of ['/b', '/bc', '/b/c']) expect(match(request({ path }))).toBe(2)
  })

  test('paths with parameters: one segment each, or all that is left', () => {
    const match = compile(
      { path: ['/users/{id}/posts/{post}'] },
      { path: ['/users/me'] },
      { path: ['/users/{id}'] },
      { path: ['/users/{id}/'] },
      { path: ['/files/{rest...}'] },
      { path: ['/{any}/x/*'] },
    )
    for (const [path, rule] of [
      ['/users/7/posts/9', 0],
      ['/users/me', 1],
      ['/users/7', 2],
      ['/users/7/', 3],
      ['/files/', 4],
      ['/files/a/b/', 4],
      ['/files', null],
      ['/users/', null],
      ['/users//posts/9', null],
      ['/users/7/posts/', null],
      ['/users/7/posts/9/', null],
      ['/a/x/', 5],
      ['/a/x/y/z', 5],
      ['/a/x', null],
      ['/', null],
    ] as const)
      expect([path, match(request({ path }))]).toEqual([path, rule])
    expect(match(request({ method: 'OPTIONS', path: '*' }))).toBeNull()
  })

  test('of templates the first in order wins, whatever is more exact', () => {
    const match = compile(
      { path: ['/{a}/b'] },
      { path: ['/a/{b}'] },
      { path: ['/a/b'] },
      { path: ['/{rest...}'] },
    )
    expect(['/a/b', '/a/c', '/c/b', '/c/d'].map((path) => match(request({ path })))).toEqual([0, 1, 0, 3])
  })

  test('a parameter takes escapes, and what readers take for a slash is ambiguous', () => {
    const match = compile({ path: ['/users/{id}'] }, { path: ['/users/{id}/keys'] })
    expect(match(request({ path: '/users/%C3%A9' }))).toBe(0)
    expect(match(request({ path: '/users/a%2Fkeys' }))).toBe('ambiguous')
    expect(match(request({ path: '/users//keys' }))).toBe('ambiguous')
    expect(match(request({ path: '/users/x/..;/keys' }))).toBe('ambiguous')
    expect(match(request({ path: '/users/x/../7' }))).toBe('ambiguous')
  })

  test('regular expressions of paths and hosts, with what they begin with and without', () => {
    const match = compile(
      { path: [{ regex: '^/v[0-9]+/' }] },
      { path: [{ regex: '\\.php$' }, '/cgi/*'] },
      { host: [{ regex: '^shop-[a-z]+\\.' }] },
      { path: [{ regex: '^/a|^/b' }] },
      { path: [{ regex: '^/(?i:CASE)$' }] },
    )
    for (const [path, rule] of [
      ['/v12/x', 0],
      ['/v/x', null],
      ['/x/y.php', 1],
      ['/cgi/x', 1],
      ['/bcd', 3],
      ['/cAsE', 4],
    ] as const)
      expect([path, match(request({ path }))]).toEqual([path, rule])
    expect(match(request({ host: 'shop-de.example.org' }))).toBe(2)
    expect(match(request({ host: 'myshop-de.example.org' }))).toBeNull()
    expect(match(request({ path: '/%61dmin/../v1/' }))).toBe('ambiguous')
    // Longer than what is asked: nobody walks around a rule by length.
    expect(match(request({ path: `/v1/${'a'.repeat(9000)}` }))).toBe('ambiguous')
    expect(match(request({ path: `/w1/${'a'.repeat(9000)}` }))).toBe('ambiguous')
    expect(
      compile({ path: [{ regex: '^/v[0-9]+/' }] }, {})(request({ path: `/w1/${'a'.repeat(9000)}` })),
    ).toBe(1)
  })

  test('methods and headers: all that is named must hold', () => {
    const match = compile(
      { method: ['GET', 'HEAD'], header: { 'X-Canary': 'true', 'X-Any': '*' } },
      { header: { 'x-canary': 'true' } },
      { method: ['POST'] },
    )
    expect(match(request({ headers: { 'x-canary': 'true', 'x-any': '' } }))).toBe(0)
    expect(match(request({ headers: { 'x-canary': 'true' } }))).toBe(1)
    expect(match(request({ headers: { 'x-canary': 'True', 'x-any': '1' } }))).toBeNull()
    expect(match(request({ method: 'POST' }))).toBe(2)
    expect(match(request({ method: 'post' }))).toBeNull()
  })

  test('OPTIONS * goes to rules that name no path', () => {
    const match = compile({ path: ['/*'] }, { method: ['OPTIONS'] })
    expect(match(request({ method: 'OPTIONS', path: '*' }))).toBe(1)
  })
})

describe('a path that readers could take for another', () => {
  const match = compile({ path: ['/admin/*', '/admin'] }, {})

  test.each([
    '/x/../admin/y',
    '/x/%2e%2e/admin/y',
    '/x/.%2e/admin',
    '/%61dmin/y',
    '/%61dmin',
    '/./admin/y',
    '/admin%2Fy',
    '/admin%5cy',
    '//admin/y',
    '/x//../admin/y',
    '/x/..%2fadmin/y',
    '/x/..;/admin/y',
    '/admin;a=b/y',
    '/admin;',
    '/admin/../x',
    '/admin/%2e%2e',
    '/admin/..%2Fx',
    '/%',
    '/%00',
    '/admin\\y'.replace('\\', '%00'),
  ])('%s is ambiguous', (path) => {
    expect(match(request({ path }))).toBe('ambiguous')
  })

  test.each([
    ['/admin/%2e/x', 0],
    ['/admin//x', 0],
    ['/admin/;x', 0],
    ['/admin/a%2Fb', 0],
    ['/admin/x%41', 0],
    ['/x/../y', 1],
    ['/x%2Fy', 1],
    ['/x//y', 1],
    ['/ADMIN/', 1],
    ['/administration', 1],
    ['/%2561dmin/x', 1],
  ])('%s is not: every reader means rule %d', (path, rule) => {
    expect(match(request({ path }))).toBe(rule)
  })

  test('where no rule looks at paths only broken ones are', () => {
    const anyPath = compile({ host: ['example.org'] })
    for (const path of ['/x/../y', '//', '/a;b', '/%2e%2e/%2F']) expect(anyPath(request({ path }))).toBe(0)
    for (const path of ['/%00', '/%zz']) expect(anyPath(request({ path }))).toBe('ambiguous')
  })

  test('the case of escapes makes no difference', () => {
    const cafe = compile({ path: ['/café/*'] }, {})
    expect(cafe(request({ path: '/caf%c3%a9/x' }))).toBe(0)
    expect(cafe(request({ path: '/caf%C3%A9/x' }))).toBe(0)
  })
})

test.each<Words>([
  { host: ['a*.example.org'] },
  { host: ['*'] },
  { host: ['*.'] },
  { host: [''] },
  { host: ['*.*.org'] },
  { path: ['/a/*/b'] },
  { path: ['a'] },
  { path: ['/a{b}'] },
  { path: ['/{a}/{a}'] },
  { path: ['/{a...}/b'] },
  { path: ['/{a}*'] },
  { path: ['/*/{a}'] },
  { path: ['/{0}'] },
  { path: ['/../{a}'] },
  { path: ['/%2e./{a}'] },
  { path: [`${'/a'.repeat(64)}/{b}`] },
  { path: [{ regex: '(a|a)*b' }] },
])('%p is refused', (words) => {
  expect(() => compile(words)).toThrow(RangeError)
})

describe('against a linear matcher', () => {
  const seeded = (seed: number) => () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed / 2 ** 32
  }

  const removeDots = (path: string): string => {
    const out: string[] = []
    const parts = path.split('/')
    parts.shift()
    parts.forEach((part, i) => {
      const last = i === parts.length - 1
      if (part === '..') out.pop()
      if (part !== '.' && part !== '..') out.push(part)
      else if (last) out.push('')
    })
    return `/${out.join('/')}`
  }

  /** What the rules say, one by one; paths and patterns here are of a small alphabet. */
  function linear(rules: Words[], sample: Required<Sample>): number | null | 'ambiguous' {
    const upper = sample.path.replace(/%../g, (escape) => escape.toUpperCase())
    const decoded = upper.replaceAll('%2E', '.').replaceAll('%61', 'a')
    const normal = removeDots(decoded)
    const loose = removeDots(
      decoded
        .replaceAll('%2F', '/')
        .replace(/;[^/]*/g, '')
        .replace(/\/+/g, '/'),
    )
    const find = (path: string): number | null => {
      for (const [order, rule] of rules.entries()) {
        const byHost =
          !rule.host ||
          rule.host
            .map(String)
            .some((host) =>
              host.startsWith('*')
                ? sample.host.endsWith(host.slice(1)) && sample.host.length > host.length - 1
                : host === sample.host,
            )
        const byPath =
          !rule.path ||
          rule.path
            .map(String)
            .some((pattern) =>
              pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
            )
        const byMethod = !rule.method || rule.method.includes(sample.method)
        const byHeader = Object.entries(rule.header ?? {}).every(([name, value]) => {
          const got = sample.headers[name.toLowerCase()]
          return got !== undefined && (value === '*' || value === got)
        })
        if (byHost && byPath && byMethod && byHeader) return order
      }
      return null
    }
    if (!rules.some(({ path }) => path)) return find(normal)
    const found = find(normal)
    return find(upper) === found && find(loose) === found ? found : 'ambiguous'
  }

  test.each([1, 2, 3, 4, 5, 6])('it finds the same rule for random rules and requests, seed %d', (seed) => {
    const random = seeded(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
    const some = <T>(make: () => T): T[] => Array.from({ length: 1 + Math.floor(random() * 3) }, make)
    const join = (count: number, parts: readonly string[]) =>
      Array.from({ length: count }, () => pick(parts)).join('')
    const host = () => join(1 + Math.floor(random() * 3), ['a.', 'b.', 'cc.']) + pick(['org', 'net'])
    const pathText = () =>
      `/${join(Math.floor(random() * 5), ['a', 'b', 'a/', 'b/', 'ab', 'bb/a'])}`.replace(/\/+/g, '/')
    const rawPath = () =>
      `/${join(Math.floor(random() * 6), ['a', 'b', '/', 'a/', 'b/', '../', './', '%2e', '%61', '%2f', ';a', '..', '//'])}`
    const wordsOf = (): Words => ({
      ...(random() < 0.6 && { host: some(() => pick(['', '', '*.']) + host()) }),
      ...(random() < 0.7 && { path: some(() => pathText() + pick(['', '*', '/*']).replace('/*', '*')) }),
      ...(random() < 0.3 && { method: some(() => pick(['GET', 'POST', 'PUT'])) }),
      ...(random() < 0.4 && {
        header: Object.fromEntries(some(() => [pick(['X-A', 'x-b', 'X-C']), pick(['1', '2', '*'])])),
      }),
    })
    let hits = 0
    let ambiguous = 0
    for (let set = 0; set < 300; set++) {
      const rules = Array.from({ length: Math.floor(random() * 40) }, wordsOf)
      const match = compile(...rules)
      for (let i = 0; i < 60; i++) {
        const sample: Required<Sample> = {
          method: pick(['GET', 'POST', 'PATCH']),
          host: random() < 0.1 ? '' : host(),
          path: random() < 0.5 ? pathText() : rawPath(),
          headers: Object.fromEntries(
            ['x-a', 'x-b', 'x-c'].filter(() => random() < 0.5).map((name) => [name, pick(['1', '2', '3'])]),
          ),
        }
        const expected = linear(rules, sample)
        const got = match(request(sample))
        if (got !== expected) throw new Error(JSON.stringify({ rules, sample, expected, got }))
        if (expected === 'ambiguous') ambiguous++
        else if (expected !== null) hits++
      }
    }
    expect(hits).toBeGreaterThan(5000)
    expect(ambiguous).toBeGreaterThan(300)
  })
})
