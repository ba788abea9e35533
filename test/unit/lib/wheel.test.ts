import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { TICK_MS, type Timed, Wheel } from '../../../server/lib/wheel.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

let nowMs = 0
let wheel: Wheel

beforeEach(() => {
  nowMs = 10_000
  wheel = new Wheel(() => nowMs)
})

class Entry implements Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  /** When it expired. */
  readonly expired: number[] = []
  onExpire: ((now: number) => void) | null = null
  expire(now: number): void {
    expect(this.dueMs).toBe(0)
    this.expired.push(now)
    this.onExpire?.(now)
  }
}

/** Moves the clock on in steps as the timer would. */
function pass(ms: number, stepMs = TICK_MS): void {
  for (const end = nowMs + ms; nowMs < end;) {
    nowMs = Math.min(end, nowMs + stepMs)
    wheel.sweep(nowMs)
  }
}

test('an entry expires once, after its deadline and less than two ticks later', () => {
  for (const after of [1, 24, 25, 26, 249, 250, 251, 1000, 3999]) {
    const entry = new Entry()
    const dueMs = nowMs + after
    wheel.due(entry, dueMs)
    pass(after + 3 * TICK_MS, 10)
    expect(entry.expired).toHaveLength(1)
    expect(entry.expired[0]).toBeWithin(dueMs, dueMs + 2 * TICK_MS)
  }
})

test('a deadline that has passed already expires with the next tick', () => {
  const entry = new Entry()
  wheel.due(entry, nowMs - 5000)
  pass(TICK_MS)
  expect(entry.expired).toHaveLength(1)
})

test('0 takes a deadline away', () => {
  const entry = new Entry()
  wheel.due(entry, nowMs + 1000)
  wheel.due(entry, 0)
  pass(300_000)
  expect(entry.expired).toEqual([])
})

describe('moving a deadline', () => {
  test('later costs nothing until its old place comes round, and then it waits on', () => {
    const entry = new Entry()
    wheel.due(entry, nowMs + 1000)
    const filed = entry.filedTick
    entry.dueMs = nowMs + 60_000
    expect(entry.filedTick).toBe(filed)
    pass(59_000)
    expect(entry.expired).toEqual([])
    pass(2000)
    expect(entry.expired).toHaveLength(1)
  })
  test('earlier is heeded, and the later place means nothing more', () => {
    const entry = new Entry()
    wheel.due(entry, nowMs + 60_000)
    wheel.due(entry, nowMs + 1000)
    pass(2000)
    expect(entry.expired).toHaveLength(1)
    pass(300_000)
    expect(entry.expired).toHaveLength(1)
  })
  test('earlier, away and later again', () => {
    const entry = new Entry()
    wheel.due(entry, nowMs + 60_000)
    wheel.due(entry, nowMs + 1000)
    wheel.due(entry, 0)
    pass(500)
    wheel.due(entry, nowMs + 30_000)
    pass(29_000)
    expect(entry.expired).toEqual([])
    pass(2000)
    expect(entry.expired).toHaveLength(1)
  })
})

describe('removing', () => {
  test('takes an entry out at once, and others of its bucket stay', () => {
    for (const removed of [[0], [1], [2], [0, 2], [2, 0], [0, 1, 2], [1, 1]]) {
      const entries = [new Entry(), new Entry(), new Entry()]
      for (const entry of entries) wheel.due(entry, nowMs + 1000)
      for (const index of removed) wheel.remove(entries[index]!)
      for (const index of removed) expect([entries[index]!.dueMs, entries[index]!.filedTick]).toEqual([0, -1])
      pass(2000)
      expect(entries.map(({ expired }) => expired.length)).toEqual(
        [0, 1, 2].map((index) => (removed.includes(index) ? 0 : 1)),
      )
    }
  })
  test('an entry that was never set, or has expired, does no harm', () => {
    const [one, two] = [new Entry(), new Entry()]
    wheel.remove(one)
    wheel.due(two, nowMs + 100)
    pass(1000)
    wheel.remove(two)
    wheel.due(one, nowMs + 100)
    pass(1000)
    expect([one.expired.length, two.expired.length]).toEqual([1, 1])
  })
  test('while another of the same bucket expires, before and after it', () => {
    const entries = [new Entry(), new Entry(), new Entry()]
    for (const entry of entries) wheel.due(entry, nowMs + 1000)
    entries[1]!.onExpire = () => {
      wheel.remove(entries[0]!)
      wheel.remove(entries[1]!)
      wheel.remove(entries[2]!)
    }
    pass(300_000)
    expect(entries.map(({ expired }) => expired.length)).toEqual([1, 1, 0])
  })
  test('and setting again while another of the same bucket expires', () => {
    const [one, two] = [new Entry(), new Entry()]
    one.onExpire = (now) => {
      wheel.remove(two)
      wheel.due(two, now + 5000)
    }
    for (const entry of [one, two]) wheel.due(entry, nowMs + 1000)
    pass(4000)
    expect(two.expired).toEqual([])
    pass(4000)
    expect(two.expired).toHaveLength(1)
  })
})

test('a deadline beyond the ring of buckets is kept exactly', () => {
  const entry = new Entry()
  const dueMs = nowMs + 1_000_000
  wheel.due(entry, dueMs)
  pass(1_000_000 - 1)
  expect(entry.expired).toEqual([])
  pass(2 * TICK_MS)
  expect(entry.expired).toHaveLength(1)
})

test('an entry may set its next deadline while it expires', () => {
  const entry = new Entry()
  entry.onExpire = (now) => wheel.due(entry, now + 1000)
  wheel.due(entry, nowMs + 1000)
  pass(10_000)
  expect(entry.expired.length).toBeWithin(7, 11)
  for (const [index, at] of entry.expired.entries())
    expect(at - (entry.expired[index - 1] ?? 0)).toBeGreaterThanOrEqual(1000)
})

test('a deadline of now, set again and again, does not hold the sweep', () => {
  const entry = new Entry()
  entry.onExpire = (now) => wheel.due(entry, now)
  wheel.due(entry, nowMs)
  pass(4 * TICK_MS)
  expect(entry.expired.length).toBeWithin(1, 6)
})

describe('after a pause of the process', () => {
  test('all that was due expires in one sweep, whatever its bucket', () => {
    const entries = [0, 100, 1000, 60_000, 127_000, 200_000].map((after) => {
      const entry = new Entry()
      wheel.due(entry, nowMs + after)
      return entry
    })
    nowMs += 3_600_000
    wheel.sweep(nowMs)
    wheel.sweep(nowMs)
    for (const entry of entries) expect(entry.expired).toEqual([nowMs])
  })
  test('what is not due yet is kept', () => {
    const entry = new Entry()
    wheel.due(entry, nowMs + 4_000_000)
    nowMs += 3_600_000
    wheel.sweep(nowMs)
    expect(entry.expired).toEqual([])
    pass(401_000)
    expect(entry.expired).toHaveLength(1)
  })
})

test('a clock that stands still or goes back expires nothing early', () => {
  const entry = new Entry()
  wheel.due(entry, nowMs + 1000)
  wheel.sweep(nowMs)
  wheel.sweep(nowMs - 5000)
  expect(entry.expired).toEqual([])
  pass(1500)
  expect(entry.expired).toHaveLength(1)
})

test('whatever is set and moved, every deadline expires once, in time, and none that was taken away', () => {
  const random = seededRandom(seedOfRun())
  const entries = Array.from({ length: 200 }, () => new Entry())
  const expected = new Map<Entry, number>()
  for (const entry of entries)
    entry.onExpire = (now) => {
      const dueMs = expected.get(entry) ?? Number.NaN
      expect([random.seed, now >= dueMs, now < dueMs + 10 * TICK_MS + 50]).toEqual([random.seed, true, true])
      expected.delete(entry)
    }
  for (let round = 0; round < 20_000; round++) {
    const entry = random.pick(entries)
    if (random.below(5) === 0) {
      if (random.below(2) === 0) wheel.due(entry, 0)
      else wheel.remove(entry)
      expected.delete(entry)
    } else {
      const dueMs = nowMs + 1 + random.below(random.pick([500, 5000, 60_000, 400_000]))
      wheel.due(entry, dueMs)
      expected.set(entry, dueMs)
    }
    if (random.below(3) === 0) pass(random.below(400), 50)
  }
  pass(500_000, 50)
  expect([random.seed, expected.size]).toEqual([random.seed, 0])
})

test('after each sweep, and after all that expired in it, whoever asked is told', () => {
  const told: string[] = []
  const telling = new Wheel(
    () => nowMs,
    () => told.push('swept'),
  )
  const entry = new Entry()
  entry.onExpire = () => told.push('expired')
  telling.due(entry, nowMs + 1)
  telling.sweep(nowMs)
  telling.sweep(nowMs + 1000)
  expect(told).toEqual(['swept', 'expired', 'swept'])
})

test('its timer sweeps by itself, and stops', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const real = new Wheel(() => performance.now())
  const entry = new Entry()
  entry.onExpire = resolve
  real.due(entry, performance.now() + 1)
  real.start()
  real.start()
  expect(await promise).toBeGreaterThan(0)
  real.stop()
  real.stop()
})

describe('its timer', () => {
  beforeEach(() => void jest.useFakeTimers())
  afterEach(() => void jest.useRealTimers())

  test('sleeps until the next bucket that holds something, and not at all while nothing is filed', () => {
    let readings = 0
    const sleepy = new Wheel(() => {
      readings++
      return Date.now()
    })
    sleepy.start()
    const [near, far] = [new Entry(), new Entry()]
    sleepy.due(far, Date.now() + 600_000)
    sleepy.due(near, Date.now() + 60_000)
    readings = 0
    jest.advanceTimersByTime(59_000)
    expect(readings).toBe(0)
    jest.advanceTimersByTime(2000)
    expect([near.expired.length, far.expired.length]).toEqual([1, 0])
    jest.advanceTimersByTime(540_000)
    expect(far.expired).toHaveLength(1)
    readings = 0
    jest.advanceTimersByTime(3_600_000)
    expect(readings).toBe(0)
    // It is as exact after a long sleep.
    const dueMs = Date.now() + 1000
    sleepy.due(near, dueMs)
    jest.advanceTimersByTime(2000)
    expect(near.expired[1]).toBeWithin(dueMs, dueMs + 2 * TICK_MS)
    sleepy.stop()
  })

  test('goes on when what follows a sweep breaks', () => {
    let breaks = true
    const sleepy = new Wheel(
      () => Date.now(),
      () => {
        if (breaks) throw new Error('broken on purpose')
      },
    )
    sleepy.start()
    const [first, second] = [new Entry(), new Entry()]
    sleepy.due(first, Date.now() + 500)
    sleepy.due(second, Date.now() + 1500)
    expect(() => jest.advanceTimersByTime(1000)).toThrow('broken on purpose')
    breaks = false
    jest.advanceTimersByTime(2000)
    expect([first.expired.length, second.expired.length]).toEqual([1, 1])
    sleepy.stop()
  })

  test('wakes earlier for what is filed before all others', () => {
    const sleepy = new Wheel(() => Date.now())
    sleepy.start()
    const [late, early] = [new Entry(), new Entry()]
    sleepy.due(late, Date.now() + 60_000)
    sleepy.due(early, Date.now() + 500)
    jest.advanceTimersByTime(1000)
    expect([early.expired.length, late.expired.length]).toEqual([1, 0])
    sleepy.stop()
  })
})

test('who sweeps by himself may sleep until the next bucket with something in it, and no longer', () => {
  expect(wheel.quietMs(nowMs, 1000)).toBe(1000)
  const entry = new Entry()
  wheel.due(entry, nowMs + 600)
  const quietMs = wheel.quietMs(nowMs, 1000)
  expect(quietMs).toBeWithin(600, 600 + TICK_MS)
  nowMs += quietMs
  wheel.sweep(nowMs)
  expect(entry.expired).toEqual([nowMs])
  wheel.due(entry, nowMs + 5000)
  expect(wheel.quietMs(nowMs, 1000)).toBe(1000)
  // A sweep that is late is due at once.
  expect(wheel.quietMs(nowMs + 9000, 1000)).toBe(0)
})

test('a deadline is met within 50 ms and a twentieth of the time to it', () => {
  for (const after of [
    1, 49, 50, 51, 99, 250, 777, 1000, 3999, 4000, 4001, 4199, 5003, 30_001, 127_999, 200_001,
  ]) {
    const entry = new Entry()
    const dueMs = nowMs + after
    wheel.due(entry, dueMs)
    pass(after + 500, 1)
    expect([after, entry.expired.length]).toEqual([after, 1])
    expect(entry.expired[0]).toBeWithin(dueMs, dueMs + 50 + after / 20 + 1)
  }
})

test('deadlines far away share their ticks: many of them cost few wakings', () => {
  const ticks = new Set<number>()
  for (let n = 0; n < 1000; n++) {
    const entry = new Entry()
    wheel.due(entry, nowMs + 60_000 + n * 10)
    ticks.add(entry.filedTick)
  }
  expect(ticks.size).toBeWithin(40, 60) // five a second
})
