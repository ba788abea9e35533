// Connections on their way in: who hands on is counted until the next has it, and once.
import { expect, test } from 'bun:test'
import type { Accepted, Entry } from '../../../server/accept/entry.ts'
import { Arrivals, Arriving } from '../../../server/accept/arriving.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { NOBODY, type Socket } from '../../../server/sockets/socket.ts'

class Waiting extends Arriving {
  goOn(next: Entry): void {
    this.handOn(next)
  }
}

function scene() {
  const told: string[] = []
  const arrivals = new Arrivals(
    new Wheel(
      () => 0,
      () => {},
    ),
  )
  const socket = { owner: NOBODY, terminate: () => void told.push('terminated') } as unknown as Socket
  const from = { gone: () => void told.push('gone') } as unknown as Accepted
  const waiting = new Waiting(arrivals, socket, from, 1000)
  return { told, arrivals, waiting }
}

test('a drain that waits for it is over once the next has it, not before', () => {
  const { told, arrivals, waiting } = scene()
  arrivals.drain(1000, () => void told.push('drained'))
  waiting.goOn({ accept: () => void told.push('accepted') })
  expect(told).toEqual(['accepted', 'drained'])
})

test('one that ends gives its place back once, whatever comes behind that', () => {
  const { told, arrivals, waiting } = scene()
  waiting.onEnd()
  waiting.onClose(false)
  waiting.expire(0)
  waiting.endSoon()
  expect(told).toEqual(['gone', 'terminated'])
  expect(arrivals.size).toBe(0)
})

test('a next that throws leaves no drain waiting', () => {
  const { told, arrivals, waiting } = scene()
  arrivals.drain(1000, () => void told.push('drained'))
  const broken: Entry = {
    accept() {
      throw new Error('a bug')
    },
  }
  expect(() => waiting.goOn(broken)).toThrow('a bug')
  expect([told, arrivals.size]).toEqual([['drained'], 0])
})
