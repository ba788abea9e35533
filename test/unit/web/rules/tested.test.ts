import { expect, test } from 'bun:test'
import { freeName, nameFor, ruleLike } from '../../../../web/pages/rules/new-rule-words.ts'
import { triedOf } from '../../../../web/data/tried-change.ts'
import { listAs } from '../../../../web/pages/rules/written-as.ts'
import { addressOf, bodyOf, commandOf, requestIn } from '../../../../web/pages/rules/tested.ts'

const REQUEST = {
  ...{ url: 'https://api.example.com/v2?a=b c', method: 'POST', client: '203.0.113.7', listener: 'web' },
  headers: ['X-Canary: true', 'Cookie: uid=1', 'X-Canary: twice', ''],
  alpn: '',
}

test('a request is in its address, but for what must not be passed on', () => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(addressOf(REQUEST)))
    for (const one of [value ?? []].flat()) query.append(name, one)
  expect(query.toString()).not.toContain('uid')
  expect(requestIn(query)).toEqual({ ...REQUEST, headers: ['X-Canary: true', 'X-Canary: twice', ''] })
})

test('the API is asked for what was entered, fields of one name together', () => {
  expect(bodyOf(REQUEST)).toEqual({
    ...{ url: REQUEST.url, method: 'POST', client: '203.0.113.7', listener: 'web' },
    headers: { 'X-Canary': ['true', 'twice'], Cookie: ['uid=1'] },
  })
  expect(bodyOf({ ...REQUEST, headers: ['nonsense'] })).toContain('no header')
  expect(bodyOf({ ...REQUEST, url: ' ' })).toBeString()
})

test('the command asks the same on a shell', () => {
  expect(commandOf({ ...REQUEST, headers: ["X: it's"] })).toBe(
    `sluice explain 'https://api.example.com/v2?a=b c' -X POST -H 'X: it'\\''s' --client 203.0.113.7 --listener web --live`,
  )
})

test('of a connection the protocols that it offers are asked about, and no fields of HTTP', () => {
  const connection = {
    ...REQUEST,
    url: 'tls://db.example.com:443',
    headers: [],
    method: 'GET',
    alpn: 'h2, postgresql',
  }
  expect(bodyOf(connection)).toMatchObject({ url: connection.url, alpn: ['h2', 'postgresql'], headers: {} })
  expect(bodyOf({ ...connection, url: 'https://a' })).not.toHaveProperty('alpn')
  expect(commandOf(connection)).toContain('--alpn h2,postgresql')
})

test('a pasted request makes a rule of what tells it apart', () => {
  const match = ruleLike({
    ...{ method: 'POST', url: 'https://api.example.com:8443/v2/orders?x=1' },
    headers: [
      ['Accept', '*/*'],
      ['Authorization', 'Bearer x'],
      ['X-Canary', 'true'],
      ['sec-fetch-mode', 'cors'],
    ],
  })
  expect(match).toEqual({
    host: 'api.example.com',
    path: '/v2/orders',
    method: 'POST',
    header: { 'X-Canary': 'true' },
  })
  expect(nameFor({ match })).toBe('api-v2-orders')
  expect(freeName('api', [{ id: 'api' }, { id: 'api-2' }])).toBe('api-3')
  expect(freeName('api-2', [{ id: 'api-2' }])).toBe('api-3')
})

test('a list of one stays the text that it was, and a list stays a list', () => {
  expect(listAs('/a', ['/b'])).toBe('/b')
  expect(listAs(undefined, ['/b'])).toBe('/b')
  expect(listAs(['/a', '/c'], ['/a'])).toEqual(['/a'])
  expect(listAs('/a', ['/a', '/b'])).toEqual(['/a', '/b'])
  expect(listAs(['/a'], [])).toBeNull()
})

test('what stands against a change is told at its field, the rest above', () => {
  const errors = [
    { pointer: '/ops/1/value/match/path', message: '"x" is no path', hint: 'begin it with /' },
    { pointer: '/ops/0/value/url', message: 'of another change' },
    { message: 'rule "a" has no destination' },
  ]
  expect(triedOf({ errors, detail: 'no' }, '/ops/1/value')).toEqual({
    errors: { '/match/path': '"x" is no path: begin it with /' },
    general: 'rule "a" has no destination',
  })
})
