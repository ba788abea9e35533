import { describe, expect, test } from 'bun:test'
import { hashText } from '../../../server/backends/hash.ts'
import { BOUND, clientKeyOf, keyOf } from '../../../server/backends/key.ts'
import type { RequestHead } from '../../../server/head/request-head.ts'
import { backendConfig } from './backends.ts'

interface Parts {
  readonly path?: string
  readonly query?: string
  readonly headers?: Record<string, string>
}

// Only what a key is made of.
const request = ({ path = '/', query = '', headers = {} }: Parts): RequestHead =>
  ({ path, query, get: (name: string) => headers[name] ?? null }) as unknown as RequestHead

type On = 'header' | 'cookie' | 'path' | 'query'
const key = (on: On, name: string, parts: Parts): number =>
  keyOf(backendConfig([{ name: 'a' }], { algorithm: 'hash', hash: { by: on, name, load_factor: 1.25 } }))(
    request(parts),
    '192.0.2.1',
  )

const ofClient = hashText('192.0.2.1')

describe('a key', () => {
  test('is 0 for algorithms that need none, and the address for ip_hash', () => {
    expect(keyOf(backendConfig([{ name: 'a' }]))(request({}), '192.0.2.1')).toBe(0)
    const options = backendConfig([{ name: 'a' }], { algorithm: 'ip_hash' })
    expect(keyOf(options)(request({}), '192.0.2.1')).toBe(ofClient)
  })

  test('of a client that only connects is its address, where that is what is hashed', () => {
    const servers = [{ name: 'a' }]
    const ofAddress = { algorithm: 'hash', hash: { by: 'client_ip', load_factor: 1.25 } } as const
    for (const options of [{ algorithm: 'ip_hash' }, ofAddress] as const) {
      expect(clientKeyOf(backendConfig(servers, options))('192.0.2.1')).toBe(ofClient)
      expect(keyOf(backendConfig(servers, options))(request({}), '192.0.2.1')).toBe(ofClient)
    }
    expect(clientKeyOf(backendConfig(servers))('192.0.2.1')).toBe(0)
  })

  test('of the path leaves the query out', () => {
    expect(key('path', '', { path: '/x', query: 'a=1' })).toBe(hashText('/x'))
  })

  test('of a header is asked for in lower case', () => {
    expect(key('header', 'X-Tenant', { headers: { 'x-tenant': 'blue' } })).toBe(BOUND + hashText('blue'))
  })

  test('of a cookie is its value alone', () => {
    for (const cookie of [
      'user=42',
      'a=b; user=42',
      'user=42; xuser=1',
      'xuser=1;user=42',
      'users=1; \tuser=42',
    ])
      expect(key('cookie', 'user', { headers: { cookie } })).toBe(BOUND + hashText('42'))
    expect(key('cookie', 'user', { headers: { cookie: 'user=a=b' } })).toBe(BOUND + hashText('a=b'))
  })

  test('of a query parameter is its first value', () => {
    for (const query of ['id=7', 'x=1&id=7', 'id=7&id=8', 'xid=1&id=7&', '&&id=7'])
      expect(key('query', 'id', { query })).toBe(BOUND + hashText('7'))
  })

  test('falls back to the address where the part is missing or empty', () => {
    expect(key('header', 'x', { headers: {} })).toBe(ofClient)
    expect(key('header', 'x', { headers: { x: '' } })).toBe(ofClient)
    for (const cookie of ['', 'user', 'user=', 'us=42', 'user=;x=1', ';;; '])
      expect(key('cookie', 'user', { headers: { cookie } })).toBe(ofClient)
    expect(key('cookie', 'user', {})).toBe(ofClient)
    for (const query of ['', 'id', 'id=', 'id=&x=1', 'i=7'])
      expect(key('query', 'id', { query })).toBe(ofClient)
  })
})
