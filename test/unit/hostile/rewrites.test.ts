// Rewrites of requests that nobody sends by mistake: what servers are asked is one line, one path and one
// host, whatever came.
import { describe, expect, test } from 'bun:test'
import { RequestHead } from '../../../server/head/request-head.ts'
import { mayLeadUp } from '../../../server/rules/path.ts'
import { rewrite } from '../../../server/rules/rewrite.ts'
import type { RewriteConfig } from '../../../server/rules/rewrite.options.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { told } from '../../support/told.ts'

const QUERY = { remove: [], rename: {}, set: {}, add: {} }
const ANSWERS = { location: true, cookie_path: true, cookie_domain: {} }
const words = (more: Partial<RewriteConfig>): RewriteConfig => ({
  ...{ strip_prefix: [], query: QUERY, answers: ANSWERS },
  ...more,
})

const KINDS: Readonly<Record<string, RewriteConfig>> = {
  strip: words({ strip_prefix: ['/a', '/a/b'] }),
  replace: words({ replace_prefix: { from: '/a', to: '/{header.X-A}' } }),
  whole: words({ path: '/x/{path.one}/{query.q}' }),
  pattern: words({ path: { regex: '^/a(.*)$', to: '/{group.1}{header.X-A}' } }),
  end: words({ path: { regex: '[.]([a-z]+)$', to: '{group.1}' } }),
  add: words({ add_prefix: '/{cookie.c}/{header.X-A}' }),
  query: words({
    query: { ...QUERY, set: { a: '{header.X-A}', 'b&c': '{query.q}' }, rename: { q: '\r\n=&' } },
  }),
  host: words({ host: '{header.X-A}.inner.example' }),
}
const MATCH = { path: ['/a/{one}/{rest...}', { regex: '^/(?<one>[^/]*)' }] }
const PIECES = [
  ...[
    '/',
    '//',
    '/a',
    '/a/b',
    '.',
    '..',
    '/../',
    ';',
    ';x=/..',
    '%2e%2e',
    '%2F',
    '%2f..%2f',
    '%5C',
    '%0d%0a',
  ],
  ...[
    '%00',
    '%',
    '%zz',
    '?',
    '&',
    '=',
    '+',
    'a',
    '%C3%28',
    '%ff',
    '@',
    ':80',
    '.php',
    '%25%32%65',
    '#'.slice(1),
  ],
]
const FIELDS = [
  '',
  '..',
  '../x',
  'a/b',
  '\t',
  '\xff\xfe',
  'é',
  'a@b',
  'a:80',
  '%2e%2e',
  '-',
  'x'.repeat(65_536),
  ';',
  '/',
]

describe.each(Object.entries(KINDS))('%s', (_, config) => {
  const made = rewrite(config)

  test('of anything is something that a server can be asked, or nothing', () => {
    const random = seededRandom(seedOfRun())
    const one = (of: readonly string[]): string => of[random.below(of.length)] ?? ''
    for (let round = 0; round < 400; round++) {
      const target = `/${Array.from({ length: 1 + random.below(6) }, () => one(PIECES)).join('')}`
      const value = one(FIELDS)
      const x = told({ target, fields: [`X-A: ${value}`, `Cookie: c=${one(FIELDS)}`], match: MATCH })
      const after = made.of(x)
      if (after === null) continue
      if (after.host !== null) expect(after.host).toMatch(/^[A-Za-z0-9._-]+\.inner\.example$/)
      if (after.target === null) continue
      expect([target, after.target]).toEqual([target, expect.stringMatching(/^\/[!-~]*$/)])
      const path = after.target.split('?')[0] ?? ''
      if (path !== x.request.path) {
        expect([target, path.startsWith('//'), mayLeadUp(path)]).toEqual([target, false, false])
      }
      const head = new RequestHead()
      const bytes = Buffer.from(`GET ${after.target} HTTP/1.1\r\nHost: a\r\n\r\n`, 'latin1')
      expect(
        head.scan(bytes, 0, bytes.length, { headBytes: 200_000, targetBytes: 100_000, fields: 10 }),
      ).toBe(bytes.length)
      expect(head.path).toBe(path)
    }
  })
})
