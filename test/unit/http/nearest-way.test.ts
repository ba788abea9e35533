// Which region an exchange goes to.
import { expect, test } from 'bun:test'
import { nearestWay } from '../../../server/http/nearest-way.ts'
import { Nearest } from '../../../server/rules/nearest.ts'
import type { ToBackend, ToRegions } from '../../../server/snapshot/snapshot.ts'

const REGIONS = [
  { backend: 'a', country: ['unknown'], continent: [] },
  { backend: 'b', country: [], continent: [] },
  { backend: 'c', country: [], continent: [] },
]

const to = (open: readonly string[]): ToRegions => ({
  is: 'nearest',
  nearest: new Nearest(REGIONS),
  ways: REGIONS.map(
    ({ backend }) => ({ backend: { name: backend, takesWork: open.includes(backend) } }) as ToBackend,
  ),
})
const chosen = (open: readonly string[], address: string | null = '192.0.2.1'): string =>
  nearestWay(to(open), address).backend.name

test('the nearest that has a server in use', () => {
  expect([chosen(['a', 'b', 'c']), chosen(['b', 'c']), chosen(['c'])]).toEqual(['a', 'b', 'c'])
})

test('where none has one the nearest says so', () => {
  expect(chosen([])).toBe('a')
})

test('of whom nobody names the address as of whom no country is known', () => {
  expect(chosen(['a', 'b'], null)).toBe('a')
})
