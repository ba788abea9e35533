import { describe, expect, test } from 'bun:test'
import { redirect } from '../../../server/rules/redirect.ts'
import type { Told } from '../../../server/rules/variables.ts'
import { told, type ToldParts } from '../../support/told.ts'

const HERE: ToldParts = { target: '/a/%41?x=1&y' }
const locate = (to: string, parts: ToldParts = HERE) => redirect({ to, status: 308 }).location(told(parts))
/** Of a path that no head could have. */
const locateOdd = (to: string, odd: Partial<Told['request']>) => {
  const plain = told(HERE)
  const { host, authority, path, query, method } = plain.request
  const request = { host, authority, path, query, method, ...odd } as Told['request']
  return redirect({ to, status: 308 }).location({ ...plain, request })
}

describe('redirect', () => {
  test.each([
    ['/new', '/new'],
    ['https://{host}{path}{query}', 'https://example.org/a/%41?x=1&y'],
    ['https://www.{host}/old{path}?from={host}', 'https://www.example.org/old/a/%41?from=example.org'],
    ['{scheme}://other.example{path}', 'http://other.example/a/%41'],
    ['{path}{query}', '/a/%41?x=1&y'],
    ['//cdn.example{path}', '//cdn.example/a/%41'],
    ['https://{host}:8443{uri}', 'https://example.org:8443/a/%41?x=1&y'],
    ['?lang={query.x}', '?lang=1'],
    ['../up', '../up'],
    ['myapp://open{path}', 'myapp://open/a/%41'],
    ['mailto:a@example.org', 'mailto:a@example.org'],
  ])('%s leads to %s', (to, location) => {
    expect(locate(to)).toBe(location)
  })

  test('what a path stands for goes where it is wanted', () => {
    const match = { path: ['/old/{id}/{rest...}'] }
    const target = '/old/a%20b/c/d?x=1'
    expect(locate('/new/{path.rest}?id={path.id}&{query}', { target, match })).toBe('/new/c/d?id=a%2520b&x=1')
    const regex = { path: [{ regex: '^/u/(?<who>[a-z]+)-([0-9]+)$' }] }
    expect(locate('/users/{path.2}/{path.who}', { target: '/u/al-7', match: regex })).toBe('/users/7/al')
    expect(locate('https://{path.1}.example.org/', { target: '/u/al-7', match: regex })).toBe(
      'https://al.example.org/',
    )
  })

  test('without a query there is no "?", and "*" is the root', () => {
    expect(locate('/x{query}', { target: '/' })).toBe('/x')
    expect(locateOdd('https://{host}{path}', { path: '*', query: '' })).toBe('https://example.org/')
  })

  test('without a host there is no redirect that needs one', () => {
    expect(locateOdd('http://{host}{path}', { host: '' })).toBeNull()
    expect(locateOdd('/x', { host: '' })).toBe('/x')
  })

  test('a path cannot lead to another host', () => {
    expect(locate('{path}', { target: '//evil.example/x' })).toBe('/evil.example/x')
    expect(locate('/{path}', { target: '/evil.example' })).toBe('/evil.example')
    expect(locateOdd('{path}', { path: '/\\evil.example' })).toBe('/%5Cevil.example')
    const match = { path: ['/go/{rest...}'] }
    expect(locate('/{path.rest}', { target: '/go//evil.example', match })).toBe('/evil.example')
    expect(locate('/{path.rest}', { target: '/go/%2Fevil.example', match })).toBe('/%2Fevil.example')
    expect(locate('/{query.to}', { target: '/go/?to=/evil.example' })).toBe('/%2Fevil.example')
  })

  test('nobody who asks chooses a host', () => {
    const match = { path: ['/{who}/x'] }
    const tenant = (target: string) => locate('https://{path.who}.example.org/', { target, match })
    expect(tenant('/a.b/x')).toBe('https://a.b.example.org/')
    for (const bad of ['evil.example:443@a', 'evil.example%2F', 'evil.example%23', '-', '.', 'a_@'])
      expect(tenant(`/${bad}/x`)).toBeNull()
    for (const to of [
      'https://{path.who}/',
      'https://example.org{path.who}/x',
      'https://{header.X-A}',
      '{path.who}',
    ])
      expect(() => locate(to, { match })).toThrow(RangeError)
    expect(() => locate('https://example.org{query}{header.X-A}')).toThrow(RangeError)
    for (const to of [
      'https:{path}',
      'http:/{path}',
      '{scheme}:{path}',
      'https://{path}',
      '//{path}',
      'https://{uri}',
    ])
      expect(() => locate(to)).toThrow('without "//"')
  })

  test('nothing of the request splits the field', () => {
    expect(locateOdd('{path}', { path: '/a\r\nSet-Cookie: x' })).toBe('/a%0D%0ASet-Cookie:%20x')
    expect(locateOdd('/é\ud800{query}', { query: 'ÿ' })).toBe('/%C3%A9%EF%BF%BD?%C3%BF')
  })

  test('an unknown word is refused', () => {
    expect(() => locate('/{prot}')).toThrow(RangeError)
    expect(() => locate('/{Host}')).toThrow('{Host}')
  })
})
