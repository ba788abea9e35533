import { describe, expect, test } from 'bun:test'
import { readText } from '../../../server/lib/template-text.ts'
import { template, urlTemplate } from '../../../server/rules/template.ts'
import { FAMILIES, VARIABLES } from '../../../server/rules/variables.options.ts'
import { variable } from '../../../server/rules/variables.ts'
import { told, type ToldParts } from '../../support/told.ts'

const field = (text: string, parts: ToldParts = {}) => template(text, 'field').whole(told(parts))

describe('texts', () => {
  test('names in braces are variables, "{{" is a brace, and others stand for themselves', () => {
    expect(readText('a{host}b{{c{header.X-A|no}{"json": {1}}')).toEqual([
      { is: 'text', text: 'a' },
      { is: 'variable', name: 'host', instead: null, written: '{host}' },
      { is: 'text', text: 'b{c' },
      { is: 'variable', name: 'header.X-A', instead: 'no', written: '{header.X-A|no}' },
      { is: 'text', text: '{"json": {1}}' },
    ])
    expect(template('{"group":"{{host}"}', 'field').fixed).toBe('{"group":"{host}"}')
  })

  test('every variable of the words has its reader, and no other has', () => {
    for (const name of Object.keys(VARIABLES)) expect(variable(name).read).toBeFunction()
    for (const name of Object.keys(FAMILIES)) expect(variable(`${name}.x`).read).toBeFunction()
    for (const name of ['nope', 'path.', 'hosts.a', 'toString', 'constructor.x', 'header'])
      expect(() => (name === 'path.' ? variable('pat.x') : variable(name))).toThrow(RangeError)
  })
})

describe('values', () => {
  const x: ToldParts = {
    target: '/users/a%20b/7?x=1&y=%C3%A9+z&x=2',
    host: 'Example.org:8080',
    fields: ['X-A: one', 'x-a: two', 'Cookie: lang=de; id=7', 'Cookie: lang=en'],
    match: { path: ['/users/{name}/{rest...}'] },
    identity: { via: 'jwt', name: 'alice', claims: { team: ['a', 'b'], level: 3, deep: { x: 1 } } },
    server: { name: 'http://10.0.0.1:80', backend: 'api', authority: '10.0.0.1' },
  }
  test.each([
    ['{client_ip} {client_port} {scheme} {host} {port}', '192.0.2.7 51234 http example.org 8080'],
    [
      '{method} {path} {query} {uri}',
      'GET /users/a%20b/7 ?x=1&y=%C3%A9+z&x=2 /users/a%20b/7?x=1&y=%C3%A9+z&x=2',
    ],
    [
      '{protocol} {request_id} {listener} {rule} {backend} {server}',
      'HTTP/1.1 id-1 web rule api http://10.0.0.1:80',
    ],
    ['{path.name} {path.rest} {query.x}', 'a%20b 7 1'],
    ['{header.X-A} {cookie.lang} {cookie.id}', 'one, two de 7'],
    ['{user} {claim.team} {claim.level}', 'alice a,b 3'],
    ['{query.y}', Buffer.from('é z').latin1Slice()],
    ['{status} {attempts}', '200 1'],
  ])('%s is %s', (text, value) => expect(field(text, x)).toBe(value))

  test('groups of a pattern have names and numbers', () => {
    const match = { path: [{ regex: '^/(?<kind>[a-z]+)/([0-9]+)(x)?$' }] }
    expect(field('{path.kind} {path.1} {path.2} {path.3|none}', { target: '/user/7', match })).toBe(
      'user user 7 none',
    )
  })

  test('groups of a host, and what stands for "*", too', () => {
    const match = { host: ['*.shop.example', { regex: '^(?<who>[a-z]+)[.]app[.]' }] }
    expect(field('{host.1}', { host: 'a.b.Shop.example', match })).toBe('a.b')
    expect(field('{host.who} {host.1}', { host: 'al.app.example:81', match })).toBe('al al')
    expect(field('{host.who|none}', { host: 'a.shop.example', match })).toBe('none')
  })

  test('where one has no value there is no text; something may stand in for it', () => {
    expect(field('a{cookie.none}')).toBeNull()
    expect(field('{claim.deep}', x)).toBeNull()
    expect(field('{header.Empty}', { fields: ['Empty:'] })).toBeNull()
    expect(field('{client_ip}', { address: null })).toBeNull()
    expect(field('a{cookie.none|-}')).toBe('a-')
    expect(field('a{cookie.none|}')).toBe('a')
    expect(template('a{cookie.none}b', 'text').filled(told())).toBe('ab')
  })

  test('the time is one of RFC 3339', () => {
    expect(field('{time}')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(field('{time_ms}')).toMatch(/^\d+(\.\d)?$/)
  })

  test('header fields of before the change are read where no step has changed them', () => {
    const exchange = told({ fields: ['X-A: 1'] })
    exchange.request.set('X-A', '2')
    expect(template('{header.X-A}', 'field').whole(exchange)).toBe('2')
  })
})

describe('URLs', () => {
  const url = (text: string, parts: ToldParts = {}) => urlTemplate(text).filled(told(parts))
  const x: ToldParts = {
    target: '/a%2Fb/c&d?q=1&next=/x',
    fields: ['X-A: a/b?c&d#e é'],
    match: { path: ['/{one}/{two}'] },
  }

  test.each([
    ['/new/{path.one}/{path.two}', '/new/a%2Fb/c&d'],
    ['/new?one={path.one}&two={path.two}', '/new?one=a%252Fb&two=c%26d'],
    ['/in?next={uri}', '/in?next=%2Fa%252Fb%2Fc%26d%3Fq%3D1%26next%3D%2Fx'],
    ['/new?a=1&{query}', '/new?a=1&q=1&next=/x'],
    ['/new{query}', '/new?q=1&next=/x'],
    ['/{header.X-A}#{header.X-A}', '/a%2Fb%3Fc%26d%23e%20%EF%BF%BD#a%2Fb%3Fc%26d%23e%20%EF%BF%BD'],
    ['https://{path.none}.example.org/', 'https://.example.org/'],
  ])('%s becomes %s', (text, made) => expect(url(text, x)).toBe(made))
})
