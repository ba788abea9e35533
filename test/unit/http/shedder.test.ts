import { afterEach, describe, expect, test } from 'bun:test'
import { type Measures, PROBE_MS, Shedder } from '../../../server/http/shedder.ts'

const made: Shedder[] = []
afterEach(() => {
  for (const one of made.splice(0)) one.stop()
})

type Words = Parameters<Shedder['configure']>[0]

/** A shedder whose clock and measures are the test's. */
function shedderOf(words: Partial<Words>) {
  const now = { ms: 1000, memory: 0, descriptors: 0 }
  const measures: Measures = {
    now: () => now.ms,
    memory: () => now.memory,
    descriptors: () => now.descriptors,
  }
  const events: string[] = []
  const shedder = new Shedder(measures, (_, event, fields = {}) => {
    events.push([event, fields['cause'], fields['share']].filter((part) => part !== undefined).join(' '))
  })
  made.push(shedder)
  shedder.configure({ mode: 'enforce', most: 0.95, ...words })
  /** So many turns, each late by so much. */
  const turns = (count: number, lateMs = 0): void => {
    for (let i = 0; i < count; i++) {
      now.ms += PROBE_MS + lateMs
      shedder.probe()
    }
  }
  return { shedder, now, turns, events }
}

/** How many of so many of each priority are refused. */
const refused = (shedder: Shedder, counts: Readonly<Record<number, number>>): Record<number, number> =>
  Object.fromEntries(
    Object.entries(counts).map(([priority, count]) => {
      const all = Array.from({ length: count }, () => shedder.refuses(Number(priority)))
      return [priority, all.filter(Boolean).length]
    }),
  )

describe('a worker whose turns are late', () => {
  test('refuses a growing share of what comes, and less again once they are in time', () => {
    const { shedder, turns, events } = shedderOf({ loop_lag: 100 })
    turns(20)
    expect([shedder.share, events]).toEqual([0, []])
    turns(1, 120)
    expect(shedder.share).toBeCloseTo(0.05)
    expect(refused(shedder, { 0: 1000 })).toEqual({ 0: 50 })
    turns(9, 120)
    expect(shedder.share).toBeCloseTo(0.5)
    turns(40, 120)
    expect(shedder.share).toBe(0.95)
    turns(10, 90) // neither too much nor enough less
    expect(shedder.share).toBe(0.95)
    turns(5)
    expect(shedder.share).toBeCloseTo(0.9)
    turns(5 * 18)
    expect(shedder.share).toBe(0)
    expect(refused(shedder, { 0: 1000 })).toEqual({ 0: 0 })
    expect(events[0]).toBe('overloaded loop_lag 0.05')
    expect(events.at(-1)).toBe('overload_ended loop_lag')
  })

  test('refuses more at once where they are far too late', () => {
    const { shedder, turns } = shedderOf({ loop_lag: 100 })
    turns(1, 1000)
    expect(shedder.share).toBeCloseTo(0.2)
  })

  test('goes by what comes now: who came some time ago is nobody to refuse', () => {
    const { shedder, turns } = shedderOf({ loop_lag: 100 })
    refused(shedder, { [-50]: 10_000 })
    turns(4, 120)
    expect(refused(shedder, { 0: 100 })).toEqual({ 0: 0 })
    for (let look = 0; look < 60; look++) {
      refused(shedder, { 0: 100 })
      turns(1, 90)
    }
    turns(1, 120)
    turns(60, 90)
    expect(shedder.share).toBeCloseTo(0.25)
    // As many as were refused of the others.
    for (let look = 0; look < 40; look++) {
      refused(shedder, { 0: 100 })
      turns(5, 90)
    }
    expect(refused(shedder, { 0: 100 })[0]).toBeWithin(24, 27)
  })

  test('refuses the lowest priority first, by what came in the time before', () => {
    const { shedder, turns } = shedderOf({ loop_lag: 100 })
    const come = { 10: 500, 0: 300, [-5]: 200 }
    const at = (share: number): Record<number, number> => {
      while (shedder.share < share - 0.001) {
        refused(shedder, come)
        turns(1, 120)
      }
      return refused(shedder, come)
    }
    expect(at(0.1)).toEqual({ 10: 0, 0: 0, [-5]: 100 })
    expect(at(0.2)).toEqual({ 10: 0, 0: 0, [-5]: 200 })
    expect(at(0.35)).toEqual({ 10: 0, 0: 150, [-5]: 200 })
    expect(at(0.6)[10]).toBeGreaterThanOrEqual(99)
    expect(at(0.6)[0]).toBe(300)
  })
})

describe('what is looked at', () => {
  test('is memory and descriptors too, each by its own limit', () => {
    const memory = shedderOf({ memory: 1000 })
    memory.now.memory = 999
    memory.turns(10)
    expect(memory.shedder.share).toBe(0)
    memory.now.memory = 1000
    memory.turns(5)
    expect([memory.shedder.share, memory.shedder.cause]).toEqual([0.05, 'memory'])
    // It does not shrink as less is done: so much is refused as it is beyond.
    memory.turns(100)
    expect(memory.shedder.share).toBe(0.05)
    memory.now.memory = 1125
    memory.turns(100)
    expect(memory.shedder.share).toBeCloseTo(0.475)
    memory.now.memory = 1250
    memory.turns(100)
    expect(memory.shedder.share).toBe(0.95)
    memory.now.memory = 1050
    memory.turns(15)
    expect(memory.shedder.share).toBeCloseTo(0.8)
    memory.turns(100)
    expect(memory.shedder.share).toBeCloseTo(0.19)
    memory.now.memory = 900
    memory.turns(100)
    expect(memory.shedder.share).toBeCloseTo(0.05)
    memory.now.memory = 790
    memory.turns(5)
    expect([memory.shedder.share, memory.events.at(-1)]).toEqual([0, 'overload_ended memory'])
    const files = shedderOf({ descriptors: 0.9, most: 0.1 })
    files.now.descriptors = 0.95
    files.turns(50)
    expect([files.shedder.share, files.shedder.cause]).toEqual([0.1, 'descriptors'])
    expect(files.events[0]).toBe('overloaded descriptors 0.05')
  })

  test('is nothing where nothing is written, or it is off; and a reload ends it', () => {
    const { shedder, turns } = shedderOf({})
    turns(10, 5000)
    expect(refused(shedder, { 0: 10 })).toEqual({ 0: 0 })
    const other = shedderOf({ loop_lag: 10 })
    other.turns(10, 5000)
    expect(other.shedder.share).toBeGreaterThan(0)
    other.shedder.configure({ mode: 'off', loop_lag: 10, most: 0.95 })
    expect(other.shedder.share).toBe(0)
    expect(refused(other.shedder, { 0: 10 })).toEqual({ 0: 0 })
  })

  test('is told again every ten seconds as long as it lasts', () => {
    const { turns, events } = shedderOf({ loop_lag: 100 })
    turns(140, 110) // 22.4 s
    expect(events.length).toBe(3)
  })
})

test('how near each limit came is told once, by the nearest of the looks since', () => {
  const { shedder, now, turns } = shedderOf({ loop_lag: 100, memory: 1000 })
  now.memory = 500
  turns(5, 40)
  now.memory = 300
  turns(5)
  expect(shedder.takeLevels()).toEqual({ loop_lag: 0.4, memory: 0.5 })
  expect(shedder.takeLevels()).toEqual({})
  turns(5)
  expect(shedder.takeLevels()).toEqual({ loop_lag: 0, memory: 0.3 })
})
