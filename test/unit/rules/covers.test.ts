import { expect, test } from 'bun:test'
import { covers } from '../../../server/rules/covers.ts'
import { ReadPatterns } from '../../../server/rules/covers-path.ts'
import { matchOf, type Written } from './words.ts'

const read = new ReadPatterns()
const isCovered = (narrow: Written, wide: Written): boolean => covers(matchOf(wide), matchOf(narrow), read)

test('countries, continents and networks are lists of which one will do', () => {
  expect(isCovered({ country: ['DE'], path: ['/a'] }, { country: ['DE', 'FR'] })).toBe(true)
  expect(isCovered({ country: ['DE', 'IT'] }, { country: ['DE', 'FR'] })).toBe(false)
  expect(isCovered({ asn: [64_500] }, { asn: [64_500, 64_501] })).toBe(true)
  expect(isCovered({ country: ['DE'] }, { continent: ['EU'] })).toBe(false)
})

test('more alternatives than are looked at are taken as a whole: nothing is said of them', () => {
  const any = (count: number): Written => ({
    any: Array.from({ length: count }, (_, i) => ({ path: [`/a/${i}`] })),
  })
  expect(isCovered(any(16), { path: ['/a/*'] })).toBe(true)
  expect(isCovered(any(17), { path: ['/a/*'] })).toBe(false)
  expect(isCovered({ ...any(17), path: ['/a/1'] }, { path: ['/a/*'] })).toBe(true)
})

test('what is deeply nested is told in time', () => {
  const deep = (depth: number): Written =>
    depth === 0
      ? { path: ['/a/b'] }
      : { all: [deep(depth - 1), deep(depth - 1)], any: [deep(depth - 1), { method: ['GET'] }] }
  expect(isCovered(deep(5), { path: ['/a/*'] })).toBe(true)
  expect(isCovered({ path: ['/a/b'] }, { not: deep(5) })).toBe(false)
  const denied = (depth: number): Written =>
    depth === 0
      ? { header: { 'X-A': { prefix: 'a' } } }
      : { not: denied(depth - 1), any: Array.from({ length: 12 }, () => ({ not: denied(depth - 1) })) }
  expect(isCovered(denied(4), { not: denied(4) })).toBe(false)
})
