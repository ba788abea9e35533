import { describe, expect, test } from 'bun:test'
import { TrackRecord } from '../../../server/backends/track-record.ts'

describe('the time of a server', () => {
  test('is a mean that the first measurement begins and that time forgets, not the number of answers', () => {
    const often = new TrackRecord()
    const seldom = new TrackRecord()
    for (const record of [often, seldom]) record.answered(100, 1000)
    expect(often.meanMs).toBe(100)
    for (let nowMs = 1001; nowMs <= 3000; nowMs++) often.answered(200, nowMs)
    seldom.answered(200, 3000)
    expect(often.meanMs).toBeCloseTo(200 - 100 / Math.E, 6)
    expect(seldom.meanMs).toBeCloseTo(often.meanMs, 6)
  })

  test('is known even when the clock saw none', () => {
    const record = new TrackRecord()
    record.answered(0, 0)
    expect(record.meanMs).toBeGreaterThan(0)
  })

  test('is not that of a failure, unless it took longer than answers do', () => {
    const record = new TrackRecord()
    record.failed(1, 1000)
    expect(record.meanMs).toBe(0)
    record.answered(50, 2000)
    record.failed(1, 3000)
    expect(record.meanMs).toBe(50)
    record.failed(60_000, 63_000)
    expect(record.meanMs).toBeGreaterThan(50_000)
  })

  test('is at least what those waited who gave it up', () => {
    const record = new TrackRecord()
    record.answered(50, 1000)
    record.abandoned(10, 2000)
    expect(record.meanMs).toBe(50)
    record.abandoned(5000, 7000)
    expect(record.meanMs).toBeGreaterThan(4000)
  })
})

describe('the burden of a server', () => {
  test('grows with each failure and passes with time', () => {
    const record = new TrackRecord()
    expect(record.burden(0)).toBe(0)
    for (let i = 0; i < 10; i++) record.failed(0, 1000)
    expect(record.burden(1000)).toBeCloseTo(10, 6)
    expect(record.burden(2000)).toBeCloseTo(10 / Math.E, 6)
    expect(record.burden(10_000)).toBe(0)
  })
})

describe('a trial', () => {
  test('is due after a while without news, and after twice as long each time it disappoints', () => {
    const record = new TrackRecord()
    expect(record.isDue(1000)).toBe(false) // it is not known at all: nothing speaks against it
    let nowMs = 1000
    record.answered(1000, nowMs)
    const waits: number[] = []
    for (let i = 0; i < 10; i++) {
      const fromMs = nowMs
      while (!record.isDue(nowMs)) nowMs += 250
      waits.push(nowMs - fromMs)
      record.beginTrial(1, nowMs)
      expect(record.isDue(nowMs)).toBe(false)
      if (i % 2 === 0) record.answered(1000, nowMs)
      else record.failed(0, nowMs)
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000])
    nowMs += 32_000
    record.beginTrial(1, nowMs)
    record.answered(2, nowMs)
    expect(record.meanMs).toBe(2)
    expect(record.isDue(nowMs + 250)).toBe(true)
  })
})
