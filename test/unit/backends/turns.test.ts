import { afterEach, describe, expect, test } from 'bun:test'
import { Bell } from '../../../server/backends/bell.ts'
import { WaitQueue } from '../../../server/backends/queue.ts'
import type { Server } from '../../../server/backends/server.ts'
import { Turns } from '../../../server/backends/turns.ts'
import type { Waiter } from '../../../server/backends/waiter.ts'
import { scoreboardOn } from '../../../server/scoreboard/region.ts'
import { Bench } from './backends.ts'

const SLOT = 1
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** Workers with a queue each for the same servers, and a clock that stands still. */
function twoWorkers() {
  const { board, region } = new Bench()
  const clock = { nowMs: 1000 }
  const free: Server[] = []
  const events: string[] = []
  const worker = (row: number) => {
    const { waits } = scoreboardOn(region, row).gauges
    const bell = new Bell(() => clock.nowMs, new Turns(waits, SLOT))
    const queue = new WaitQueue({ size: 100, timeoutMs: 5000, bell, pick: () => free.shift() ?? null })
    const waitHere = (name: string, priority = 0): void => {
      const waiter: Waiter = {
        key: 0,
        tried: null,
        priority,
        onServer: () => void events.push(name),
        onSentAway: () => void events.push(`${name} is sent away`),
      }
      queue.push(waiter, clock.nowMs)
      cleanups.push(() => queue.remove(waiter))
    }
    /** A place is given back in this worker. */
    const release = (): void => {
      free.push({ name: 'a' } as Server)
      bell.ring()
    }
    return { bell, wait: waitHere, release }
  }
  return { board, clock, events, one: worker(0), other: worker(1) }
}

describe('a place that is given back', () => {
  test('is for who has waited for clearly longer, in whichever worker that is', () => {
    const { clock, events, one, other } = twoWorkers()
    other.wait('first')
    clock.nowMs += 100
    other.bell.tick()
    for (const name of ['second', 'third']) one.wait(name)
    one.release()
    one.bell.tick()
    expect(events).toEqual([])
    other.bell.tick()
    expect(events).toEqual(['first'])
    one.release()
    expect(events).toEqual(['first', 'second'])
  })

  test('is for who waits in its own worker where the others came at about the same time', () => {
    const { clock, events, one, other } = twoWorkers()
    other.wait('first')
    clock.nowMs += 20
    one.wait('second')
    other.bell.tick()
    one.release()
    expect(events).toEqual(['second'])
  })

  test('is no newcomer’s while somebody has waited for long elsewhere', () => {
    const { clock, one, other } = twoWorkers()
    expect(one.bell.leavesToOthers()).toBe(false)
    other.wait('first')
    clock.nowMs += 100
    other.bell.tick()
    expect(one.bell.leavesToOthers()).toBe(true)
    expect(other.bell.leavesToOthers()).toBe(false)
  })

  test('is taken all the same where nobody took it, and the next ones are not left for a while', () => {
    const { clock, events, one, other } = twoWorkers()
    other.wait('hangs')
    clock.nowMs += 200
    other.bell.tick()
    one.wait('second')
    one.release()
    expect(events).toEqual([])
    clock.nowMs += 31
    one.bell.tick()
    expect(events).toEqual(['second'])
    one.wait('third')
    one.release()
    expect(events).toEqual(['second', 'third'])
  })

  test('is not left to lower priorities', () => {
    const { clock, events, one, other } = twoWorkers()
    other.wait('low', -1)
    clock.nowMs += 1000
    other.bell.tick()
    one.wait('usual')
    one.release()
    expect(events).toEqual(['usual'])
  })

  test('is left to nobody once that worker has died', () => {
    const { board, clock, events, one, other } = twoWorkers()
    other.wait('first')
    clock.nowMs += 100
    other.bell.tick()
    one.wait('second')
    board.clearRow(1)
    one.release()
    expect(events).toEqual(['second'])
  })
})
