// What of geo, and of what asks for it, is wrong, in words.
import { expect, test } from 'bun:test'
import { linesOf } from './parse.ts'

const withRule = (rule: object, geo?: object): string =>
  JSON.stringify({
    listeners: { web: { bind: ':80' } },
    ...(geo && { geo }),
    rules: [{ name: 'r', backend: 'b', ...rule }],
    backends: { b: { servers: [{ url: 'http://a:1' }] } },
  })
const first = (rule: object, geo?: object): string => linesOf(withRule(rule, geo))[0] ?? ''
const NEAR = [{ backend: 'b', country: 'DE' }, { backend: 'b' }]
const PLACED = { backend: 'b', latitude: 52.5, longitude: 13.4 }
const ALL = { country: './c.mmdb', asn: './a.mmdb' }

test.each<[rule: object, geo: object | undefined, told: string]>([
  [{ match: { country: 'DE' } }, undefined, 'rules[0].match.country: found country without a database'],
  [{ match: { country: 'DE' } }, undefined, 'add geo: { country: "./country.mmdb" } at the top level'],
  [{ match: { continent: 'EU' } }, { asn: './a.mmdb' }, 'allowed it beside geo.country or geo.city'],
  [{ match: { asn: 1 } }, { country: './c.mmdb' }, 'allowed it beside geo.asn, the path of a .mmdb file'],
  [{ match: { any: [{ not: { country: 'DE' } }] } }, undefined, 'rules[0].match.any[0].not.country: found'],
  [{ match: { country: 'de' } }, ALL, 'found "de", allowed two capitals (ISO 3166), such as DE'],
  [{ match: { country: 'UK' } }, ALL, 'write GB'],
  [{ match: { country: 'EU' } }, ALL, 'found "EU", which is no country'],
  [{ match: { country: ['DE', 'XX'] } }, ALL, 'rules[0].match.country[1]: found "XX", which is no country'],
  [{ match: { country: 'Germany' } }, ALL, 'allowed two capitals (ISO 3166)'],
  [{ match: { country: true } }, ALL, 'rules[0].match.country: found true'],
  [{ match: { continent: 'Europe' } }, ALL, 'found "Europe"'],
  [{ match: { asn: 'AS3320' } }, ALL, 'rules[0].match.asn: found "AS3320"'],
  [{ match: { asn: -1 } }, ALL, 'rules[0].match.asn: found -1'],
  [{ match: { asn: 4_294_967_296 } }, ALL, 'rules[0].match.asn: found 4294967296'],
  [{ match: { geoip: 'DE' } }, ALL, 'it is called "country"'],
  [{}, {}, 'geo: found geo without a database, allowed country, asn or city'],
  [{}, { country: 7 }, 'geo.country: found 7'],
  [{}, { database: './c.mmdb' }, 'it is called "country"'],
  [{ middleware: [{ geo: {} }] }, ALL, 'found neither allow nor deny'],
  [
    { middleware: [{ geo: { allow: { country: 'XX' } } }] },
    ALL,
    'middleware[0].geo.allow.country: found "XX"',
  ],
  [
    { middleware: [{ geo: { deny: { asn: 1 } } }] },
    { country: './c.mmdb' },
    'geo.deny.asn: found asn without',
  ],
  [{ middleware: [{ geo: { country: 'DE' } }] }, ALL, 'write it below allow or deny'],
  [{ middleware: [{ geo: { mode: 'dry-run', deny: { country: 'DE' } } }] }, ALL, 'write shadow'],
  [{ nearest: [{ backend: 'b', country: 'DE' }] }, ALL, 'rules[0].nearest: found'],
  [{ nearest: NEAR }, ALL, 'backend and nearest in one rule'],
  [
    { backend: undefined, nearest: [{ backend: 'b' }, { backend: 'b' }] },
    ALL,
    'found regions of which none says where',
  ],
  [
    { backend: undefined, nearest: [{ backend: 'x', country: 'DE' }, { backend: 'b' }] },
    ALL,
    'found "x", allowed a backend',
  ],
  [{ backend: undefined, nearest: NEAR }, undefined, 'nearest[0].country: found country without a database'],
  [
    { backend: undefined, nearest: [{ backend: 'b', latitude: 1 }, { backend: 'b' }] },
    ALL,
    'found "latitude" alone',
  ],
  [{ backend: undefined, nearest: [PLACED, { backend: 'b' }] }, ALL, 'found coordinates without a database'],
  [
    { backend: undefined, nearest: [{ ...PLACED, latitude: 91 }, { backend: 'b' }] },
    ALL,
    'latitude: found 91',
  ],
  [{ backend: undefined, nearest: [NEAR[0], NEAR[0]] }, ALL, 'found DE a second time'],
])('%j beside %j', (rule, geo, told) => {
  const lines = linesOf(withRule(rule, geo))
  expect(lines.some((line) => line.includes(told)) ? told : lines.join('\n')).toBe(told)
})

test('what is right passes', () => {
  expect(first({ match: { country: ['DE', 'unknown'], continent: 'EU', asn: [1, 0] } }, ALL)).toBe('')
  expect(first({ match: { continent: ['EU', 'AS'] } }, { city: './c.mmdb' })).toBe('')
  expect(first({ middleware: [{ geo: { allow: { country: 'DE' } } }] }, ALL)).toBe('')
  expect(first({ backend: undefined, nearest: NEAR }, ALL)).toBe('')
  expect(first({ backend: undefined, nearest: [PLACED, NEAR[1]] }, { city: './c.mmdb' })).toBe('')
})
