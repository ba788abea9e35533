import { expect, test } from 'bun:test'
import { chooseCoding } from '../../../server/head/accept-encoding.ts'

const OURS = ['zstd', 'br', 'gzip'] as const

test.each<[string | null, string | null, boolean]>([
  [null, null, false],
  ['', null, false],
  ['gzip, deflate, br, zstd', 'zstd', false],
  ['gzip, deflate, br', 'br', false],
  ['GZIP', 'gzip', false],
  ['x-gzip', 'gzip', false],
  ['deflate', null, false],
  ['gzip;q=1.0, br;q=0.5', 'gzip', false],
  ['gzip;q=0.8, br;q=0.8', 'br', false],
  ['gzip; q=0.1 , br ; Q=0.2', 'br', false],
  ['*', 'zstd', false],
  ['*;q=0.1, gzip', 'gzip', false],
  ['br;q=0, *', 'zstd', false],
  ['zstd;q=0, br;q=0, gzip;q=0', null, false],
  ['identity', null, false],
  ['identity, gzip;q=0.5', null, false],
  ['identity;q=0.5, gzip', 'gzip', false],
  ['identity;q=0.5, gzip;q=0.5', 'gzip', false],
  ['identity;q=0', null, true],
  ['gzip, identity;q=0', 'gzip', true],
  ['*;q=0', null, true],
  ['gzip, *;q=0', 'gzip', true],
  ['identity, *;q=0', null, false],
  // What is no weight makes nothing better.
  ['gzip;q=2', null, false],
  ['gzip;q=', null, false],
  ['gzip;q=0.1234, br', 'br', false],
  ['gzip;level=9', 'gzip', false],
  [',, ;q=1, gzip', 'gzip', false],
])('%s', (field, coding, isIdentityRefused) => {
  expect(chooseCoding(field, OURS)).toEqual({ coding, isIdentityRefused } as never)
})

test('among equals our order decides', () => {
  expect(chooseCoding('br, gzip, zstd', ['gzip', 'br']).coding).toBe('gzip')
})
