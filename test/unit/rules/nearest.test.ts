// Which region is nearest to a client.
import { expect, test } from 'bun:test'
import { type GeoFacts, NOWHERE } from '../../../server/geo/database.ts'
import type { RegionConfig } from '../../../server/rules/nearest.options.ts'
import { distanceKm, Nearest } from '../../../server/rules/nearest.ts'

const BERLIN = [52.52, 13.405] as const
const BOSTON = [42.36, -71.06] as const
const TOKYO = [35.68, 139.69] as const

const region = (backend: string, more: Partial<RegionConfig> = {}): RegionConfig => ({
  ...{ backend, country: [], continent: [] },
  ...more,
})
const at = ([latitude, longitude]: readonly [number, number]) => ({ latitude, longitude })
const facts = (more: Partial<GeoFacts>): GeoFacts => ({ ...NOWHERE, ...more })

const order = (regions: readonly RegionConfig[], who: Partial<GeoFacts>): string[] =>
  new Nearest(regions).orderFor(facts(who)).map((one) => `${regions[one.region]?.backend} by ${one.by}`)

test('great circles are as long as atlases say', () => {
  expect(Math.round(distanceKm(BERLIN, BOSTON) / 10) * 10).toBe(6080)
  expect(Math.round(distanceKm(BOSTON, TOKYO) / 10) * 10).toBe(10_790)
  expect(distanceKm(BERLIN, BERLIN)).toBe(0)
  // Over the line where the date changes, and from pole to pole.
  expect(Math.round(distanceKm([0, 179], [0, -179]))).toBe(222)
  expect(Math.round(distanceKm([90, 0], [-90, 0]))).toBe(20_015)
})

test('the country goes before the continent, and that before what is left', () => {
  const regions = [
    region('rest'),
    region('eu', { continent: ['EU'] }),
    region('de', { country: ['DE', 'AT'] }),
  ]
  expect(order(regions, { country: 'DE', continent: 'EU' })).toEqual([
    ...['de by country', 'eu by continent', 'rest by rest'],
  ])
  expect(order(regions, { country: 'FR', continent: 'EU' })).toEqual([
    ...['eu by continent', 'rest by rest', 'de by order'],
  ])
  expect(order(regions, {})).toEqual(['rest by rest', 'eu by order', 'de by order'])
})

test('by coordinates the nearest goes first, and one without them last', () => {
  const regions = [
    region('tokyo', at(TOKYO)),
    region('rest'),
    region('boston', at(BOSTON)),
    region('berlin', at(BERLIN)),
  ]
  expect(order(regions, at([48.85, 2.35]))).toEqual([
    ...['berlin by distance', 'boston by distance', 'tokyo by distance', 'rest by rest'],
  ])
  expect(order(regions, at([37.77, -122.42]))[0]).toBe('boston by distance')
  expect(order(regions, {})).toEqual([
    ...['rest by rest', 'tokyo by order', 'boston by order', 'berlin by order'],
  ])
})

test('of two that name the same country the nearer goes first', () => {
  const regions = [
    region('west', { country: ['US'], ...at([37.77, -122.42]) }),
    region('east', { country: ['US'], ...at(BOSTON) }),
  ]
  expect(order(regions, { country: 'US', ...at([40.7, -74]) })[0]).toBe('east by country')
  expect(order(regions, { country: 'US' })[0]).toBe('west by country')
})

test('whose country is unknown can be sent somewhere', () => {
  const regions = [region('rest'), region('safe', { country: ['unknown'] })]
  expect(order(regions, {})[0]).toBe('safe by country')
})

test('an order that was asked for is the same again, however many clients there are', () => {
  const nearest = new Nearest([region('a', at(BERLIN)), region('b', at(BOSTON))])
  const first = nearest.orderFor(facts(at(BERLIN)))
  expect(nearest.orderFor(facts(at(BERLIN)))).toBe(first)
  for (let i = 0; i < 9000; i++) nearest.orderFor(facts(at([i / 100, i / 50])))
  expect(nearest.orderFor(facts(at(BERLIN)))).toEqual(first)
})
