import { expect, test } from 'bun:test'
import { atOnce, inSlices, partsOf, type Steps } from '../../../server/lib/slices.ts'

function* busy(ms: number, count: number): Steps<number> {
  for (let i = 0; i < count; i++) {
    const endMs = performance.now() + ms
    while (performance.now() < endMs);
    yield
  }
  return count
}

test('others have their turns while something long is done in slices', async () => {
  let isDone = false
  let turns = 0
  const count = (): void => {
    if (isDone) return
    turns++
    setImmediate(count)
  }
  setImmediate(count)
  // Each step is longer than a slice.
  expect(await inSlices(busy(3, 20))).toBe(20)
  isDone = true
  expect(turns).toBeGreaterThanOrEqual(15)
})

test('rests are bounded, so that what is long ends', async () => {
  const startMs = performance.now()
  expect(await inSlices(busy(2.5, 400), { rests: true })).toBe(400)
  expect(performance.now() - startMs).toBeGreaterThan(1500)
})

test('what throws is thrown, and at once is at once', () => {
  expect(atOnce(busy(0, 5))).toBe(5)
  expect(
    inSlices(
      (function* (): Steps<void> {
        yield
        throw new Error('no')
      })(),
    ),
  ).rejects.toThrow('no')
  expect([...partsOf([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]])
})
