// For which requests an answer is: what counts as the same in a field, and by which key it is found.
import { describe, expect, test } from 'bun:test'
import { keyOf, type KeyRules } from '../../../server/cache/cache-key.ts'
import { isFor, selectingOf } from '../../../server/cache/vary.ts'
import { RequestHead } from '../../../server/head/request-head.ts'

const LIMITS = { headBytes: 1 << 20, targetBytes: 1 << 20, fields: 1000 }

function asked(fields: readonly string[], target = '/'): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(
    `GET ${target} HTTP/1.1\r\n${['Host: h', ...fields].join('\r\n')}\r\n\r\n`,
    'latin1',
  )
  expect(head.scan(bytes, 0, bytes.length, LIMITS)).toBe(bytes.length)
  return head
}

describe('fields that an answer goes by', () => {
  const isSame = (name: string, one: string[], other: string[]): boolean =>
    isFor(selectingOf([name], asked(one), null) ?? [], asked(other))

  test.each<[string, string[], string[], boolean]>([
    ['x-a', ['X-A: 1'], ['X-A: 1'], true],
    ['x-a', ['X-A: 1'], ['X-A: 2'], false],
    ['x-a', ['X-A: 1'], [], false],
    ['x-a', [], [], true],
    ['x-a', ['X-A:'], [], false],
    ['x-a', ['X-A: 1, 2'], ['X-A: 1', 'X-A: 2'], true],
    ['x-a', ['X-A: "1 ,2"'], ['X-A: "1,2"'], false],
    ['cookie', ['Cookie: a=1; b=2'], ['Cookie: b=2; a=1'], false],
    ['accept-encoding', ['Accept-Encoding: gzip, br'], ['Accept-Encoding: BR,gzip'], true],
    ['accept-encoding', ['Accept-Encoding: gzip;q=0.5, br'], ['Accept-Encoding: br, gzip;q=0.9'], true],
    ['accept-encoding', ['Accept-Encoding: gzip, br;q=0'], ['Accept-Encoding: gzip'], false],
    ['accept-encoding', ['Accept-Encoding: gzip, br;q=0.1'], ['Accept-Encoding: gzip;q=0.1, br'], false],
    ['accept-encoding', ['Accept-Encoding: gzip'], [], false],
    ['accept-language', ['Accept-Language: de, EN'], ['Accept-Language: de,en'], true],
  ])('%s of %p and %p: %p', (name, one, other, same) => {
    expect(isSame(name, one, other)).toBe(same)
  })

  test('what a step before the cache has made of a field counts, in place of what the client says', () => {
    const first = asked(['X-User: eve'])
    first.set('X-User', 'alice')
    const seen = { added: [{ lower: 'x-user', value: 'alice' }], removed: new Set(['x-user']) }
    const selecting = selectingOf(['x-user'], first, seen) ?? []
    expect(isFor(selecting, first)).toBe(true)
    expect(isFor(selecting, asked(['X-User: eve']))).toBe(false)
  })

  test('what a step behind the cache makes of it is compared with nothing', () => {
    const request = asked([])
    request.set('X-User', 'alice')
    expect(selectingOf(['x-user'], request, null)).toBeNull()
    expect(selectingOf(['x-other'], request, null)).not.toBeNull()
  })
})

describe('keys', () => {
  const RULES: KeyRules = { query: 'all', ignore_query: [], sort_query: false, headers: [], cookies: [] }
  const key = (more: Partial<KeyRules>, target: string, fields: string[] = []): string =>
    keyOf('rule', { ...RULES, ...more })(asked(fields, target), 'http')

  test('the query is part of them, as far as that is wanted', () => {
    expect(key({}, '/a?b=1')).not.toBe(key({}, '/a?b=2'))
    expect(key({ query: 'none' }, '/a?b=1')).toBe(key({ query: 'none' }, '/a'))
    const ignored = { ignore_query: ['x', 'utm_*'] }
    expect(key(ignored, '/a?utm_a=1&b=2&x')).toBe(key(ignored, '/a?b=2'))
    expect(key(ignored, '/a?utm_a=1')).toBe(key(ignored, '/a'))
    expect(key({ sort_query: true }, '/a?b=2&a=1')).toBe(key({ sort_query: true }, '/a?a=1&b=2'))
  })

  test('fields and cookies are, where that is wanted, and no value makes the key of another', () => {
    const by = { headers: ['X-A', 'X-B'], cookies: ['c'] }
    expect(key(by, '/', ['X-A: 1'])).not.toBe(key(by, '/', ['X-B: 1']))
    expect(key(by, '/', ['X-A: 1', 'X-A: 2'])).not.toBe(key(by, '/', ['X-A: 1 2']))
    expect(key(by, '/', ['Cookie: c=1'])).not.toBe(key(by, '/', ['Cookie: c=2']))
    expect(key(by, '/', ['Cookie: c=1; d=1'])).toBe(key(by, '/', ['Cookie: c=1; d=2']))
    const long = 'x'.repeat(65_536)
    expect(key(by, '/', [`X-A: ${long}`])).not.toBe(key(by, '/', [`X-A: ${long}y`]))
    expect(key(by, '/', ['X-A: \xff\xfe'])).not.toBe(key(by, '/', ['X-A: \xfe\xff']))
  })
})
