// The supervisor's half of breakers, by a clock of its own.
import { expect, test } from 'bun:test'
import type { CircuitBreakerConfig } from '../../../../server/backends/circuit-breaker.options.ts'
import { SERVER_FAULTS } from '../../../../server/backends/server-fault.options.ts'
import { CircuitDesk } from '../../../../server/control/circuits/circuit-desk.ts'
import type { Order } from '../../../../server/control/orders/order.ts'
import {
  CLOSED,
  FORCED_CLOSED,
  FORCED_OPEN,
  HALF_OPEN,
  OPEN,
  type OpeningReason,
} from '../../../../server/scoreboard/circuits.ts'
import { rowInts, SLICES } from '../../../../server/scoreboard/layout.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'

const BREAKER: CircuitBreakerConfig = {
  mode: 'enforce',
  ...{ failure_ratio: 0.5, min_requests: 10, window: 10_000, max_out: 0.5 },
  counts: { statuses: ['500-599'], faults: [...SERVER_FAULTS] },
  ...{ open_for: 30_000, open_for_max: 300_000, half_open_requests: 2, half_open_successes: 3 },
}
const SLOT = 2
const PLACE = { backend: 'api', server: 'a', url: 'http://a:1' }

const orderOf = (value: 'open' | 'closed'): Order => ({
  ...{ kind: 'circuit', value, reason: 'why', by: 'ana', sinceMs: 1_800_000_000_000, untilMs: null },
})

class World {
  readonly region = privateRegion(4, 2)
  readonly board = scoreboardOn(this.region, -1)
  readonly news: string[] = []
  nowMs = 5_000_000
  readonly desk = new CircuitDesk({
    board: () => this.board,
    onNews: (news) => this.news.push(news.is === 'opened' ? `opened ${news.opening.reason}` : news.is),
    now: () => this.nowMs,
    wallMs: () => 1_800_000_000_000 + this.nowMs,
  })

  constructor() {
    this.serve(BREAKER)
  }

  serve(circuit_breaker?: CircuitBreakerConfig, ordered: Order | null = null, generation = 0): void {
    const servers = [{ url: 'http://a:1', name: 'a' }]
    const slots = { slot: { index: 1, generation: 0 }, servers: { a: { index: SLOT, generation } } }
    const plan = { config: { backends: { api: { servers, circuit_breaker } } }, slots: { api: slots } }
    const orders = ordered === null ? [] : [{ place: PLACE, order: ordered }]
    this.desk.commit(plan as unknown as Parameters<CircuitDesk['commit']>[0], orders)
  }

  get state(): number {
    return this.board.circuits.state(SLOT)
  }

  /** As a worker does it. */
  open(reason: OpeningReason, from = CLOSED, openMs = 30_000): void {
    expect(this.board.circuits.beginOpening(SLOT, from)).toBe(true)
    const figures = { total: 12, failed: 9, slow: 0, inARow: 3, times: 1 }
    this.board.circuits.opened(SLOT, { reason, ...figures, openMs }, this.nowMs)
  }

  order(state: 'open' | 'closed' | 'auto'): void {
    this.desk.ordered(PLACE, state === 'auto' ? null : orderOf(state))
  }

  after(ms: number): string[] {
    this.nowMs += ms
    this.desk.look()
    return this.news.splice(0)
  }
}

test('what is open is half-open once its time is over, not before, and workers are told', () => {
  const world = new World()
  world.open('failure_ratio')
  expect(world.after(100)).toEqual(['opened failure_ratio'])
  const epoch = world.board.epoch(1)
  expect([world.after(29_899), world.state]).toEqual([[], OPEN])
  expect([world.after(1), world.state]).toEqual([['half_open'], HALF_OPEN])
  expect(world.board.epoch(1)).toBe(epoch + 1)
  world.open('half_open', HALF_OPEN, 60_000)
  expect(world.after(100)).toEqual(['opened half_open'])
  expect([world.after(59_800), world.state]).toEqual([[], OPEN])
  expect(world.after(100)).toEqual(['half_open'])
  world.board.circuits.close(SLOT, HALF_OPEN, world.nowMs)
  expect([world.after(100), world.after(100)]).toEqual([['closed'], []])
})

test('what happened between two looks is told in its order', () => {
  const world = new World()
  world.open('slow')
  world.after(100)
  world.after(30_000)
  world.board.circuits.close(SLOT, HALF_OPEN, world.nowMs)
  world.open('failure_ratio')
  expect(world.after(100)).toEqual(['closed', 'opened failure_ratio'])
})

test('a worker that died in the middle of opening it leaves it open, for the first time', () => {
  const world = new World()
  expect(world.board.circuits.beginOpening(SLOT, CLOSED)).toBe(true)
  expect([world.after(100), world.state]).toEqual([[], OPEN])
  expect(world.after(100)).toEqual(['opened unknown'])
  expect(world.after(30_000)).toEqual(['half_open'])
})

test('a worker that died in the middle of beginning a slice keeps nobody from judging', () => {
  const world = new World()
  const { circuits } = world.board
  for (const slice of [7, 8]) circuits.count(SLOT, slice, true, false)
  const ints = new Int32Array(world.region.bytes.buffer)
  const at = SLOT * rowInts(world.region.rows) + SLICES
  const torn = [...ints.subarray(at, at + 40).keys()].find((i) => ints[at + i] === 8)!
  ints[at + torn] = -8
  const read = { total: 0, failed: 0, slow: 0 }
  expect(circuits.read(SLOT, 8, read)).toBe(false)
  world.after(100)
  expect(circuits.read(SLOT, 8, read)).toBe(false) // it may be at it
  world.after(100)
  expect([circuits.read(SLOT, 8, read), read.total, read.failed]).toEqual([true, 2, 2])
  circuits.count(SLOT, 8, false, false)
  expect([circuits.read(SLOT, 8, read), read.total, ints[at + torn]]).toEqual([true, 3, 8])
})

test('that it was held back is told once a minute', () => {
  const world = new World()
  const { circuits } = world.board
  const hold = (): void => {
    circuits.beginOpening(SLOT, CLOSED)
    circuits.heldBack(SLOT)
  }
  hold()
  expect(world.after(100)).toEqual(['held'])
  hold()
  expect([world.after(100), circuits.held(SLOT)]).toEqual([[], 2])
  for (let looks = 0; looks < 600; looks++) world.after(100)
  hold()
  expect(world.after(100)).toEqual(['held'])
})

test('one that a person opened stays open until that is over, and then begins anew', () => {
  const world = new World()
  world.order('open')
  expect(world.news.splice(0)).toEqual(['opened manual'])
  expect(world.desk.facts('api', 'a')).toMatchObject({
    ...{ state: 'open', reason: 'circuit open: held open by ana (why)', half_open_at: null },
    ordered: { state: 'open', by: 'ana', reason: 'why', since: '2027-01-15T08:00:00.000Z', until: null },
  })
  expect([world.after(3_600_000), world.state]).toEqual([[], OPEN])
  world.order('auto')
  expect([world.news.splice(0), world.state]).toEqual([['closed'], CLOSED])
  expect(world.desk.facts('api', 'a')).toMatchObject({ state: 'closed', ordered: null })
})

test('one that a person closes is closed, and reset forgets what was counted', () => {
  const world = new World()
  const { circuits } = world.board
  world.open('failure_ratio')
  world.after(100)
  world.order('closed')
  expect([world.news.splice(0), world.state]).toEqual([['closed'], CLOSED])
  circuits.count(SLOT, Math.floor(world.nowMs / 1000) + 1, true, false)
  expect(world.desk.facts('api', 'a')?.window).toEqual({ requests: 1, failed: 1, slow: 0 })
  world.order('auto')
  expect(world.desk.facts('api', 'a')).toMatchObject({
    window: { requests: 0, failed: 0, slow: 0 },
    opening: { reason: 'failure_ratio', requests: 12, failed: 9, times: 0 },
  })
})

test('a change of something else keeps it as it is ordered; one that takes its words away closes it', () => {
  const world = new World()
  world.order('open')
  world.news.splice(0)
  world.serve({ ...BREAKER, min_requests: 20 }, orderOf('open'))
  expect([world.after(100), world.state]).toEqual([[], OPEN])
  expect(world.desk.facts('api', 'a')?.ordered).not.toBeNull()
  world.serve()
  expect([world.desk.facts('api', 'a'), world.state]).toEqual([null, CLOSED])
  world.serve(BREAKER)
  expect(world.desk.facts('api', 'a')).toMatchObject({ state: 'closed', ordered: null })
})

test('what was ordered before a start, or of a server that was away, holds from the first moment', () => {
  const world = new World()
  const epoch = world.board.epoch(1)
  world.serve(BREAKER, orderOf('open'), 1)
  expect([world.state, world.board.circuits.forced(SLOT)]).toEqual([OPEN, FORCED_OPEN])
  expect(world.board.epoch(1)).toBe(epoch + 1)
  expect([world.after(600_000), world.state]).toEqual([['opened manual'], OPEN])
  world.serve(BREAKER, orderOf('closed'), 1)
  expect([world.state, world.board.circuits.forced(SLOT)]).toEqual([CLOSED, FORCED_CLOSED])
})

test('what is ordered holds, also where a worker was about to decide otherwise', () => {
  const closed = new World()
  closed.board.circuits.beginOpening(SLOT, CLOSED)
  closed.order('closed')
  const figures = { total: 12, failed: 9, slow: 0, inARow: 3, times: 1 }
  closed.board.circuits.opened(SLOT, { reason: 'failure_ratio', ...figures, openMs: 30_000 }, closed.nowMs)
  const epoch = closed.board.epoch(1)
  closed.after(100)
  expect([closed.state, closed.board.epoch(1)]).toEqual([CLOSED, epoch + 1])

  const open = new World()
  open.board.circuits.beginOpening(SLOT, CLOSED)
  open.order('open')
  open.board.circuits.leftClosed(SLOT)
  open.after(100)
  expect(open.state).toBe(OPEN)
  open.after(600_000)
  expect(open.state).toBe(OPEN)
})
