// Who is stopped while too much is held is read again, each of them, whatever becomes of the others.
import { afterEach, expect, test } from 'bun:test'
import {
  addReader,
  bufferedBytes,
  countBuffered,
  limitBuffers,
  removeReader,
} from '../../../server/lib/buffers.ts'
import { tellBugsTo } from '../../../server/lib/bug.ts'
import { waitFor } from '../../support/wait.ts'

afterEach(() => {
  limitBuffers(256 * 1024 * 1024)
  tellBugsTo(() => {})
})

function reader(breaks: boolean) {
  return {
    isClosed: false,
    mayBeHeldBack: true,
    isHeldBack: false,
    isTerminated: false,
    settleReading() {
      if (breaks && !this.isHeldBack) throw new Error('broken on purpose')
    },
    terminate() {
      this.isTerminated = true
    },
  }
}

test('of clients that were stopped one breaks: only that one is ended, and the others are read', async () => {
  const bugs: unknown[] = []
  tellBugsTo((error) => bugs.push(error))
  const others = bufferedBytes() // what other tests of this run count
  limitBuffers(2 * others + 1000)
  const readers = Array.from({ length: 40 }, (_, n) => reader(n === 3))
  for (const one of readers) addReader(one)
  countBuffered(others + 1000)
  expect(readers.every(({ isHeldBack }) => isHeldBack)).toBe(true)
  countBuffered(-others - 1000)
  await waitFor(() => readers.every(({ isHeldBack }) => !isHeldBack))
  expect(readers.flatMap(({ isTerminated }, n) => (isTerminated ? [n] : []))).toEqual([3])
  expect(bugs).toHaveLength(1)
  for (const one of readers) removeReader(one)
})
