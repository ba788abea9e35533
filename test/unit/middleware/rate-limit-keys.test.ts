// What the counts of a rate limit are told apart by.
import { describe, expect, test } from 'bun:test'
import { ruleCaptures } from '../../../server/rules/captures.ts'
import { configOf, withRules } from '../config/parse.ts'
import { exchange, type ExchangeParts, headOf, requestOf } from './exchanges.ts'
import { makeStep } from './rate-limit-step.ts'

const HOST = 'Host: example.org'

describe('the key', () => {
  const isShared = (key: string[], one: ExchangeParts, other: ExchangeParts, more = {}): boolean => {
    const { ask } = makeStep({ requests: 1, key, ...more })
    expect(ask(one).passes).toBe(true)
    expect(ask(one).passes).toBe(false)
    return !ask(other).passes
  }

  test.each<[string, string[], [ExchangeParts, ExchangeParts], boolean]>([
    ['addresses', ['client_ip'], [{ address: '192.0.2.1' }, { address: '192.0.2.2' }], false],
    ['IPv6 networks', ['client_ip'], [{ address: '2001:db8::1' }, { address: '2001:db8::ffff:1' }], true],
    ['other networks', ['client_ip'], [{ address: '2001:db8::1' }, { address: '2001:db8:0:1::1' }], false],
    ['unknown ones, by their proxy', ['client_ip'], [{ address: null }, { address: null }], true],
    ['the rule', ['rule'], [{ address: '192.0.2.1' }, { address: '192.0.2.2' }], true],
    ['hosts', ['host'], [{}, { request: headOf('GET / HTTP/1.1', 'Host: example.net') }], false],
    ['paths', ['path'], [{}, { request: headOf('GET /x HTTP/1.1', 'Host: example.org') }], false],
    [
      'header values',
      ['header X-Api-Key'],
      [{ request: requestOf('x-api-key: a') }, { request: requestOf('x-api-key: b') }],
      false,
    ],
    [
      'one header value of two clients',
      ['header X-Api-Key'],
      [{ request: requestOf('x-api-key: a') }, { request: requestOf('X-Api-Key: a'), address: '192.0.2.2' }],
      true,
    ],
    [
      'cookies',
      ['cookie id'],
      [{ request: requestOf('Cookie: a=b; id=1; c=d') }, { request: requestOf('Cookie: id=1') }],
      true,
    ],
    [
      'spellings of one path',
      ['path'],
      [
        { request: headOf('GET /a/b?c HTTP/1.1', HOST) },
        { request: headOf('GET //%61/x/../b;v=1?d HTTP/1.1', HOST) },
      ],
      true,
    ],
    [
      'one header value that stands behind another, by their address',
      ['header X-Api-Key'],
      [
        { request: requestOf('X-Api-Key: 1', 'X-Api-Key: a') },
        { request: requestOf('X-Api-Key: 2', 'X-Api-Key: a') },
      ],
      true,
    ],
    [
      'one header value, said twice',
      ['header X-Api-Key'],
      [
        { request: requestOf('X-Api-Key: a') },
        { request: requestOf('X-Api-Key: a', 'X-Api-Key: a'), address: '192.0.2.2' },
      ],
      true,
    ],
    [
      'one cookie that stands behind another, by their address',
      ['cookie id'],
      [{ request: requestOf('Cookie: id=1; id=a') }, { request: requestOf('Cookie: id=2', 'Cookie: id=a') }],
      true,
    ],
    ['none, by their address', ['header X-Api-Key'], [{}, { address: '192.0.2.2' }], false],
    [
      'none, and one that says the address',
      ['header X-Api-Key'],
      [{}, { request: requestOf('x-api-key: 192.0.2.1') }],
      false,
    ],
    [
      'combinations',
      ['client_ip', 'host'],
      [{}, { request: headOf('GET / HTTP/1.1', 'Host: example.net') }],
      false,
    ],
    ['the same combination', ['client_ip', 'host'], [{}, {}], true],
  ])('%s', (_, key, [one, other], shared) => {
    expect(isShared(key, one, other)).toBe(shared)
  })

  const asked = (target: string, ...fields: string[]): ExchangeParts => ({
    request: headOf(`GET ${target} HTTP/1.1`, HOST, ...fields),
  })
  const known = (name: string, claims: object = {}): ExchangeParts => ({
    identity: { via: 'jwt', name, claims: { ...claims } },
  })

  test.each<[string, string[], [ExchangeParts, ExchangeParts], boolean]>([
    ['parts of the query', ['query id'], [asked('/?id=1'), asked('/?a=2&id=1')], true],
    ['parts of the query, decoded', ['query id'], [asked('/?id=a+b'), asked('/?id=a%20b')], true],
    ['others', ['query id'], [asked('/?id=1'), asked('/?id=2')], false],
    [
      'parts that come twice, by their address',
      ['query id'],
      [asked('/?id=1&id=2'), asked('/?id=3&id=4')],
      true,
    ],
    ['methods', ['method'], [{}, { request: headOf('POST / HTTP/1.1', HOST) }], false],
    ['users', ['user'], [known('a'), { ...known('a'), address: '192.0.2.2' }], true],
    ['other users', ['user'], [known('a'), known('b')], false],
    ['nobody known, by the address', ['user'], [{}, { address: '192.0.2.2' }], false],
    ['claims', ['claim team'], [known('a', { team: 'x' }), known('b', { team: 'x' })], true],
    ['other claims', ['claim.team'], [known('a', { team: 'x' }), known('a', { team: 'y' })], false],
    [
      'claims that are lists',
      ['claim team'],
      [known('a', { team: ['x'] }), known('b', { team: ['x'] })],
      true,
    ],
    [
      'what is no claim of theirs',
      ['claim toString'],
      [known('a'), { ...known('a'), address: '192.0.2.2' }],
      false,
    ],
    ['with a dot', ['header.X-Api-Key'], [asked('/', 'X-Api-Key: a'), asked('/', 'X-Api-Key: b')], false],
  ])('%s, too', (_, key, [one, other], shared) => {
    expect(isShared(key, one, other)).toBe(shared)
  })

  test('parameters of the path of the rule', () => {
    const captures = ruleCaptures(
      configOf(withRules('  - { name: r, backend: app, match: { path: "/users/{id}/*" } }')).rules[0]!.match,
    )
    const { step } = makeStep({ requests: 1, key: ['path id'] })
    const passes = (target: string, address = '192.0.2.1'): boolean => {
      const x = Object.assign(exchange({ ...asked(target), address }), { rule: { captures } })
      return step.request?.(x, undefined) === undefined
    }
    expect([passes('/users/1/a'), passes('/users/1/b', '192.0.2.2'), passes('/users/2/a')]).toEqual([
      true,
      false,
      true,
    ])
    // Spelled otherwise it is the same.
    expect(passes('/users/%31/c')).toBe(false)
    // Without it the address counts.
    expect([passes('/'), passes('/', '192.0.2.2'), passes('/')]).toEqual([true, true, false])
  })

  test.each(['%00', '%0d%0aX:%20y', '%ff', '%zz', 'a'.repeat(80), '%f0%9f%98%80'])(
    'a hostile part of the query (%s) is a key like any other',
    (value) => {
      const { ask } = makeStep({ requests: 1, key: ['query id'] })
      expect([ask(asked(`/?id=${value}`)).passes, ask(asked(`/?id=${value}1`)).passes]).toEqual([true, true])
      const { answer } = ask(asked(`/?id=${value}`))
      expect(answer?.headers.every(([, text]) => /^[ -~]+$/.test(text))).toBe(true)
    },
  )

  test('ipv4_prefix widens a network', () => {
    const shared = (a: string, b: string, ipv4_prefix: number) =>
      isShared(['client_ip'], { address: a }, { address: b }, { ipv4_prefix })
    expect(shared('192.0.2.1', '192.0.2.254', 24)).toBe(true)
    expect(shared('192.0.2.1', '192.0.3.1', 24)).toBe(false)
    expect(shared('192.0.2.1', '192.0.3.1', 23)).toBe(true)
    expect(shared('192.0.2.1', '::ffff:192.0.2.9', 24)).toBe(true)
  })

  test.each([
    ['client_ip', [true, false, true]],
    ['together', [true, false, false]],
    ['pass', [true, true, true]],
  ] as const)('missing: %s says what counts where it is lacking', (missing, passed) => {
    const { ask, counted } = makeStep({ requests: 1, key: ['header X-Api-Key'], missing })
    const all = ['192.0.2.1', '192.0.2.1', '192.0.2.2'].map((address) => ask({ address }).passes)
    expect(all).toEqual([...passed])
    if (missing === 'pass') expect(counted).toEqual([])
  })

  test('what a stranger says in X-Forwarded-For does not count, but the address that trusted proxies tell', () => {
    const { ask } = makeStep({ requests: 1 })
    const from = (told: string) => ask({ request: requestOf(`X-Forwarded-For: ${told}`) }).passes
    expect([from('198.51.100.1'), from('198.51.100.2'), from('198.51.100.3')]).toEqual([true, false, false])
  })

  test('ipv6_prefix widens or narrows a network', () => {
    const at = (address: string) => ({ address })
    const shared = (a: string, b: string, ipv6_prefix: number) =>
      isShared(['client_ip'], at(a), at(b), { ipv6_prefix })
    expect(shared('2001:db8::1', '2001:db8::2', 128)).toBe(false)
    expect(shared('2001:db8:1::1', '2001:db8:2::2', 32)).toBe(true)
    expect(shared('2001:db8:10::1', '2001:db8:1f::2', 44)).toBe(true)
    expect(shared('2001:db8:10::1', '2001:db8:20::2', 44)).toBe(false)
  })
})

test.each(['\0', 'a'.repeat(65_536), '\ud800', '\u00ff', '1:a', '\r\nX: y'])(
  'a key that is hostile (%j) has a count of its own, and breaks no line',
  (name) => {
    const { ask } = makeStep({ requests: 1, key: ['user', 'client_ip'] })
    const hostile = { identity: { via: 'x', name, claims: {} } }
    expect(ask(hostile).passes).toBe(true)
    const { answer, x } = ask(hostile)
    expect(answer?.headers.every(([, value]) => /^[ -~]+$/.test(value))).toBe(true)
    expect(x.detail).toMatch(/^[ -~]+$/)
    expect(ask({ identity: { via: 'x', name: `${name}2`, claims: {} } }).passes).toBe(true)
  },
)
