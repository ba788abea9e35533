import { describe, expect, test } from 'bun:test'
import { redirect } from '../../../server/rules/redirect.ts'
import { respond } from '../../../server/rules/respond.ts'

const request = { host: 'example.org', path: '/a/%41', query: 'x=1&y' }
const locate = (to: string, from = request) => redirect({ to, status: 308 }).location(from, 'http')

describe('redirect', () => {
  test.each([
    ['/new', '/new'],
    ['https://{host}{path}{query}', 'https://example.org/a/%41?x=1&y'],
    ['https://www.{host}/old{path}?from={host}', 'https://www.example.org/old/a/%41?from=example.org'],
    ['{scheme}://other.example{path}', 'http://other.example/a/%41'],
    ['{path}{query}', '/a/%41?x=1&y'],
    ['//cdn.example{path}', '//cdn.example/a/%41'],
  ])('%s leads to %s', (to, location) => {
    expect(locate(to)).toBe(location)
  })

  test('without a query there is no "?", and "*" is the root', () => {
    expect(locate('/x{query}', { ...request, query: '' })).toBe('/x')
    expect(locate('https://{host}{path}', { ...request, path: '*' })).toBe('https://example.org/')
  })

  test('without a host there is no redirect that needs one', () => {
    expect(locate('http://{host}{path}', { ...request, host: '' })).toBeNull()
    expect(locate('/x', { ...request, host: '' })).toBe('/x')
  })

  test('a path cannot lead to another host', () => {
    expect(locate('{path}', { ...request, path: '//evil.example/x' })).toBe('/evil.example/x')
    expect(locate('/{path}', { ...request, path: '/evil.example' })).toBe('/evil.example')
    expect(locate('{path}', { ...request, path: '/\\evil.example' })).toBe('/evil.example')
  })

  test('nothing of the request splits the field', () => {
    expect(locate('{path}', { ...request, path: '/a\r\nSet-Cookie: x' })).toBe('/a%0D%0ASet-Cookie:%20x')
    expect(locate('/é\ud800{query}', { ...request, query: 'ÿ' })).toBe('/%C3%A9%EF%BF%BD?%C3%BF')
  })

  test('an unknown word is refused', () => {
    expect(() => locate('/{port}')).toThrow(RangeError)
    expect(() => locate('/{Host}')).toThrow('{Host}')
  })
})

describe('respond', () => {
  test('text is typed as such unless the config says otherwise', () => {
    expect(respond({ status: 200, body: 'hi', headers: { 'X-A': '1' } })).toEqual({
      status: 200,
      headers: [
        ['X-A', '1'],
        ['Content-Type', 'text/plain; charset=utf-8'],
      ],
      body: 'hi',
      fault: null,
    })
    expect(
      respond({ status: 200, body: '{}', headers: { 'content-TYPE': 'application/json' } }).headers,
    ).toEqual([['content-TYPE', 'application/json']])
    expect(respond({ status: 204, body: '', headers: {} }).headers).toEqual([])
  })
})
