import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { HungWorkers } from '../../../../server/control/processes/hung-workers.ts'
import { Totals } from '../../../../server/telemetry/registry.ts'
import { scene, serving, settle, type Scene } from './crews.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

function watched({ crew }: Pick<Scene, 'crew'>) {
  const totals = new Totals()
  const hung = new HungWorkers({ crew: () => crew, totals, waitedMs: () => 0 })
  let nowMs = 0
  return {
    hung,
    count: () => totals.counter('workers_hung_total').value,
    look: async (times: number) => {
      for (let i = 0; i < times; i++) hung.look((nowMs += 1000), 1000)
      await settle()
    },
  }
}

describe('a worker that hangs', () => {
  test('is shown after three seconds, and after five killed and replaced; those that beat are left alone', async () => {
    const made = await serving(2)
    const { hung, count, look } = watched(made)
    await look(1)
    made.started[1]!.isHung = true
    await look(2)
    expect(hung.silent).toEqual([])
    await look(1)
    expect(hung.silent).toEqual([{ pid: 101, slot: 1, silent_ms: 3000 }])
    await look(1)
    expect(count()).toBe(0)
    await look(1)
    expect(count()).toBe(1)
    expect(made.started[1]!.told).toEqual(['kill'])
    expect(made.crew.workers.map(({ pid }) => pid)).toEqual([100, 102])
    expect(made.started[2]!.told).toEqual(['prepare 1', 'commit 1'])
    await look(20)
    expect(count()).toBe(1)
    expect(hung.silent).toEqual([])
  })

  test('is replaced even when a kill does not end it, and its row is cleared only once it ends', async () => {
    const made = await serving(2)
    const { look } = watched(made)
    const stuck = made.started[0]!
    stuck.kill = () => void stuck.told.push('kill')
    await look(1)
    stuck.isHung = true
    await look(5)
    expect(stuck.told).toEqual(['kill'])
    expect(made.notes).toEqual(['start 0 row 2', '102 replaces 100'])
    expect(made.crew.serving).toBe(2)
    stuck.die()
    await settle()
    expect(made.notes.slice(2)).toEqual(['clear 0'])
  })

  test('ends at once when it drains: it would hold its sockets, and nobody accepts on them', async () => {
    const made = await serving(2)
    const { look } = watched(made)
    await look(1)
    made.started[1]!.isHung = true
    await made.crew.resize(1, 600_000)
    await look(5)
    expect(made.started[1]!.told).toEqual(['drain 600000', 'kill'])
    expect(made.started.length).toBe(2)
  })

  test('without a free row it is killed first and replaced then', async () => {
    const made = scene(1)
    await made.crew.resize(1, 0)
    const { look } = watched(made)
    await look(1)
    made.started[0]!.isHung = true
    await look(5)
    expect(made.started[0]!.told).toEqual(['kill'])
    expect(made.crew.workers.map(({ pid }) => pid)).toEqual([101])
  })

  test('is not one that has not begun, or is busy with an answer', async () => {
    const made = await serving(1)
    const { count, look } = watched(made)
    Object.defineProperty(made.started[0]!, 'beat', { value: null })
    await look(60)
    expect(count()).toBe(0)
  })
})
