import { describe, expect, test } from 'bun:test'
import { AdaptiveLimits } from '../../../../server/control/processes/adaptive-limits.ts'
import { Gradient } from '../../../../server/control/processes/gradient.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { quantileOf } from '../../../../server/scoreboard/adaptive.ts'
import { CARRIED } from '../../../../server/scoreboard/layout.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'

const WORDS = { least: 5, most: 200, headroom: 0.1, measure_every: 60_000 }

/** A server that does so many at once at its best speed, and so many are wanted of it. */
interface Server {
  restMs: number
  atOnce: number
  wanted: number
}

/** Windows of a second; gives the limits. */
function run(gradient: Gradient, server: Server, windows: number, from = 0): number[] {
  return Array.from({ length: windows }, (_, i) => {
    const inFlight = Math.min(gradient.limit, server.wanted)
    const latencyMs = server.restMs * Math.max(1, inFlight / server.atOnce)
    const samples = Math.round((inFlight * 1000) / latencyMs)
    return gradient.over({ samples, latencyMs, inFlight }, (from + i) * 1000)
  })
}

describe('the gradient', () => {
  test('finds what a server carries without letting wait, and stays near it', () => {
    const gradient = new Gradient(WORDS)
    const limits = run(gradient, { restMs: 10, atOnce: 40, wanted: 500 }, 50)
    expect(gradient.restMs).toBe(10)
    for (const limit of limits.slice(30)) {
      expect(limit).toBeGreaterThanOrEqual(40)
      expect(limit).toBeLessThanOrEqual(55)
    }
  })

  test('follows a server that becomes slower, and one that is fast again', () => {
    const gradient = new Gradient(WORDS)
    run(gradient, { restMs: 10, atOnce: 100, wanted: 500 }, 50)
    expect(gradient.limit).toBeGreaterThan(90)
    run(gradient, { restMs: 10, atOnce: 20, wanted: 500 }, 8, 50)
    expect(gradient.limit).toBeLessThan(35)
    run(gradient, { restMs: 10, atOnce: 100, wanted: 500 }, 40, 100)
    expect(gradient.limit).toBeGreaterThan(90)
  })

  test('is never outside of its bounds', () => {
    const fast = new Gradient(WORDS)
    expect(Math.max(...run(fast, { restMs: 1, atOnce: 10_000, wanted: 10_000 }, 59))).toBe(200)
    const slow = new Gradient(WORDS)
    const limits = run(slow, { restMs: 10, atOnce: 50, wanted: 500 }, 10)
    limits.push(...run(slow, { restMs: 5000, atOnce: 1, wanted: 500 }, 100, 10))
    expect(Math.min(...limits)).toBe(5)
  })

  test('does not rise while nobody comes near to it, and does not move where next to nothing comes', () => {
    const gradient = new Gradient(WORDS)
    run(gradient, { restMs: 10, atOnce: 100, wanted: 500 }, 6)
    const { limit } = gradient
    run(gradient, { restMs: 10, atOnce: 100, wanted: limit / 4 }, 20, 6)
    expect(gradient.limit).toBe(limit)
    gradient.over({ samples: 3, latencyMs: 9000, inFlight: 3 }, 40_000)
    expect(gradient.limit).toBe(limit)
  })

  test('measures anew how long answers take at rest, for a window or two, and goes on where it was', () => {
    const gradient = new Gradient(WORDS)
    const server = { restMs: 10, atOnce: 40, wanted: 500 }
    run(gradient, server, 59)
    const before = gradient.limit
    server.restMs = 20 // for good: that is no load
    const limits = run(gradient, server, 6, 61)
    expect(limits.slice(0, 2)).toEqual([5, 5])
    expect(gradient.restMs).toBe(20)
    expect(limits[2]).toBeGreaterThanOrEqual(before - 10)
  })

  test('finds soon that answers take longer for good, also where its least is hardly reached', () => {
    for (const least of [1, 2, 3, 5]) {
      const gradient = new Gradient({ ...WORDS, least, most: 60 })
      const server = { restMs: 50, atOnce: 60, wanted: 200 }
      // One window of so few has too few answers.
      run(gradient, server, 30)
      server.restMs = 300
      run(gradient, server, 25, 30)
      expect([least, gradient.restMs]).toEqual([least, 300])
    }
  })

  test('measures only once those are gone that had begun before it, or not this time', () => {
    const gradient = new Gradient(WORDS)
    const server = { restMs: 10, atOnce: 40, wanted: 500 }
    run(gradient, server, 60)
    const before = gradient.limit
    // As the limit falls, twenty wait that take for seconds.
    const crowded = { samples: 50, latencyMs: 3000, inFlight: 20 }
    for (let second = 61; second < 65; second++) expect(gradient.over(crowded, second * 1000)).toBe(5)
    run(gradient, server, 2, 65)
    expect([gradient.restMs, gradient.limit]).toEqual([10, before])
    const later = Array.from({ length: 20 }, (_, i) =>
      gradient.over({ ...crowded, latencyMs: 10 }, (130 + i) * 1000),
    )
    expect(later.filter((limit) => limit === 5).length).toBe(11)
    expect(gradient.restMs).toBe(10)
  })
})

test('latencies are known to a part of their cell', () => {
  const board = scoreboardOn(privateRegion(4, 2), 0)
  for (let ms = 1; ms <= 100; ms++) board.adaptive.add(1, ms)
  const cells = board.adaptive.take(1)
  expect(Math.abs(quantileOf(cells, 0.5) - 50)).toBeLessThan(6)
  expect(Math.abs(quantileOf(cells, 0.9) - 90)).toBeLessThan(12)
  expect(quantileOf(board.adaptive.take(1), 0.5)).toBeNaN()
  board.adaptive.add(1, 1e9)
  board.adaptive.add(1, 0)
  expect(board.adaptive.take(1).reduce((sum, count) => sum + count)).toBe(2)
})

describe('the limits of a plan', () => {
  const words = {
    mode: 'enforce',
    least: 5,
    most: 200,
    window: 1000,
    quantile: 0.5,
    headroom: 0.1,
    measure_every: 60_000,
  }
  const planOf = (adaptive?: object) =>
    ({
      config: { backends: { b: { adaptive_limit: adaptive } } },
      slots: { b: { slot: { index: 1, generation: 0 }, servers: {} } },
    }) as unknown as PlanBody

  test('rise for a server whose every answer takes longer than a window', () => {
    const board = scoreboardOn(privateRegion(4, 1), 0)
    let now = 0
    const limits = new AdaptiveLimits(
      () => board,
      () => now,
    )
    limits.commit(planOf(words))
    const slow = 4
    const begun: number[] = []
    for (let window = 0; window < 55; window++) {
      // Whoever may begins, and is answered four windows later.
      for (let i = begun[window - slow] ?? 0; i > 0; i--) {
        board.adaptive.add(1, slow * 1000)
        board.gauges.leave(1, CARRIED)
      }
      let taken = 0
      while (taken < 200 && board.gauges.enter(1, CARRIED, board.adaptive.limit(1))) taken++
      begun.push(taken)
      now += 1000
      limits.look()
    }
    expect(board.adaptive.limit(1)).toBeGreaterThan(100)
  })

  test('are found from what all workers count, and are one for all of them', () => {
    const region = privateRegion(4, 4)
    const supervisor = scoreboardOn(region, -1)
    const workers = [0, 1, 2, 3].map((row) => scoreboardOn(region, row))
    let now = 0
    const limits = new AdaptiveLimits(
      () => supervisor,
      () => now,
    )
    limits.commit(planOf(words))
    for (let window = 0; window < 50; window++) {
      const limit = workers[0]!.adaptive.limit(1)
      let inFlight = 0
      for (const worker of Array.from({ length: 300 }, (_, i) => workers[i % 4]!))
        if (worker.gauges.enter(1, CARRIED, limit)) inFlight++
      expect(inFlight).toBe(limit)
      for (let i = 0; i < inFlight; i++) workers[i % 4]!.adaptive.add(1, 10 * Math.max(1, inFlight / 40))
      for (let i = 0; i < 40; i++) workers[i % 4]!.adaptive.add(1, 10 * Math.max(1, inFlight / 40))
      now += 1000
      limits.look()
      for (let i = 0; i < inFlight; i++) workers[i % 4]!.gauges.leave(1, CARRIED)
    }
    const found = supervisor.adaptive.limit(1)
    expect(found).toBeGreaterThanOrEqual(38)
    expect(found).toBeLessThanOrEqual(60)
    limits.commit(planOf(words))
    expect(supervisor.adaptive.limit(1)).toBe(found)
    limits.commit(planOf({ ...words, most: 30 }))
    expect(supervisor.adaptive.limit(1)).toBe(5)
    limits.commit(planOf())
    expect(supervisor.adaptive.limit(1)).toBe(0)
  })
})
