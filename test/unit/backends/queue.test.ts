import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import type { Backend } from '../../../server/backends/backend.ts'
import { Bell } from '../../../server/backends/bell.ts'
import { WaitQueue } from '../../../server/backends/queue.ts'
import type { Waiter } from '../../../server/backends/waiter.ts'
import type { Tried } from '../../../server/backends/tried.ts'
import type { Server } from '../../../server/backends/server.ts'
import { tellBugsTo } from '../../../server/lib/bug.ts'
import { waitFor } from '../../support/wait.ts'
import { backendConfig, Bench } from './backends.ts'

/** What happened, in order. */
let events: string[] = []
const waiters: Waiter[] = []
const queues: WaitQueue[] = []
afterEach(() => {
  for (const queue of queues.splice(0)) for (const one of waiters) queue.remove(one)
  waiters.length = 0
  events = []
})

function waiter(
  name: string,
  {
    tried = null as Tried,
    priority = 0,
    thereupon = (_server: Server): void => {},
    only = null as Server | null,
  } = {},
): Waiter {
  const made: Waiter = {
    key: 0,
    tried,
    preferred: only,
    isParticular: only !== null,
    priority,
    onServer(server) {
      events.push(`${name} gets ${server.name}`)
      thereupon(server)
    },
    onSentAway: (why) => void events.push(`${name} is ${why === 'queue_full' ? 'sent away' : 'late'}`),
  }
  waiters.push(made)
  return made
}

interface Full {
  readonly bench: Bench
  readonly backend: Backend
  readonly held: Server[]
}

function fullBackend(size = 4): Full {
  const bench = new Bench()
  const servers = ['a', 'b'].map((name) => ({ name, max_connections: 1 }))
  const backend = bench.backend(backendConfig(servers, { queue: { size, timeout: 5000 } }))
  queues.push(backend.queue)
  return { bench, backend, held: [backend.pick(0, null)!, backend.pick(0, null)!] }
}

/** A queue whose servers come from a list and whose clock stands still. */
function bareQueue(size = 4, timeoutMs = 100) {
  const clock = { nowMs: 0 }
  const free: Server[] = []
  const bell = new Bell(() => clock.nowMs)
  const queue = new WaitQueue({ size, timeoutMs, bell, pick: () => free.shift() ?? null })
  queues.push(queue)
  return { clock, free, bell, queue }
}
const named = (name: string): Server => ({ name }) as Server

describe('waiting for one server', () => {
  test('holds nobody up who waits for another one, however many do so', () => {
    const [a, b] = [named('a'), named('b')]
    let picks = 0
    const free = new Set([b])
    const pick = (_key: number, _tried: Tried, preferred: Server | null): Server | null => {
      picks++
      const found = preferred === null ? ([...free][0] ?? null) : free.has(preferred) ? preferred : null
      if (found !== null) free.delete(found)
      return found
    }
    const bell = new Bell(() => 0)
    const queue = new WaitQueue({ size: 1000, timeoutMs: 100, bell, pick })
    queues.push(queue)
    for (let i = 0; i < 500; i++) queue.push(waiter(`a${i}`, { only: a }), 0)
    queue.push(waiter('b0', { only: b }), 0)
    queue.push(waiter('any'), 0)
    // Newcomers need not stand behind those, but behind who would take any.
    expect(bell.untried).toBe(1)
    bell.ring()
    expect(events).toEqual(['b0 gets b'])
    // One look at the server that they all wait for.
    expect(picks).toBeLessThan(5)
    free.add(b)
    bell.ring()
    expect(events).toEqual(['b0 gets b', 'any gets b'])
    free.add(a)
    bell.ring()
    expect(events.at(-1)).toBe('a0 gets a')
  })
})

describe('waiting', () => {
  test('ends in the order of coming, with the server that was given back', () => {
    const { backend, held } = fullBackend()
    for (const name of ['first', 'second']) expect(backend.queue.push(waiter(name), 0)).toBe(true)
    backend.release(held[1]!, ANSWERED)
    expect(events).toEqual([`first gets ${held[1]!.name}`])
    backend.release(held[0]!, ANSWERED)
    expect(events[1]).toBe(`second gets ${held[0]!.name}`)
    expect(backend.queue.length).toBe(0)
  })

  test('has a bound', () => {
    const { backend } = fullBackend(2)
    expect(['x', 'y', 'z'].map((name) => backend.queue.push(waiter(name), 0))).toEqual([true, true, false])
    expect(fullBackend(0).backend.queue.push(waiter('x'), 0)).toBe(false)
  })

  test('ends when one leaves, which costs nobody else a turn', () => {
    const { backend, held } = fullBackend()
    const all = ['x', 'y', 'z'].map((name) => waiter(name))
    for (const one of all) backend.queue.push(one, 0)
    backend.queue.remove(all[0]!)
    backend.queue.remove(all[0]!)
    backend.queue.remove(waiter('never in it'))
    for (const server of held) backend.release(server, ANSWERED)
    expect(events.map((event) => event[0])).toEqual(['y', 'z'])
    expect(backend.queue.length).toBe(0)
  })

  test('ends after the time allowed, counted from each one coming', () => {
    const { clock, bell, queue } = bareQueue()
    queue.push(waiter('x'), 0)
    queue.push(waiter('y'), 30)
    clock.nowMs = 99
    bell.tick()
    expect(events).toEqual([])
    clock.nowMs = 100
    bell.tick()
    expect(events).toEqual(['x is late'])
    clock.nowMs = 131
    bell.tick()
    expect(events).toEqual(['x is late', 'y is late'])
    expect(bell.length).toBe(0)
  })

  test('goes on for one whose remaining servers are full, while those behind are served', () => {
    const { backend, held } = fullBackend()
    const [a, b] = held as [Server, Server]
    backend.queue.push(waiter('retry', { tried: [b.slot] }), 0)
    backend.queue.push(waiter('fresh'), 0)
    backend.release(b, ANSWERED)
    expect(events).toEqual([`fresh gets ${b.name}`])
    backend.release(a, ANSWERED)
    expect(events[1]).toBe(`retry gets ${a.name}`)
  })

  test('is the lot of newcomers too while others wait', () => {
    const { bench, backend, held } = fullBackend()
    backend.queue.push(waiter('x'), 0)
    bench.board.leave(held[0]!.slot) // as by another worker: nobody was woken
    expect(backend.pick(0, null)).toBeNull()
    expect(backend.lastPickFull).toBe(true)
  })
})

describe('priority', () => {
  test('higher ones go first, equal ones in the order of coming', () => {
    const { free, bell, queue } = bareQueue(8)
    for (const [name, priority] of [
      ['low', -5],
      ['first', 0],
      ['high', 10],
      ['second', 0],
      ['high too', 10],
    ] as const)
      queue.push(waiter(name, { priority }), 0)
    free.push(...['s1', 's2', 's3', 's4', 's5'].map(named))
    for (let i = 0; i < 3; i++) bell.ring()
    queue.push(waiter('late', { priority: 10 }), 0)
    for (let i = 0; i < 3; i++) bell.ring()
    expect(events.map((event) => event.split(' gets')[0]!)).toEqual([
      ...['high', 'high too', 'first', 'late', 'second'],
    ])
    free.push(named('s6'))
    bell.tick()
    expect(events.at(-1)).toBe('low gets s6')
    expect([queue.length, bell.length]).toEqual([0, 0])
  })

  test('starves nobody for longer than the timeout', () => {
    const { clock, free, bell, queue } = bareQueue(64, 100)
    queue.push(waiter('low', { priority: -1 }), 0)
    for (clock.nowMs = 0; clock.nowMs < 100; clock.nowMs += 10) {
      queue.push(waiter('high'), clock.nowMs)
      free.push(named('s'))
      bell.tick()
    }
    bell.tick()
    expect(events.filter((event) => event !== 'high gets s')).toEqual(['low is late'])
  })

  test('the last one of the lowest makes room for a higher one, and for none that is no higher', () => {
    const { free, bell, queue } = bareQueue(3)
    for (const name of ['crawler', 'report']) queue.push(waiter(name, { priority: -5 }), 0)
    queue.push(waiter('page'), 0)
    expect(queue.push(waiter('other crawler', { priority: -5 }), 0)).toBe(false)
    expect(queue.push(waiter('order', { priority: 5 }), 0)).toBe(true)
    expect(events).toEqual(['report is sent away'])
    expect(queue.push(waiter('other page'), 0)).toBe(true)
    expect(queue.push(waiter('late page'), 0)).toBe(false)
    expect([queue.length, bell.length, bell.untried]).toEqual([3, 3, 3])
    free.push(...['1', '2', '3'].map(named))
    bell.tick()
    const served = ['order gets 1', 'page gets 2', 'other page gets 3']
    expect(events).toEqual(['report is sent away', 'crawler is sent away', ...served])
    expect(queue.takeCounts()).toEqual({ served: 3, timeout: 0, left: 0, full: 4 })
  })

  test('who is sent away for another takes no room beyond the bound', () => {
    const { queue } = bareQueue(1)
    const low = waiter('low', { priority: -1 })
    // Its client has sent the next one already.
    const pushed: boolean[] = []
    queue.push({ ...low, onSentAway: () => void pushed.push(queue.push(low, 0)) }, 0)
    expect([queue.push(waiter('high'), 0), pushed, queue.length]).toEqual([true, [false], 1])
  })

  test('one who leaves from the middle of its lane costs nobody a turn', () => {
    const { free, bell, queue } = bareQueue()
    const [a, b, c] = [waiter('a', { priority: 1 }), waiter('b', { priority: 1 }), waiter('c')]
    for (const one of [c, a, b]) queue.push(one, 0)
    queue.remove(a)
    free.push(named('s1'), named('s2'))
    bell.tick()
    expect(events).toEqual(['b gets s1', 'c gets s2'])
  })

  test('how waits end is counted once', () => {
    const { clock, free, bell, queue } = bareQueue(3)
    const gone = waiter('gone')
    for (const one of [waiter('served'), gone, waiter('late'), waiter('too many')]) queue.push(one, 0)
    queue.remove(gone)
    queue.remove(gone)
    free.push(named('s'))
    bell.ring()
    clock.nowMs = 100
    bell.tick()
    expect(queue.takeCounts()).toEqual({ served: 1, timeout: 1, left: 1, full: 1 })
    expect(queue.takeCounts()).toEqual({ served: 0, timeout: 0, left: 0, full: 0 })
  })
})

describe('the tick', () => {
  test('runs only while anyone waits', () => {
    const { bell, queue } = bareQueue()
    expect(bell.isTicking).toBe(false)
    const [x, y] = [waiter('x'), waiter('y')]
    queue.push(x, 0)
    queue.push(y, 0)
    queue.remove(x)
    expect(bell.isTicking).toBe(true)
    queue.remove(y)
    expect(bell.isTicking).toBe(false)
  })

  test('finds places given back by other workers, all there are', async () => {
    const { bench, backend, held } = fullBackend()
    for (const name of ['x', 'y', 'z']) backend.queue.push(waiter(name), performance.now())
    for (const server of held) bench.board.leave(server.slot)
    await waitFor(() => events.length === 2)
    expect(events.map((event) => event[0])).toEqual(['x', 'y'])
    expect(backend.queue.length).toBe(1)
    backend.release(held[0]!, ANSWERED)
    expect(events.length).toBe(3)
  })
})

describe('telling a waiter', () => {
  test('may give a place back at once, for the next one', () => {
    const { backend, held } = fullBackend()
    const thereupon = (server: Server): void => backend.release(server, ANSWERED)
    for (const name of ['x', 'y', 'z']) backend.queue.push(waiter(name, { thereupon }), 0)
    backend.release(held[0]!, ANSWERED)
    expect(events.map((event) => event[0])).toEqual(['x', 'y', 'z'])
    expect(backend.pick(0, null)).toBe(held[0]!)
  })

  test('may remove the next one or add another', () => {
    const { free, bell, queue } = bareQueue()
    const y = waiter('y')
    queue.push(waiter('x', { thereupon: () => (queue.remove(y), void queue.push(waiter('new'), 0)) }), 0)
    queue.push(y, 0)
    queue.push(waiter('z'), 0)
    free.push(named('s1'), named('s2'), named('s3'))
    bell.tick()
    expect(events).toEqual(['x gets s1', 'z gets s2', 'new gets s3'])
    expect(queue.length).toBe(0)
  })
})

describe('a waiter that throws', () => {
  const bugs: unknown[] = []
  const broken = new Error('broken')
  const throws = (): never => {
    throw broken
  }
  beforeEach(() => {
    bugs.length = 0
    tellBugsTo((bug) => void bugs.push(bug))
  })
  afterAll(() => tellBugsTo((bug) => void process.stderr.write(`bug: ${bug}\n`)))

  test('when it gets a server is told of, and costs neither who gave it back nor those behind it', () => {
    const { backend, held } = fullBackend()
    backend.queue.push(waiter('x', { thereupon: throws }), 0)
    backend.queue.push(waiter('y'), 0)
    backend.release(held[0]!, ANSWERED)
    backend.release(held[1]!, ANSWERED)
    expect(events.map((event) => event[0])).toEqual(['x', 'y'])
    expect(bugs).toEqual([broken])
  })

  test('when its time is over keeps no other waiting', () => {
    const { clock, free, bell, queue } = bareQueue()
    queue.push({ ...waiter('x'), onSentAway: throws }, 0)
    queue.push(waiter('y'), 0)
    queue.push(waiter('z', { thereupon: throws }), 50)
    queue.push(waiter('last'), 50)
    clock.nowMs = 100
    free.push(named('s1'), named('s2'))
    bell.tick()
    expect(events).toEqual(['y is late', 'z gets s1', 'last gets s2'])
    expect(bugs).toEqual([broken, broken])
  })
})

describe('across snapshots', () => {
  test('those who wait in the old one go first and count for the bound', () => {
    const { bench, backend, held } = fullBackend(3)
    backend.queue.push(waiter('old'), 0)
    const after = bench.backend(backend.options, { previous: backend })
    queues.push(after.queue)
    expect(after.queue.push(waiter('new'), 0)).toBe(true)
    expect(backend.queue.push(waiter('old retry'), 0)).toBe(true)
    expect(after.queue.push(waiter('too many'), 0)).toBe(false)
    backend.release(held[0]!, ANSWERED)
    after.release(held[1]!, ANSWERED)
    expect(events.map((event) => event.split(' gets')[0]!)).toEqual(['old', 'old retry'])
    after.release(held[0]!, ANSWERED)
    expect(events[2]).toStartWith('new')
  })

  test('the time of those who wait in either is over by itself', () => {
    const { clock, bell, queue } = bareQueue()
    const after = new WaitQueue({ size: 4, timeoutMs: 50, bell, pick: () => null })
    queues.push(after)
    queue.push(waiter('old'), 0)
    after.push(waiter('new'), 20)
    clock.nowMs = 80
    bell.tick()
    expect(events).toEqual(['new is late'])
    clock.nowMs = 100
    bell.tick()
    expect([events, bell.length]).toEqual([['new is late', 'old is late'], 0])
  })
})
