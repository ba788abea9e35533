// What rules ask of who asks: addresses, scheme, TLS; and how conditions are put together.
import { describe, expect, test } from 'bun:test'
import type { AskedBy } from '../../../server/rules/asked.ts'
import { compileMatch } from '../../../server/rules/match.ts'
import type { TlsFacts } from '../../../server/tls/accept-tls.ts'
import { from, matchOf, requestOf, type Written } from './words.ts'

const holds = (words: Written, by: AskedBy) =>
  compileMatch([{ match: matchOf(words), rule: true }])(requestOf({}), by)

describe('a client', () => {
  test('by address, range, v6, and v4 within v6', () => {
    const words = { client: ['10.0.0.0/8', '2001:db8::/32', 'unix:'] }
    for (const address of ['10.1.2.3', '2001:db8::7', '::ffff:10.0.0.1', 'unix:'])
      expect([address, holds(words, from(address))]).toEqual([address, true])
    for (const address of ['11.0.0.1', '2001:db9::1']) expect(holds(words, from(address))).toBeNull()
  })

  test('that a proxy does not name is unclear, where the rule hangs on it', () => {
    expect(holds({ client: ['10.0.0.0/8'] }, from(null))).toBe('ambiguous')
    expect(holds({ not: { client: ['10.0.0.0/8'] } }, from(null))).toBe('ambiguous')
    expect(holds({ client: ['10.0.0.0/8'], method: ['POST'] }, from(null))).toBeNull()
    expect(holds({ any: [{ client: ['10.0.0.0/8'] }, { method: ['GET'] }] }, from(null))).toBe(true)
  })

  test('by scheme', () => {
    expect([
      holds({ scheme: 'https' }, from('::1', 'https')),
      holds({ scheme: 'https' }, from('::1')),
    ]).toEqual([true, null])
  })
})

describe('TLS', () => {
  const facts = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    serverName: null,
    protocol: null,
    isResumed: false,
    client: null,
  }
  const by = (tls: Partial<TlsFacts> | null): AskedBy => ({
    ...{ address: '10.0.0.1', scheme: 'https' },
    tls: tls && { ...facts, ...tls },
  })

  test('by version and cipher; in the clear neither holds', () => {
    expect(holds({ tls: { version: ['TLSv1.3'] } }, by({}))).toBe(true)
    expect(holds({ tls: { version: ['TLSv1.2'] } }, by({}))).toBeNull()
    expect(holds({ tls: { version: [], cipher: { contains: 'AES_128' } } }, by({}))).toBe(true)
    expect(holds({ tls: { version: [], cipher: { contains: 'CHACHA' } } }, by({}))).toBeNull()
    expect(holds({ tls: { version: ['TLSv1.3'], cipher: '*' } }, by(null))).toBeNull()
  })

  test('a certificate that was asked for and not shown is absent, and so it is in the clear', () => {
    const absent: Written = { tls: { version: [], client_certificate: 'absent' } }
    const present: Written = { tls: { version: [], client_certificate: 'present' } }
    const none = { certificate: null, isGood: false, facts: null } as unknown as TlsFacts['client']
    for (const one of [by({}), by(null), by({ client: none })])
      expect([holds(absent, one), holds(present, one)]).toEqual([true, null])
  })
})

describe('conditions within conditions', () => {
  test('all, any and not, however deep', () => {
    const words: Written = {
      any: [
        { path: ['/a/*'], not: { query: { x: '1' } } },
        { all: [{ header: { 'X-A': '1' } }, { header: { 'X-B': { has: '2' } } }], method: ['GET'] },
      ],
    }
    const match = compileMatch([{ match: matchOf(words), rule: 1 }])
    expect(match(requestOf({ path: '/a/b' }))).toBe(1)
    expect(match(requestOf({ path: '/a/b', query: 'x=1' }))).toBeNull()
    expect(
      match(
        requestOf({
          fields: [
            ['x-a', '1'],
            ['x-b', '3, 2'],
          ],
        }),
      ),
    ).toBe(1)
    expect(
      match(
        requestOf({
          method: 'POST',
          fields: [
            ['x-a', '1'],
            ['x-b', '2'],
          ],
        }),
      ),
    ).toBeNull()
  })

  test('two that ask of the same are both asked', () => {
    const words: Written = {
      path: ['/a*'],
      all: [
        { path: [{ regex: 'b$' }] },
        { header: { X: { prefix: '1' } } },
        { header: { x: { suffix: '2' } } },
      ],
    }
    const match = compileMatch([{ match: matchOf(words), rule: 1 }])
    expect(match(requestOf({ path: '/ab', fields: [['x', '12']] }))).toBe(1)
    expect(match(requestOf({ path: '/a', fields: [['x', '12']] }))).toBeNull()
    expect(match(requestOf({ path: '/ab', fields: [['x', '1']] }))).toBeNull()
  })

  test('what must not be is as unclear as what must: no double value walks around it', () => {
    const match = compileMatch([
      { match: matchOf({ not: { query: { role: 'guest' } } }), rule: 1 },
      { match: matchOf({}), rule: 2 },
    ])
    expect(match(requestOf({ query: 'role=guest&role=admin' }))).toBe('ambiguous')
    expect(match(requestOf({ query: 'role=guest&role=guest' }))).toBe(2)
    expect(match(requestOf({ query: 'role=admin' }))).toBe(1)
  })

  test('the readings of a path go into what is nested', () => {
    const match = compileMatch([
      { match: matchOf({ not: { path: ['/open/*'] } }), rule: 'closed' },
      { match: matchOf({}), rule: 'open' },
    ])
    expect(match(requestOf({ path: '/open/../x' }))).toBe('ambiguous')
    expect(match(requestOf({ path: '/open/x' }))).toBe('open')
  })
})
