import { ptr } from 'bun:ffi'
import { afterEach, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { tick } from '../../../server/lib/clock.ts'
import { descriptorLimit } from '../../../server/lib/descriptors.ts'
import { errno, libc } from '../../../server/lib/native.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { AF_UNIX, EAGAIN, EPIPE, OPEN_FLAGS, SOCK_STREAM } from '../../../server/sockets/calls.ts'
import { PIPE_BYTES, Pipes } from '../../../server/sockets/pipes.ts'
import { SkewedClock } from '../lib/skewed-clock.ts'

const descriptors = (): number => readdirSync('/proc/self/fd').length
const open: number[] = []
afterEach(() => {
  for (const fd of open.splice(0)) libc().close(fd)
})

/** Two sockets that are each other's other end. */
function pair(): [number, number] {
  const made = new Int32Array(new ArrayBuffer(8))
  expect(libc().socketpair(AF_UNIX, SOCK_STREAM | OPEN_FLAGS, 0, ptr(made))).toBe(0)
  open.push(made[0]!, made[1]!)
  return [made[0]!, made[1]!]
}

function send(fd: number, bytes: Buffer): number {
  return libc().send(fd, ptr(bytes), bytes.length, 0x40)
}

function receive(fd: number, most = 1 << 20): Buffer {
  const bytes = Buffer.alloc(most)
  return bytes.subarray(0, Math.max(0, libc().recv(fd, ptr(bytes), most, 0x40)))
}

test('bytes pass from one socket to another through a pipe, in order', () => {
  const pipes = new Pipes()
  const [from, to] = [pair(), pair()]
  const pipe = pipes.take()!
  expect(send(from[0], Buffer.from('all that was said'))).toBe(17)
  expect(pipe.fill(from[1], 8)).toBe(8)
  expect(pipe.bytes).toBe(8)
  expect(pipe.emptyInto(to[0])).toBe(8)
  expect(pipe.fill(from[1], Infinity)).toBe(9)
  expect(pipe.emptyInto(to[0])).toBe(9)
  expect(pipe.bytes).toBe(0)
  expect(receive(to[1]).toString()).toBe('all that was said')
  pipes.give(pipe)
  pipes.closeSpare()
})

test('a socket that holds nothing, one that has ended and one that takes nothing are told apart', () => {
  const pipes = new Pipes()
  const [from, to] = [pair(), pair()]
  const pipe = pipes.take()!
  expect([pipe.fill(from[1], 100), errno()]).toEqual([-1, EAGAIN])
  while (send(to[0], Buffer.alloc(65_536)) > 0);
  send(from[0], Buffer.from('x'))
  expect(pipe.fill(from[1], 100)).toBe(1)
  expect([pipe.emptyInto(to[0]), errno()]).toEqual([-1, EAGAIN])
  const gone = pair()
  libc().close(open.splice(open.indexOf(gone[1]), 1)[0]!)
  expect([pipe.emptyInto(gone[0]), errno()]).toEqual([-1, EPIPE]) // no signal ends the process
  expect(pipe.emptyInto(from[1])).toBe(1)
  libc().shutdown(from[0], 1)
  expect(pipe.fill(from[1], 100)).toBe(0)
  pipes.give(pipe)
  pipes.closeSpare()
})

test('a pipe holds so much and no more, whatever is asked for', () => {
  const pipes = new Pipes()
  const from = pair()
  const pipe = pipes.take()!
  while (send(from[0], Buffer.alloc(4096, 'a')) > 0);
  const count = pipe.fill(from[1], Infinity)
  expect(count).toBeGreaterThan(0)
  expect(count).toBeLessThanOrEqual(PIPE_BYTES)
  pipes.give(pipe)
  expect(pipes.open).toBe(0)
})

test('one that is given back empty is used again; one that holds something is closed', () => {
  const pipes = new Pipes()
  const before = descriptors()
  const [first, second] = [pipes.take()!, pipes.take()!]
  expect(descriptors()).toBe(before + 4)
  pipes.give(first)
  expect([pipes.open, pipes.spare]).toEqual([2, 1])
  expect(pipes.take()).toBe(first)
  const from = pair()
  send(from[0], Buffer.from('kept by nobody'))
  second.fill(from[1], 100)
  pipes.give(second)
  expect([pipes.open, pipes.spare]).toEqual([1, 0])
  pipes.give(first)
  pipes.closeSpare()
  expect(pipes.open).toBe(0)
  expect(descriptors()).toBe(before + 2)
})

test('they are bounded in number, and so are those that wait to be used again', () => {
  const pipes = new Pipes({ most: 5, spare: 2, leaves: 0 })
  const taken = Array.from({ length: 6 }, () => pipes.take())
  expect(taken.map((pipe) => pipe !== null)).toEqual([true, true, true, true, true, false])
  for (const pipe of taken) if (pipe) pipes.give(pipe)
  expect([pipes.open, pipes.spare]).toEqual([2, 2])
  pipes.closeSpare()
})

test('without descriptors to spare there is none, nor another try at once, and none is lost by trying', () => {
  using clock = new SkewedClock()
  tick()
  const limits = { most: 5, spare: 2, leaves: descriptorLimit() }
  const pipes = new Pipes(limits)
  const before = descriptors()
  expect(pipes.take()).toBeNull()
  expect([pipes.open, descriptors()]).toEqual([0, before])
  limits.leaves = 0
  expect(pipes.take()).toBeNull()
  clock.pass(1001, new Wheel(tick))
  const pipe = pipes.take()
  expect(pipe).not.toBeNull()
  if (pipe) pipes.give(pipe)
  pipes.closeSpare()
})
