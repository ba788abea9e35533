import { expect, test } from 'bun:test'
import { libc } from '../../../server/lib/native.ts'
import { duplicateFd } from '../../../server/lib/pass-fds.ts'
import { Poller, READABLE, WRITABLE } from '../../../server/sockets/poller.ts'
import { bugsOf, pairOfFds } from '../turn/sockets/net.ts'

const byte = Uint8Array.of(1)
const poke = (fd: number): void => void expect(libc().send(fd, byte, 1, 0)).toBe(1)

test('a handler is told of what is ready, until it is removed', () => {
  const poller = new Poller()
  const [ours, theirs] = pairOfFds()
  const told: number[] = []
  poller.add(ours, READABLE, { onReady: (events) => told.push(events) })
  expect(poller.turn(0)).toBe(0)
  poke(theirs)
  expect(poller.turn(1000)).toBe(1)
  poller.modify(ours, WRITABLE)
  expect(poller.turn(1000)).toBe(1)
  poller.modify(ours, 0)
  expect(poller.turn(0)).toBe(0)
  poller.modify(ours, READABLE)
  poller.remove(ours)
  expect(poller.turn(0)).toBe(0)
  expect(told).toEqual([READABLE, WRITABLE])
  libc().close(ours)
  libc().close(theirs)
  poller.close()
})

test('a descriptor that is closed in a turn and opened anew in the same turn is not told what was meant for the old one', () => {
  const poller = new Poller()
  const pairs = [pairOfFds(), pairOfFds()]
  const told: string[] = []
  const closeOther = (mine: number, other: number, name: string): void => {
    told.push(name)
    poller.remove(other)
    // All numbers that are free below, and then this one, are given out again.
    libc().close(other)
    const again: number[] = []
    while (!again.includes(other)) again.push(...pairOfFds())
    poller.add(other, READABLE, { onReady: () => told.push('the new one') })
    poller.remove(mine)
    for (const fd of again) if (fd !== other) libc().close(fd)
  }
  const [[first, firstEnd], [second, secondEnd]] = pairs as [[number, number], [number, number]]
  poller.add(first, READABLE, { onReady: () => closeOther(first, second, 'first') })
  poller.add(second, READABLE, { onReady: () => closeOther(second, first, 'second') })
  poke(firstEnd)
  poke(secondEnd)
  expect(poller.turn(1000)).toBe(2)
  expect(told).toHaveLength(1)
  poller.close()
  for (const fd of [first, firstEnd, second, secondEnd]) libc().close(fd)
})

test('what is removed is not told any more though another process has a copy of it', () => {
  const poller = new Poller()
  const [ours, theirs] = pairOfFds()
  const copy = duplicateFd(ours)
  poller.add(ours, READABLE, { onReady: () => expect.unreachable() })
  poller.remove(ours)
  libc().close(ours)
  poke(theirs)
  expect(poller.turn(0)).toBe(0)
  poller.close()
  libc().close(copy)
  libc().close(theirs)
})

test('a handler that throws is told of as a bug, and the others are called', () => {
  const poller = new Poller()
  const pairs = [pairOfFds(), pairOfFds(), pairOfFds()]
  let calls = 0
  for (const [ours, theirs] of pairs) {
    poller.add(ours, READABLE, {
      onReady() {
        calls++
        throw new Error('on purpose')
      },
    })
    poke(theirs)
  }
  expect(bugsOf(() => poller.turn(1000))).toHaveLength(3)
  expect(calls).toBe(3)
  poller.close()
  for (const fd of pairs.flat()) libc().close(fd)
})

test('what is left for later runs in the next turn, which does not wait', () => {
  const poller = new Poller()
  const ran: string[] = []
  poller.later(() => {
    ran.push('first')
    poller.later(() => ran.push('second'))
  })
  expect(ran).toEqual([])
  poller.turn(60_000)
  expect(ran).toEqual(['first'])
  poller.turn(60_000)
  expect(ran).toEqual(['first', 'second'])
  const bugs = bugsOf(() => {
    poller.later(() => {
      throw new Error('on purpose')
    })
    poller.later(() => ran.push('third'))
    poller.turn(60_000)
  })
  expect(bugs).toHaveLength(1)
  expect(ran).toEqual(['first', 'second', 'third'])
  poller.close()
})

test('more descriptors than fit into one turn are all told', () => {
  const poller = new Poller()
  const pairs = Array.from({ length: 300 }, () => pairOfFds())
  const told = new Set<number>()
  for (const [ours, theirs] of pairs) {
    poller.add(ours, READABLE, {
      onReady() {
        told.add(ours)
        poller.remove(ours)
      },
    })
    poke(theirs)
  }
  for (let i = 0; i < 3; i++) poller.turn(0)
  expect(told.size).toBe(300)
  poller.close()
  for (const fd of pairs.flat()) libc().close(fd)
})
