import { expect, test } from 'bun:test'
import { OnceOverWorkers } from '../../../server/middleware/once-over-workers.ts'
import { testGround } from '../../support/step-world.ts'
import { pause } from '../../support/wait.ts'

/** Two workers' views of one memory. */
function workers() {
  const { leases } = testGround().board
  const now = () => performance.now()
  return [
    new OnceOverWorkers<number>('a', leases, now),
    new OnceOverWorkers<number>('a', leases, now),
  ] as const
}

test('of many who ask at two workers one does it, and all others hear that it was done', async () => {
  const [a, b] = workers()
  let done = 0
  const does = async () => {
    await pause(20)
    return ++done
  }
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? a : b).run('key', does, () => true, 5000)),
  )
  expect(done).toBe(1)
  expect(new Set(all)).toEqual(new Set([1, 'done']))
  // And those who come a little later.
  expect(await a.run('key', does, () => true, 5000)).toBe('done')
  expect(await b.run('other', does, () => true, 5000)).toBe(2)
})

test('where it came to nothing the next one does it', async () => {
  const [a, b] = workers()
  expect(
    await a.run(
      'key',
      () => Promise.resolve(0),
      () => false,
      5000,
    ),
  ).toBe(0)
  expect(
    await b.run(
      'key',
      () => Promise.resolve(1),
      () => true,
      5000,
    ),
  ).toBe(1)
  expect(
    await a
      .run(
        'other',
        () => Promise.reject(new Error('no')),
        () => true,
        5000,
      )
      .catch(() => 'threw'),
  ).toBe('threw')
  expect(
    await b.run(
      'other',
      () => Promise.resolve(2),
      () => true,
      5000,
    ),
  ).toBe(2)
})

test('nobody waits for ever', async () => {
  const [a, b] = workers()
  const { promise, resolve } = Promise.withResolvers<number>()
  const first = a.run(
    'key',
    () => promise,
    () => true,
    5000,
  )
  expect(
    await b.run(
      'key',
      () => Promise.resolve(1),
      () => true,
      30,
    ),
  ).toBe('late')
  resolve(7)
  expect(await first).toBe(7)
})
