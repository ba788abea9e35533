// The rule of a connection by what its TLS asks for.
import { expect, test } from 'bun:test'
import { compileTlsMatch } from '../../../server/rules/tls-match.ts'

type Words = readonly [rule: string, names: readonly string[], alpn?: readonly string[]]

const matcher = (...rules: Words[]): ((name: string | null, ...alpn: string[]) => string | null) => {
  const match = compileTlsMatch(
    rules.map(([rule, server_name, alpn = []]) => ({ match: { server_name, alpn }, rule })),
  )
  return (name, ...alpn) => match(name, alpn)
}

test('the first rule in the order of the config wins, whether its name is exact, a wildcard or any', () => {
  const one = matcher(['exact', ['a.example']], ['wild', ['*.example']], ['any', []])
  expect([one('a.example'), one('b.example'), one('x.y.example'), one('example'), one(null)]).toEqual([
    'exact',
    'wild',
    'wild',
    'any',
    'any',
  ])
  const other = matcher(['any', []], ['exact', ['a.example']])
  expect(other('a.example')).toBe('any')
  const wild = matcher(['wild', ['*.example']], ['exact', ['a.example']], ['deep', ['*.y.example']])
  expect([wild('a.example'), wild('x.y.example'), wild('example'), wild(null)]).toEqual([
    'wild',
    'wild',
    null,
    null,
  ])
})

test('names are compared without case and the last dot', () => {
  expect(matcher(['r', ['A.Example.']])('a.example')).toBe('r')
})

test('a rule with protocols is for clients that offer one of them; others go on to the next', () => {
  const match = matcher(
    ['h2', ['a.example'], ['h2', 'h3']],
    ['rest', ['a.example']],
    ['old', [], ['http/1.1']],
  )
  expect(match('a.example', 'http/1.1', 'h2')).toBe('h2')
  expect(match('a.example', 'http/1.1')).toBe('rest')
  expect(match('a.example')).toBe('rest')
  expect(match('b.example', 'http/1.1')).toBe('old')
  expect(match('b.example')).toBeNull()
})

test('whether a name would be served with another protocol can be asked', () => {
  const match = compileTlsMatch([{ match: { server_name: ['a.example'], alpn: ['h2'] }, rule: 'h2' }])
  expect(match('a.example', null)).toBe('h2')
  expect(match('b.example', null)).toBeNull()
})

test('what is no name of a server is refused', () => {
  for (const bad of ['*', 'a.*.example', '*.*.example', 'a..b'])
    expect(() => matcher(['r', [bad]])).toThrow(RangeError)
})
