// What part of its weight a server has as it comes up, by a clock of the test.
import { describe, expect, test } from 'bun:test'
import type { SlowStartConfig } from '../../../../server/backends/slow-start.options.ts'
import { WarmthWatch, type WarmthNews } from '../../../../server/control/weights/warmth.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  ADMIN_READY,
  packOrder,
  STATE_DOWN,
  STATE_STARTING,
  STATE_UP,
} from '../../../../server/scoreboard/states.ts'
import { backendConfig } from '../../backends/backends.ts'

const DEFAULT: SlowStartConfig = { over: 20_000, aggression: 1, least: 0.1 }

class World {
  readonly board = scoreboardOn(privateRegion(64, 4), -1)
  readonly news: string[] = []
  nowMs = 1000
  readonly watch = new WarmthWatch({
    board: () => this.board,
    now: () => this.nowMs,
    onNews: ({ server, is }: WarmthNews) => this.news.push(`${server} ${is}`),
  })

  /** Serves these: slots from 2 on, in the order of the alphabet. */
  serve(names: string, start: SlowStartConfig | null = DEFAULT, more: object = {}): void {
    const options = backendConfig(
      [...names].map((name) => ({ name })),
      { ...(start && { slow_start: start }), ...more },
    )
    const servers = Object.fromEntries(
      [...names].map((name) => [name, { index: slotOf(name), generation: 0 }]),
    )
    const slots = { api: { slot: { index: 1, generation: 0 }, servers } }
    this.watch.commit({ config: { backends: { api: options } }, slots } as unknown as PlanBody)
  }

  set(name: string, state: number): void {
    this.board.setState(slotOf(name), state)
    this.watch.look()
  }

  order(name: string, admin: number): void {
    this.board.setOrder(slotOf(name), packOrder(admin, null))
    this.watch.look()
  }

  /** Hundredths. */
  of(name: string, atMs = this.nowMs): number {
    this.nowMs = atMs
    this.watch.look()
    return this.board.shares.warmth(slotOf(name))
  }
}

const slotOf = (name: string): number => name.charCodeAt(0) - 95

const started = (names = 'ab', start: SlowStartConfig = DEFAULT): World => {
  const world = new World()
  for (const name of names) world.board.setState(slotOf(name), STATE_UP)
  world.serve(names, start)
  return world
}

test('at the start of the gateway all have their whole weights, also who is checked a moment later', () => {
  const world = new World()
  world.serve('ab')
  world.set('a', STATE_STARTING)
  world.set('a', STATE_UP)
  expect([world.of('a'), world.of('b'), world.news]).toEqual([100, 100, []])
})

test('the share of who was down grows in twenty steps, and workers are told of each', () => {
  const world = started()
  const epoch = world.board.epoch(1)
  world.set('a', STATE_DOWN)
  // Before it comes up: nobody sees it up with its whole weight.
  expect(world.board.shares.warmth(slotOf('a'))).toBe(10)
  world.set('a', STATE_UP)
  const seen: number[] = []
  for (let ms = 0; ms <= 20_000; ms += 100) seen.push(world.of('a', 1000 + ms))
  expect([...new Set(seen)]).toEqual([10, ...Array.from({ length: 18 }, (_, i) => 15 + 5 * i)])
  expect(seen.at(-2)).toBe(95)
  expect(world.board.epoch(1) - epoch).toBe(1 + 18)
  expect([world.of('b'), world.news]).toEqual([100, ['a warming', 'a warm']])
})

test.each([
  [2, [0.1, 0.25, 0.5, 0.75], [32, 50, 71, 87]],
  [0.5, [0.1, 0.25, 0.5, 0.75], [10, 10, 25, 56]],
])('with aggression %d it is another curve', (aggression, parts, wanted) => {
  const world = started('ab', { ...DEFAULT, aggression })
  world.set('a', STATE_DOWN)
  world.set('a', STATE_UP)
  expect(parts.map((part) => world.of('a', 1000 + part * 20_000))).toEqual(wanted)
})

describe('comes up', () => {
  test('who was in maintenance, once a check has passed, but nobody who only drained', () => {
    const world = started()
    world.order('a', ADMIN_DRAIN)
    world.order('a', ADMIN_READY)
    expect(world.of('a')).toBe(100)
    world.order('a', ADMIN_MAINTENANCE)
    world.set('a', STATE_STARTING)
    world.order('a', ADMIN_READY)
    world.nowMs += 60_000
    expect(world.of('a')).toBe(10)
    world.set('a', STATE_UP)
    expect([world.of('a', 71_000), world.of('a', 81_000)]).toEqual([50, 100])
  })

  test('whose breaker has closed', () => {
    const world = started()
    const breaker = { circuit_breaker: { mode: 'enforce' } }
    world.serve('ab', DEFAULT, breaker)
    const { circuits } = world.board
    const slot = slotOf('a')
    circuits.beginOpening(slot, 0)
    const figures = { total: 1, failed: 1, slow: 0, inARow: 1, openMs: 1, times: 1 }
    circuits.opened(slot, { reason: 'failure_ratio', ...figures }, 0)
    expect(world.of('a')).toBe(10)
    circuits.halfOpen(slot, 0)
    expect(world.of('a', 90_000)).toBe(10)
    circuits.close(slot, 2, 0)
    expect([world.of('a'), world.of('a', 100_000)]).toEqual([10, 50])
  })

  test('who is new in a backend that is served, but nobody of a new backend, or as the word is new', () => {
    const world = started()
    world.board.setState(slotOf('c'), STATE_UP)
    world.serve('abc')
    expect([world.of('a'), world.of('c')]).toEqual([100, 10])
    const other = new World()
    for (const name of 'ab') other.board.setState(slotOf(name), STATE_UP)
    other.serve('ab', null)
    other.serve('ab')
    expect([other.of('a'), other.of('b')]).toEqual([100, 100])
  })

  test('again from the beginning, who went down meanwhile', () => {
    const world = started()
    world.set('a', STATE_DOWN)
    world.set('a', STATE_UP)
    expect(world.of('a', 11_000)).toBe(50)
    world.set('a', STATE_DOWN)
    world.set('a', STATE_UP)
    expect([world.of('a'), world.of('a', 21_000)]).toEqual([10, 50])
  })
})

test('a change of the config goes on where it was, and ends it with the word', () => {
  const world = started()
  world.set('a', STATE_DOWN)
  world.set('a', STATE_UP)
  expect(world.of('a', 11_000)).toBe(50)
  world.serve('ab')
  expect(world.of('a')).toBe(50)
  world.serve('ab', { ...DEFAULT, over: 40_000 })
  expect(world.of('a')).toBe(25)
  world.serve('ab', null)
  expect(world.board.shares.warmth(slotOf('a'))).toBe(100)
})
