import { describe, expect, test } from 'bun:test'
import { loosen, normalise, pathPattern, upperEscapes } from '../../../server/rules/path.ts'

describe('normalise', () => {
  test.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['*', '*'],
    ['/x/../admin', '/admin'],
    ['/x/%2e%2e/admin', '/admin'],
    ['/x/.%2E/admin', '/admin'],
    ['/%61dmin', '/admin'],
    ['/%7Euser/%41', '/~user/A'],
    ['/a%2fb%3a', '/a%2Fb%3A'],
    ['/a/./b/.', '/a/b/'],
    ['/a/b/..', '/a/'],
    ['/a/..', '/'],
    ['/..', '/'],
    ['/../../a', '/a'],
    ['/.', '/'],
    ['/a//b', '/a//b'],
    ['//a', '//a'],
    ['/a//../b', '/a/b'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a/...', '/a/...'],
    ['/a/..b/.c', '/a/..b/.c'],
    ['/%252e%252e/a', '/%252e%252e/a'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/a;x=1/b', '/a;x=1/b'],
  ])('%s is %s', (path, normal) => {
    expect(normalise(path)).toBe(normal)
    expect(normalise(normal)).toBe(normal)
  })

  test.each(['/a%00', '/%', '/%2', '/%zz', '/%%36%31', '/a%2', '/a\\b', '\\', '/%u0061'])(
    '%s is refused',
    (path) => {
      expect(normalise(path)).toBeNull()
    },
  )
})

test.each([
  ['/a//b///c', '/a/b/c'],
  ['//admin', '/admin'],
  ['/a%2Fb%5Cc', '/a/b/c'],
  ['/x/..%2Fadmin', '/admin'],
  ['/x/..;/admin', '/admin'],
  ['/admin;jsessionid=1/x;y', '/admin/x'],
  ['/a//../b', '/b'],
  ['/x//%2e./%61', '/a'],
])('a lenient server reads %s as %s', (path, loose) => {
  expect(loosen(path)).toBe(loose)
})

test('upperEscapes changes the case of escapes and nothing else', () => {
  expect(upperEscapes('/caf%c3%A9/%2e%7e/%zz')).toBe('/caf%C3%A9/%2E%7E/%zz')
})

describe('pathPattern', () => {
  test.each([
    ['/a', '/a', false],
    ['/a/*', '/a/', true],
    ['/a*', '/a', true],
    ['/*', '/', true],
    ['/.*', '/.', true],
    ['/..x', '/..x', false],
    ['/%61%2fb*', '/a%2Fb', true],
    ['/café/*', '/caf%C3%A9/', true],
    ['/a b', '/a%20b', false],
  ])('%s', (pattern, text, isPrefix) => {
    expect(pathPattern(pattern)).toEqual({ is: isPrefix ? 'prefix' : 'exact', text })
  })

  test.each([
    '',
    '*',
    'a',
    '/a*b',
    '/a/**',
    '/a/../b',
    '/a/.',
    '/a/./*',
    '/%2e%2e/x',
    '/a%00',
    '/a%',
    '/a\\b',
    '/a?b',
    '/a#b',
  ])('refuses %p', (pattern) => {
    expect(() => pathPattern(pattern)).toThrow(RangeError)
  })
})
