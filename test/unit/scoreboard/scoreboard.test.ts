import { describe, expect, spyOn, test } from 'bun:test'
import { privateRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import * as layout from '../../../server/scoreboard/layout.ts'
import { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import { STATE_EMPTY, STATE_UP } from '../../../server/scoreboard/states.ts'

const boards = (records: number, rows: number): Scoreboard[] => {
  const region = privateRegion(records, rows)
  return Array.from({ length: rows + 1 }, (_, i) => scoreboardOn(region, i - 1))
}

/** What a cell holds whenever this reads anything. */
function whatOthersSee(ints: Int32Array, at: number, act: () => void): number[] {
  const seen: number[] = []
  const { load } = Atomics
  const spy = spyOn(Atomics, 'load').mockImplementation(((from: Int32Array, cell: number) => {
    seen.push(ints[at]!)
    return load(from, cell)
  }) as typeof Atomics.load)
  act()
  spy.mockRestore()
  return seen
}

/** Int32 of a record with two rows. */
const RECORD = layout.rowInts(2)

describe('places', () => {
  test('are taken up to the limit over all workers and given back', () => {
    const [supervisor, a, b] = boards(4, 2) as [Scoreboard, Scoreboard, Scoreboard]
    expect(a.enter(2, 3)).toBe(true)
    expect(b.enter(2, 3)).toBe(true)
    expect(a.enter(2, 3)).toBe(true)
    expect(b.enter(2, 3)).toBe(false)
    expect(supervisor.inFlight(2)).toBe(3)
    a.leave(2)
    expect(b.enter(2, 3)).toBe(true)
    expect(supervisor.inFlight(1)).toBe(0)
    expect(supervisor.inFlight(3)).toBe(0)
  })

  test('of a worker that exited come back, and what it counted stays', () => {
    const [supervisor, a, b] = boards(4, 2) as [Scoreboard, Scoreboard, Scoreboard]
    for (let i = 0; i < 3; i++) a.enter(2, 10)
    b.enter(2, 10)
    a.connections(1)
    a.connections(1)
    b.connections(1)
    a.count(2, true)
    supervisor.clearRow(0)
    expect(supervisor.inFlight(2)).toBe(1)
    expect(supervisor.activeConnections()).toBe(1)
    expect(supervisor.acceptedConnections()).toBe(3)
    expect(supervisor.requests(2)).toBe(1)
    expect(supervisor.failures(2)).toBe(1)
    b.leave(2)
    expect(supervisor.inFlight(2)).toBe(0)
  })

  test('that a worker took in its row alone before it died are not taken from the total', () => {
    const region = privateRegion(4, 2)
    const supervisor = scoreboardOn(region, -1)
    scoreboardOn(region, 1).enter(2, 10)
    // Row 0 of record 2, as a worker leaves it that is killed between its two steps.
    new Int32Array(region.bytes.buffer)[2 * RECORD + layout.rowInts(0)] = 1
    supervisor.clearRow(0)
    expect(supervisor.inFlight(2)).toBe(1)
  })

  test('that a worker had taken from the total alone as it died let nobody too many in, if only for a moment', () => {
    const region = privateRegion(4, 2)
    const [supervisor, dying, other] = [-1, 0, 1].map((row) => scoreboardOn(region, row)) as Scoreboard[]
    for (let i = 0; i < 3; i++) dying!.enter(2, 5)
    for (let i = 0; i < 2; i++) other!.enter(2, 5)
    // Killed as it gave one back.
    const total = 2 * RECORD + layout.IN_FLIGHT
    const ints = new Int32Array(region.bytes.buffer)
    ints[total]! -= 1
    const seen = whatOthersSee(ints, total, () => supervisor!.clearRow(0))
    expect(Math.min(...seen)).toBe(2)
    expect(supervisor!.inFlight(2)).toBe(2)
  })

  test('are the sum of the rows again after reconciling', () => {
    const region = privateRegion(4, 2)
    const supervisor = scoreboardOn(region, -1)
    scoreboardOn(region, 0).enter(2, 10)
    scoreboardOn(region, 1).enter(2, 10)
    new Int32Array(region.bytes.buffer)[2 * RECORD + layout.IN_FLIGHT] = 7
    supervisor.reconcile()
    expect(supervisor.inFlight(2)).toBe(2)
  })
})

describe.each([
  ['permits', layout.PERMITS],
  ['retries', layout.RETRIES],
  ['carried', layout.CARRIED],
  ['answering', layout.ANSWERING],
] as const)('%s', (_name, gauge) => {
  test('are taken up to the limit over all workers and given back', () => {
    const [supervisor, a, b] = boards(4, 2) as [Scoreboard, Scoreboard, Scoreboard]
    expect([a.gauges.enter(2, gauge, 2), b.gauges.enter(2, gauge, 2)]).toEqual([true, true])
    expect([a.gauges.enter(2, gauge, 2), b.gauges.enter(2, gauge, 2)]).toEqual([false, false])
    a.gauges.leave(2, gauge)
    expect(supervisor.gauges.held(2, gauge)).toBe(1)
    expect(b.gauges.enter(2, gauge, 2)).toBe(true)
  })

  test('are apart from exchanges in flight, and from other records', () => {
    const [supervisor, a] = boards(4, 2) as [Scoreboard, Scoreboard]
    a.enter(2, 10)
    a.gauges.enter(2, gauge, 10)
    a.gauges.enter(2, gauge, 10)
    expect([supervisor.inFlight(2), supervisor.gauges.held(2, gauge)]).toEqual([1, 2])
    const others = layout.GAUGES.filter((one) => one !== gauge).map((one) => supervisor.gauges.held(2, one))
    expect(others).toEqual([1, ...layout.GAUGES.slice(2).map(() => 0)])
    expect([1, 3].map((slot) => supervisor.gauges.held(slot, gauge))).toEqual([0, 0])
  })

  test('of a worker that exited come back', () => {
    const [supervisor, a, b] = boards(4, 2) as [Scoreboard, Scoreboard, Scoreboard]
    a.gauges.enter(2, gauge, 10)
    a.gauges.enter(2, gauge, 10)
    b.gauges.enter(2, gauge, 10)
    a.attemptGivenUp(2)
    supervisor.clearRow(0)
    expect(supervisor.gauges.held(2, gauge)).toBe(1)
    expect(supervisor.givenUpAttempts(2)).toBe(1)
    b.gauges.leave(2, gauge)
    expect(supervisor.gauges.held(2, gauge)).toBe(0)
  })

  test('are the sum of the rows again after reconciling', () => {
    const region = privateRegion(4, 2)
    const supervisor = scoreboardOn(region, -1)
    scoreboardOn(region, 1).gauges.enter(2, gauge, 10)
    // Row 0 of record 2, as a worker leaves it that is killed between its two steps.
    const ints = new Int32Array(region.bytes.buffer)
    ints[2 * RECORD + layout.rowInts(0) + gauge.own] = 1
    ints[2 * RECORD + gauge.total] = 7
    supervisor.clearRow(0)
    expect(supervisor.gauges.held(2, gauge)).toBe(1)
  })
})

describe('cells', () => {
  test('of one record never touch another', () => {
    const [supervisor, a, b] = boards(3, 2) as [Scoreboard, Scoreboard, Scoreboard]
    for (const board of [a, b]) {
      board.setState(1, STATE_UP)
      board.bumpEpoch(1)
      board.nextCursor(1)
      board.count(1, true)
      board.addBytes(1, 10, 20)
      board.enter(1, 5)
    }
    for (const slot of [0, 2]) {
      const seen = [supervisor.state(slot), supervisor.epoch(slot), supervisor.inFlight(slot)]
      expect([...seen, supervisor.requests(slot), supervisor.bytesOut(slot)]).toEqual([0, 0, 0, 0, 0])
    }
    expect(supervisor.requests(1)).toBe(2)
    expect(supervisor.failures(1)).toBe(2)
    expect(supervisor.bytesIn(1)).toBe(20)
    expect(supervisor.bytesOut(1)).toBe(40)
    expect(supervisor.epoch(1)).toBe(2)
    expect(supervisor.inFlight(1)).toBe(2)
  })

  test('sum far beyond 32 bits', () => {
    const [, a] = boards(2, 1) as [Scoreboard, Scoreboard]
    a.addBytes(1, 2 ** 50, 2 ** 40)
    a.addBytes(1, 1, 1)
    expect(a.bytesIn(1)).toBe(2 ** 50 + 1)
    expect(a.bytesOut(1)).toBe(2 ** 40 + 1)
  })

  test('of a slot are zero for its next tenant, and the gateway keeps its own', () => {
    const [supervisor, a] = boards(3, 1) as [Scoreboard, Scoreboard]
    a.count(1, true)
    a.addBytes(1, 1, 1)
    a.setState(1, STATE_UP)
    a.gauges.enter(1, layout.PERMITS, 1)
    a.count(0, false)
    supervisor.setGeneration(1, 0)
    expect(supervisor.requests(1)).toBe(1)
    supervisor.setGeneration(1, 1)
    expect(supervisor.generation(1)).toBe(1)
    expect([supervisor.requests(1), supervisor.bytesIn(1), supervisor.state(1)]).toEqual([0, 0, STATE_EMPTY])
    expect(supervisor.gauges.held(1, layout.PERMITS)).toBe(0)
    expect(supervisor.requests(0)).toBe(1)
  })

  test('of the cursor run on past 2^31', () => {
    const region = privateRegion(2, 1)
    const board = scoreboardOn(region, 0)
    new Int32Array(region.bytes.buffer)[layout.rowInts(1) + layout.CURSOR] = -1
    expect(board.nextCursor(1)).toBe(2 ** 32 - 1)
    expect(board.nextCursor(1)).toBe(0)
  })

  test('keep their places when the table grows', () => {
    const small = new Uint8Array(layout.bytesOf(2, 2))
    const board = new Scoreboard(small, 2, 1)
    board.count(1, false)
    const large = new Uint8Array(layout.bytesOf(5, 2))
    large.set(small)
    board.remap(large)
    expect(board.records).toBe(5)
    expect(board.requests(1)).toBe(1)
    board.count(4, false)
    expect(board.requests(4)).toBe(1)
  })

  test('have no row beyond those of the table', () => {
    expect(() => boards(1, 2) && scoreboardOn(privateRegion(1, 2), 2)).toThrow('row 2 of 2')
  })
})
