// What a rule matches, as the list and the tester show it.
import { expect, test } from 'bun:test'
import {
  backendsOf,
  besideWords,
  chipOf,
  destinationOf,
  matchParts,
  patternTexts,
  takesAll,
  writtenPattern,
} from '../../../web/data/rule-words.ts'

const chips = (match: object): string[] =>
  matchParts({ match })
    .map(chipOf)
    .map(({ k, v }) => `${k} | ${v}`)

test.each<[object, string[]]>([
  [{ path: ['/a', { regex: '^/b' }] }, ['path | /a, ~^/b']],
  [{ host: { regex: '^shop-' } }, ['host | ~^shop-']],
  [{ header: { A: '*', B: { prefix: 'x' } } }, ['header | A: any', 'header | B: begins with x']],
  [
    { query: { a: { min: 1 } }, cookie: { c: { present: false } } },
    ['query | a: at least 1', 'cookie | c: none'],
  ],
  [{ client: '10.0.0.0/8', scheme: 'https' }, ['scheme | https', 'client | 10.0.0.0/8']],
  [{ tls: { version: 'TLSv1.3', client_certificate: { subject: 'CN=a' } } }, ['tls | TLSv1.3, subject CN=a']],
  [{ time: { days: ['mon', 'tue'], from: '08:00' } }, ['time | mon tue 08:00 to 24:00 UTC']],
  [{ all: [{ path: '/a' }, { header: { X: '1' } }] }, ['path | /a', 'header | X: 1']],
  [
    { any: [{ path: '/a', method: 'GET' }, { not: { query: { q: '1' } } }] },
    ['any | path /a and method GET or not (query q: 1)'],
  ],
  [
    { not: { any: [{ client: '10.0.0.1' }, { scheme: 'http' }] } },
    ['not | (client 10.0.0.1 or scheme http)'],
  ],
])('%j', (match, expected) => {
  expect(chips(match)).toEqual(expected)
  expect(takesAll({ match })).toBe(false)
})

test('a rule that asks for nothing takes all', () => {
  expect([
    takesAll({}),
    takesAll({ match: {} }),
    takesAll({ match: { listener: 'web', all: [], any: [] } }),
  ]).toEqual([...[true, true, true]])
})

test('patterns are shown as texts, and written as what they are', () => {
  const written = ['/a/{1,3}', { regex: '^/[a-z]{1,3}$' }]
  expect(patternTexts(written).map(writtenPattern)).toEqual(written)
})

test('a split leads to its parts, maintenance alone nowhere, and what stands beside a destination is said', () => {
  const split = {
    to: [
      { backend: 'a', weight: 9 },
      { backend: 'b', name: 'green' },
    ],
  }
  expect(destinationOf({ split })).toEqual({
    kind: 'split',
    parts: [
      { name: 'a', backend: 'a', weight: 9 },
      { name: 'green', backend: 'b', weight: 1 },
    ],
  })
  expect(backendsOf({ split })).toEqual(['a', 'b'])
  expect([destinationOf({ maintenance: true }).kind, destinationOf({ maintenance: false }).kind]).toEqual([
    'maintenance',
    'none',
  ])
  expect(besideWords({ maintenance: true })).toBe('')
  expect(
    besideWords({ backend: 'a', weight: 10, mirror: { backend: 'b' }, maintenance: { until: 'x' } }),
  ).toBe('10 %, copies to b, in maintenance')
  expect([takesAll({ match: {} }), takesAll({ weight: 10 })]).toEqual([true, false])
})
