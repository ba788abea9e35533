import { expect, test } from 'bun:test'
import { libc } from '../../../../server/lib/native.ts'
import { PiecePool, SendQueue } from '../../../../server/turn/sockets/send-queue.ts'
import { EAGAIN, EPIPE } from '../../../../server/sockets/calls.ts'
import { seededRandom, seedOfRun } from '../../../support/random.ts'
import { pairOfFds } from './net.ts'

test('what goes in comes out, in any sizes of writing and reading', () => {
  const random = seededRandom(seedOfRun())
  const [ours, theirs] = pairOfFds()
  const queue = new SendQueue(new PiecePool())
  const pool = random.bytes(70_000)
  const read = new Uint8Array(300_000)
  const hashIn = new Bun.CryptoHasher('sha1')
  const hashOut = new Bun.CryptoHasher('sha1')
  let [given, taken] = [0, 0]
  const drain = (most: number): void => {
    const got = libc().recv(theirs, read, most, 0x40)
    if (got <= 0) return
    hashOut.update(read.subarray(0, got))
    taken += got
  }
  for (let i = 0; i < 2000; i++) {
    const start = random.below(1000)
    const length = random.below(random.pick([10, 2000, 60_000]))
    queue.push(pool, start, length)
    hashIn.update(pool.subarray(start, start + length))
    given += length
    if (random.below(2)) expect([0, EAGAIN]).toContain(queue.write(ours))
    if (random.below(2)) drain(1 + random.below(read.length))
    expect(queue.length).toBeLessThanOrEqual(given - taken)
  }
  while (taken < given) {
    queue.write(ours)
    drain(read.length)
  }
  expect(queue.length).toBe(0)
  expect(hashOut.digest('hex')).toBe(hashIn.digest('hex'))
  libc().close(ours)
  libc().close(theirs)
})

test('a queue that is empty holds no memory, and thousands share few pieces', () => {
  const pieces = new PiecePool()
  const [ours, theirs] = pairOfFds()
  const first = pieces.take(1)
  pieces.give(first)
  const bytes = new Uint8Array(100)
  const room = new Uint8Array(100)
  for (let i = 0; i < 1000; i++) {
    const queue = new SendQueue(pieces)
    queue.push(bytes, 0, 100)
    expect(queue.write(ours)).toBe(0)
    expect(libc().recv(theirs, room, 100, 0)).toBe(100)
  }
  expect(pieces.take(1)).toBe(first)
  libc().close(ours)
  libc().close(theirs)
})

test('it says what ended the connection', () => {
  const [ours, theirs] = pairOfFds()
  libc().close(theirs)
  const queue = new SendQueue(new PiecePool())
  queue.push(new Uint8Array(10), 0, 10)
  expect(queue.write(ours)).toBe(EPIPE)
  libc().close(ours)
})
