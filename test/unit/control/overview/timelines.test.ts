import { expect, test } from 'bun:test'
import { HealthTimelines } from '../../../../server/control/overview/timelines.ts'
import { CLOSED } from '../../../../server/scoreboard/circuits.ts'
import { bytesOf } from '../../../../server/scoreboard/layout.ts'
import { Scoreboard } from '../../../../server/scoreboard/scoreboard.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  packOrder,
  STATE_DOWN,
  STATE_STARTING,
  STATE_UP,
} from '../../../../server/scoreboard/states.ts'
import type { ServerFacts } from '../../../../server/telemetry/server-health.ts'
import { NOW_MS } from '../../../support/seen-with.ts'

/** A board, its servers a (slot 2), b (3) and c (4) of one backend, and a clock; each look is a minute on. */
class World {
  nowMs = 30_000
  readonly board = new Scoreboard(new Uint8Array(bytesOf(6, 1)), 1, 0)
  readonly timelines = new HealthTimelines(
    () => this.nowMs,
    () => NOW_MS + this.nowMs,
  )
  servers: ServerFacts[] = [this.server('a', 2), this.server('b', 3)]

  constructor() {
    this.set(STATE_UP, STATE_UP)
  }

  server(server: string, slot: number, more: Partial<ServerFacts> = {}): ServerFacts {
    const url = `http://192.0.2.${slot}:1`
    return {
      backend: 'api',
      server,
      url,
      weight: 1,
      slot,
      isChecked: true,
      breaker: null,
      reason: null,
      ...more,
    }
  }

  set(...states: readonly number[]): this {
    for (const [i, state] of states.entries()) this.board.setState(i + 2, state)
    return this
  }

  look(): this {
    this.timelines.look(this.servers, this.board)
    return this
  }

  minutes(count: number): this {
    for (let i = 0; i < count; i++) {
      this.nowMs += 60_000
      this.look()
    }
    return this
  }

  cells(server: string | null, minutes = 5): string | undefined {
    const { backends, servers } = this.timelines.told(minutes, null, this.board)
    return (server === null ? backends[0] : servers.find((one) => one.server === server))?.cells
  }
}

test('each minute is a letter, and what was before the start is not known', () => {
  const world = new World().look().minutes(1)
  expect([world.cells('a'), world.cells(null)]).toEqual(['---uu', '---uu'])
  world.set(STATE_UP, STATE_DOWN).minutes(1)
  expect([world.cells('a'), world.cells('b'), world.cells(null)]).toEqual(['--uuu', '--uud', '--uug'])
  world.set(STATE_DOWN, STATE_DOWN).minutes(2)
  expect([world.cells('a'), world.cells('b'), world.cells(null)]).toEqual(['uuudd', 'uuddd', 'uugdd'])
  const { from, last_s, step_s } = world.timelines.told(5, null, world.board)
  expect([from, last_s, step_s]).toEqual([new Date(NOW_MS).toISOString(), 30, 60])
})

test('who was down for a part of a minute was degraded in it', () => {
  const world = new World().look()
  world.set(STATE_DOWN, STATE_UP).look()
  expect([world.cells('a', 1), world.cells('b', 1), world.cells(null, 1)]).toEqual(['g', 'u', 'g'])
  world.set(STATE_DOWN, STATE_UP).minutes(1)
  expect(world.cells('a', 2)).toBe('gd')
})

test('a server that was down between two looks was down', () => {
  const world = new World().look().minutes(1)
  world.timelines.hear('server_down', { backend: 'api', server: 'a' })
  world.timelines.hear('server_down', { backend: 'api', server: 'nobody' })
  world.timelines.hear('server_up', { backend: 'api', server: 'b' })
  world.minutes(1)
  expect([world.cells('a', 3), world.cells('b', 3)]).toEqual(['ugu', 'uuu'])
})

test('orders and servers without a check have letters of their own', () => {
  const world = new World().set(STATE_UP, STATE_UP, STATE_UP)
  world.servers = [...world.servers, world.server('c', 4, { isChecked: false })]
  world.board.setOrder(2, packOrder(ADMIN_DRAIN, null))
  world.board.setOrder(3, packOrder(ADMIN_MAINTENANCE, null))
  world.look()
  expect(['a', 'b', 'c', null].map((one) => world.cells(one, 1))).toEqual(['r', 'm', 'c', 'g'])
  world.servers = world.servers.slice(0, 2)
  world.minutes(1)
  expect(world.cells(null, 1)).toBe('r')
  world.set(STATE_STARTING).board.setOrder(2, packOrder(0, null))
  world.minutes(1)
  expect([world.cells('a', 1), world.cells(null, 1)]).toEqual(['c', 'g'])
})

test('minutes in which nobody could look were as the last one before them', () => {
  const world = new World().look()
  world.nowMs += 180_000
  expect(world.cells('a')).toBe('-uuuu')
  world.set(STATE_DOWN, STATE_UP).look()
  expect(world.cells('a')).toBe('-uuud')
  world.nowMs += 3 * 3_600_000
  world.look()
  expect(world.cells('a', 60)).toBe('d'.repeat(60))
})

test('a server at another address is another one; one that is gone is not told', () => {
  const world = new World().look().minutes(2)
  world.servers = [world.server('a', 2, { url: 'http://192.0.2.99:1' })]
  world.minutes(1)
  expect([world.cells('a'), world.cells('b')]).toEqual(['----u', undefined])
})

test('since when it is so, and when it was last of use, are told by the clock of now', () => {
  const world = new World().look().minutes(3)
  world.set(STATE_DOWN, STATE_UP).minutes(1)
  const sinceMs = NOW_MS + world.nowMs
  world.minutes(2)
  expect(world.timelines.spanOf('api', 'a')).toEqual({ sinceMs, lastUpMs: sinceMs - 60_000 })
  expect(world.timelines.spanOf('api').sinceMs).toBe(sinceMs)
  expect(world.timelines.spanOf('api').lastUpMs).toBe(NOW_MS + world.nowMs)
  expect(world.timelines.spanOf('none')).toEqual({ sinceMs: null, lastUpMs: null })
})

test('of more than a thousand servers those that were not well are told first; of one backend all', () => {
  const world = new World()
  const many = Array.from({ length: 1100 }, (_, i) => world.server(`s${i}`, 2))
  const bad = world.server('bad', 3)
  world.servers = [...many, bad].map((one) => ({ ...one, backend: one.server === 'bad' ? 'other' : 'api' }))
  world.set(STATE_UP, STATE_DOWN).look()
  const told = world.timelines.told(60, null, world.board)
  expect([told.servers.length, told.left_out, told.servers[0]?.server]).toEqual([1000, 101, 'bad'])
  const own = world.timelines.told(60, 'other', world.board)
  expect([own.servers.length, own.backends.length, own.left_out]).toEqual([1, 1, 0])
})

test('a breaker that is open or half-open has a letter of its own, and one that only watches has none', () => {
  const world = new World()
  const { circuits } = world.board
  world.servers = [
    world.server('a', 2, { breaker: 'enforce' }),
    world.server('b', 3, { breaker: 'shadow' }),
    world.server('c', 4, { breaker: 'enforce' }),
  ]
  world.set(STATE_UP, STATE_UP, STATE_UP).look()
  const figures = { total: 9, failed: 9, slow: 0, inARow: 9, times: 1, openMs: 1000 }
  for (const slot of [2, 3]) {
    circuits.beginOpening(slot, CLOSED)
    circuits.opened(slot, { reason: 'failure_ratio', ...figures }, 0)
  }
  world.minutes(1)
  const cells = () => world.timelines.told(1, null, world.board).servers.map((one) => one.cells)
  expect(cells()).toEqual(['b', 'u', 'u'])
  expect(world.timelines.told(1, null, world.board).backends[0]?.cells).toBe('g')
  // Open for less than there is between two looks.
  world.timelines.hear('circuit_opened', { backend: 'api', server: 'c' })
  world.timelines.hear('circuit_opened', { backend: 'api', server: 'b', mode: 'shadow' })
  expect(cells()).toEqual(['b', 'u', 'b'])
  circuits.halfOpen(2, 0)
  world.minutes(1)
  expect([cells(), world.cells(null, 2)]).toEqual([['h', 'u', 'u'], 'gg'])
  // It was down by its check as well: both are told as one that was of use in a part of it.
  world.set(STATE_DOWN).look()
  expect(cells()[0]).toBe('g')
  world.set(STATE_UP, STATE_UP, STATE_UP).minutes(1)
  for (const slot of [2, 4]) {
    circuits.close(slot, circuits.state(slot), 0)
    circuits.beginOpening(slot, CLOSED)
    circuits.opened(slot, { reason: 'failure_ratio', ...figures }, 0)
  }
  world.servers = world.servers.filter(({ server }) => server !== 'b')
  world.minutes(1)
  expect([cells(), world.cells(null, 1)]).toEqual([['b', 'b'], 'b'])
})
