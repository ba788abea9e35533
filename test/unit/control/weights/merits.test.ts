// Dynamic weights: what servers are worth beside one another, by how their attempts fared.
import { describe, expect, test } from 'bun:test'
import type { DynamicWeightsConfig } from '../../../../server/backends/dynamic-weights.options.ts'
import { Merits } from '../../../../server/control/weights/merits.ts'
import { ANSWERED } from '../../../../server/backends/outcome.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { packOrder, STATE_DOWN, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { seededRandom } from '../../../support/random.ts'
import { backendConfig, Bench, tally } from '../../backends/backends.ts'

const WORKERS = 4
const DEFAULT: DynamicWeightsConfig = { mode: 'enforce', least: 0.25, most: 2 }

/** How a server answers: after so long, and which share of its answers is bad, at once. */
interface Manner {
  readonly ms: number
  readonly bad?: number
}

class World {
  readonly bench = new Bench()
  readonly merits = new Merits(() => this.bench.board)
  readonly chance = seededRandom(11).next
  readonly options
  readonly backends

  constructor(names: string, words: Partial<DynamicWeightsConfig> = {}) {
    this.options = backendConfig(
      [...names].map((name) => ({ name })),
      { dynamic_weights: { ...DEFAULT, ...words } },
    )
    this.backends = Array.from({ length: WORKERS }, (_, row) => this.bench.backend(this.options, { row }))
    this.commit()
  }

  commit(options: object = this.options): void {
    const slots = { api: this.bench.slots(this.options) }
    this.merits.commit({ config: { backends: { api: options } }, slots } as unknown as PlanBody)
  }

  /** So many seconds, with so many requests each, by whatever worker. Who got those of the last one. */
  serve(seconds: number, requests: number, manners: Record<string, Manner>): Record<string, number> {
    let picked: string[] = []
    for (let second = 0; second < seconds; second++) {
      picked = Array.from({ length: requests }, (_, i) => this.#ask(i, manners))
      this.merits.look()
    }
    return tally(picked)
  }

  #ask(i: number, manners: Record<string, Manner>): string {
    const backend = this.backends[i % WORKERS]!
    const server = backend.pick(0, null)!
    const { ms, bad = 0 } = manners[server.name]!
    const isBad = this.chance() < bad
    backend.answered(server, isBad ? 503 : 200, isBad ? 0.1 : ms)
    backend.release(server, ANSWERED)
    return server.name
  }

  /** Hundredths. */
  of(name: string): number {
    return this.bench.board.shares.merit(this.bench.slotOf(name))
  }
}

test('all that fare alike keep their weights, and nobody is told of anything', () => {
  const world = new World('abc')
  const epoch = world.bench.board.epoch(1)
  expect(world.serve(20, 120, { a: { ms: 10 }, b: { ms: 10.2 }, c: { ms: 9.9 } })).toEqual({
    a: 40,
    b: 40,
    c: 40,
  })
  expect(world.bench.board.epoch(1)).toBe(epoch)
})

test('a slow server gets less, in proportion, all workers alike', () => {
  const world = new World('abc')
  const got = world.serve(40, 1000, { a: { ms: 10 }, b: { ms: 10 }, c: { ms: 25 } })
  expect([world.of('a'), world.of('b')]).toEqual([100, 100])
  expect(world.of('c')).toBeWithin(35, 46)
  const part = world.of('c') / 100
  expect(Math.abs((got['c'] ?? 0) - (1000 * part) / (2 + part))).toBeLessThan(6)
})

test('never below the least, nor above the most', () => {
  const world = new World('abc', { least: 0.5, most: 1.5 })
  world.serve(40, 300, { a: { ms: 1 }, b: { ms: 20 }, c: { ms: 4000 } })
  expect([world.of('a'), world.of('b'), world.of('c')]).toEqual([150, 100, 50])
})

test('failing fast is no speed', () => {
  const world = new World('abc')
  world.serve(40, 1000, { a: { ms: 50 }, b: { ms: 50 }, c: { ms: 50, bad: 0.3 } })
  expect(world.of('c')).toBeWithin(40, 60)
  world.serve(40, 1000, { a: { ms: 50 }, b: { ms: 50 }, c: { ms: 1, bad: 1 } })
  expect([world.of('a'), world.of('b'), world.of('c')]).toEqual([100, 100, 25])
})

test('nor is answering a part of them fast: it is never given more than that part', () => {
  const world = new World('abc')
  world.serve(40, 1000, { a: { ms: 100 }, b: { ms: 20 }, c: { ms: 1, bad: 0.5 } })
  expect(world.of('c')).toBeWithin(40, 60)
  // One in fifty is what fast servers may fail.
  world.serve(40, 1000, { a: { ms: 20 }, b: { ms: 20 }, c: { ms: 1, bad: 0.02 } })
  expect(world.of('c')).toBe(200)
})

describe('a server that was slow once', () => {
  test('has its weight back, as it is asked all the while', () => {
    const world = new World('abc')
    world.serve(30, 200, { a: { ms: 10 }, b: { ms: 10 }, c: { ms: 500 } })
    expect(world.of('c')).toBe(25)
    const since = world.serve(1, 200, { a: { ms: 10 }, b: { ms: 10 }, c: { ms: 10 } })
    expect(since['c']).toBeGreaterThan(15)
    expect(world.serve(30, 200, { a: { ms: 10 }, b: { ms: 10 }, c: { ms: 10 } })['c']).toBeWithin(65, 67)
  })

  test('also where there are too few requests to judge by', () => {
    const world = new World('abc')
    world.serve(30, 200, { a: { ms: 10 }, b: { ms: 10 }, c: { ms: 500 } })
    world.serve(60, 1, { a: { ms: 10 }, b: { ms: 10 }, c: { ms: 500 } })
    expect([world.of('a'), world.of('b'), world.of('c')]).toEqual([100, 100, 100])
  })
})

test('a weight that a person has ordered stays, and goes on from the whole when it is taken back', () => {
  const world = new World('ab')
  const manners = { a: { ms: 10 }, b: { ms: 40 } }
  world.serve(40, 200, manners)
  expect(world.of('b')).toBeWithin(30, 46)
  world.bench.board.setOrder(world.bench.slotOf('b'), packOrder(0, 3))
  world.bench.board.bumpEpoch(1)
  world.serve(20, 200, manners)
  expect(world.of('b')).toBe(100)
  world.bench.board.setOrder(world.bench.slotOf('b'), 0)
  world.bench.board.bumpEpoch(1)
  world.serve(40, 200, manners)
  expect(world.of('b')).toBeWithin(30, 46)
})

test('who was down comes back with its whole weight', () => {
  const world = new World('abc')
  const manners = { a: { ms: 10 }, b: { ms: 10 }, c: { ms: 500 } }
  world.serve(30, 200, manners)
  expect(world.of('c')).toBe(25)
  world.bench.set('c', STATE_DOWN)
  world.serve(1, 200, manners)
  expect(world.of('c')).toBe(100)
  world.bench.set('c', STATE_UP)
  expect(world.serve(1, 300, manners)['c']).toBe(100)
})

test('in shadow mode it is reckoned, and nobody gets more or less', () => {
  const world = new World('ab', { mode: 'shadow' })
  expect(world.serve(40, 200, { a: { ms: 10 }, b: { ms: 40 } })).toEqual({ a: 100, b: 100 })
  expect(world.of('b')).toBeWithin(30, 46)
})

test('a change of the config keeps what is known, and without the word all is as configured', () => {
  const world = new World('ab')
  world.serve(40, 200, { a: { ms: 10 }, b: { ms: 40 } })
  const before = world.of('b')
  world.commit({ ...world.options })
  world.merits.look()
  expect(world.of('b')).toBe(before)
  const { dynamic_weights: _, ...without } = world.options
  world.commit(without)
  expect([world.of('a'), world.of('b'), world.merits.isAny]).toEqual([100, 100, false])
})
