import { expect, test } from 'bun:test'
import { type ComparedAnswer, differencesOf } from '../../../server/rules/mirroring.ts'
import type { MirrorConfig } from '../../../server/rules/destination.options.ts'

const ALL = { status: true, size: true, body: true, latency: 100 }
const words = (compare: MirrorConfig['compare']): MirrorConfig => ({
  ...{ backend: 'b', percent: 100, body_max: 1, max_in_flight: 1, timeout: 1, compare, report: 'count' },
})
const one: ComparedAnswer = { status: 200, size: 3, hash: 'x', ms: 10 }
const found = (
  own: Partial<ComparedAnswer>,
  other: Partial<ComparedAnswer>,
  compare: MirrorConfig['compare'] = ALL,
) => differencesOf(words(compare), { ...one, ...own }, { ...one, ...other })

test('what differs is told in one order, a body only where its length is the same', () => {
  expect(found({}, {})).toEqual([])
  expect(found({}, { status: 500, size: 4, hash: 'y', ms: 111 })).toEqual(['status', 'size', 'latency'])
  expect(found({}, { hash: 'y' })).toEqual(['body'])
  // A copy that is faster is none the worse.
  expect(found({ ms: 500 }, {})).toEqual([])
  expect(found({}, { status: 500 }, 'off')).toEqual([])
})

test('of a body that nobody read to its end nothing is told', () => {
  expect(found({ size: -1, hash: 'y' }, { status: 404 })).toEqual(['status'])
})
