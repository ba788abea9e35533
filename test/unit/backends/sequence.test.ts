import { describe, expect, test } from 'bun:test'
import { PLACES_MAX, smoothSequence } from '../../../server/backends/sequence.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

const counts = (sequence: Uint16Array, servers: number): number[] => {
  const found = Array.from({ length: servers }, () => 0)
  for (const index of sequence) found[index]!++
  return found
}

describe('a smooth sequence', () => {
  test('is that of nginx', () => {
    expect([...smoothSequence([5, 1, 2])]).toEqual([0, 2, 0, 0, 1, 0, 2, 0])
    expect([...smoothSequence([3, 1])]).toEqual([0, 0, 1, 0])
  })

  test('of equal weights is a plain rotation', () => {
    expect([...smoothSequence([7, 7, 7])]).toEqual([0, 1, 2])
    expect(smoothSequence(Array.from({ length: 20_000 }, () => 4)).length).toBe(20_000)
  })

  test('is as short as the weights allow', () => {
    expect(smoothSequence([100, 300]).length).toBe(4)
  })

  test('gives each its weight exactly, and never more than a share and one place ahead', () => {
    const random = seededRandom(seedOfRun())
    for (let round = 0; round < 50; round++) {
      const weights = Array.from({ length: 1 + random.below(8) }, () => 1 + random.below(20))
      const sequence = smoothSequence(weights)
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const periods = total / sequence.length
      expect(counts(sequence, weights.length).map((count) => count * periods)).toEqual(weights)
      const seen = weights.map(() => 0)
      for (const [at, index] of sequence.entries()) {
        seen[index]!++
        for (const [i, weight] of weights.entries()) {
          const due = ((at + 1) * weight) / total
          // Members of a class share its places, so that each may be behind by the class's own delay and its
          // turn.
          expect(Math.abs(seen[i]! - due)).toBeLessThan(2)
        }
      }
    }
  })

  test('of a great sum is rounded to what fits, no server left out', () => {
    const weights = Array.from({ length: 1000 }, (_, i) => i + 1)
    const sequence = smoothSequence(weights)
    expect(sequence.length).toBeLessThanOrEqual(PLACES_MAX)
    const found = counts(sequence, 1000)
    expect(Math.min(...found)).toBe(1)
    expect(found[999]! / sequence.length).toBeCloseTo(1000 / 500_500, 3)
  })

  test('of 20,000 servers of two weights still tells them apart', () => {
    const sequence = smoothSequence(Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 1 : 3)))
    expect(counts(sequence, 20_000).slice(0, 2)).toEqual([1, 3])
  })
})
