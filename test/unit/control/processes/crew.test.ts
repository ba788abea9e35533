import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { plan, scene, serving, settle } from './crews.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

describe('the crew', () => {
  test('a plan is prepared by all, then committed by all', async () => {
    const { crew, started } = scene()
    await crew.resize(3, 0)
    const first = plan(1)
    expect(await crew.prepare(first)).toEqual([])
    expect(started.map(({ told }) => told)).toEqual([['prepare 1'], ['prepare 1'], ['prepare 1']])
    await crew.commit(first)
    expect(started.map(({ told }) => told.at(-1))).toEqual(['commit 1', 'commit 1', 'commit 1'])
  })

  test('one refusal is told once, with its reason', async () => {
    const { crew, started } = await serving(2)
    for (const worker of started) worker.answer = { is: 'failed', why: 'no such file' }
    expect(await crew.prepare(plan(2))).toEqual(['no such file'])
    crew.drop(plan(2))
    expect(started.map(({ told }) => told)).toEqual([
      ['prepare 2', 'drop 2'],
      ['prepare 2', 'drop 2'],
    ])
  })

  test('a dead worker is replaced at once, after its row is cleared, with the last committed plan', async () => {
    const { crew, started, notes } = await serving(2)
    started[1]!.die()
    await settle()
    expect(notes).toEqual(['clear 1', 'start 1 row 2', '102 replaces 101'])
    expect(started[2]!.told).toEqual(['prepare 1', 'commit 1'])
    expect(crew.workers.map(({ pid }) => pid)).toEqual([100, 102])
    expect(started[0]!.told).toEqual([])
  })

  test('who comes while another gateway takes over hears of it before there is anything to open, in its order', async () => {
    const { crew, started } = await serving(2)
    crew.handOver(() => ({ type: 'handing', isHanding: true }))
    crew.handOver((slot) => ({ type: 'hold-back', keys: [`web ${slot}`] }))
    crew.handOver(() => ({ type: 'handing', isHanding: false }))
    started[1]!.die()
    await settle()
    expect(started[2]!.told).toEqual(['handing', 'hold-back', 'handing', 'prepare 1', 'commit 1'])
    crew.handOver(null)
    started[0]!.die()
    await settle()
    expect(started[3]!.told).toEqual(['prepare 1', 'commit 1'])
  })

  test('workers that die young are replaced later and later, up to five seconds', async () => {
    const { started } = await serving(1)
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      const before = started.length
      started.at(-1)!.die()
      await settle()
      let waited = 0
      while (started.length === before) {
        jest.advanceTimersByTime(100)
        waited += 100
        await settle()
      }
      waits.push(waited)
    }
    expect(waits).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
  })

  test('a worker that dies of a plan is replaced and asked once more', async () => {
    const { crew, started } = await serving(1)
    started[0]!.isDeadly = true
    expect(await crew.prepare(plan(2))).toEqual([])
    expect(started[1]!.told).toEqual(['prepare 1', 'commit 1', 'prepare 2'])
  })

  test('a plan that kills each worker is refused', async () => {
    const made = await serving(1)
    made.started[0]!.isDeadly = true
    made.make = (worker) => {
      worker.said.resolve(true)
      const prepare = worker.prepare.bind(worker)
      worker.prepare = (asked) => {
        worker.isDeadly = asked.number === 2
        return prepare(asked)
      }
    }
    expect(await made.crew.prepare(plan(2))).toEqual(['the worker ended'])
  })

  test('a post that waits for its next worker holds no plan up, and comes up with it', async () => {
    const { crew, started } = await serving(2)
    for (let i = 0; i < 2; i++) {
      started.findLast(({ slot }) => slot === 1)!.die()
      await settle()
    }
    expect(crew.workers.length).toBe(1)
    expect(await crew.prepare(plan(2))).toEqual([])
    await crew.commit(plan(2))
    jest.advanceTimersByTime(5000)
    await settle()
    expect(started.at(-1)!.told).toEqual(['prepare 2', 'commit 2'])
  })

  test('the first plan has to come up everywhere', async () => {
    const made = scene()
    made.make = (worker) => worker.die()
    void made.crew.resize(1, 0)
    expect(await made.crew.prepare(plan(1))).toEqual(['a worker did not start'])
    await made.crew.kill()
  })

  test('growing starts workers that come up with the committed plan', async () => {
    const { crew, started } = await serving(1)
    await crew.resize(3, 0)
    expect(started.map(({ slot }) => slot)).toEqual([0, 1, 2])
    expect(started[2]!.told).toEqual(['prepare 1', 'commit 1'])
  })

  test('shrinking closes our sockets first, then drains; the row is free when the worker is gone', async () => {
    const { crew, started, notes } = await serving(3)
    await crew.resize(1, 30_000)
    await settle()
    expect(notes).toEqual(['close 2', 'close 1'])
    expect(started.map(({ told }) => told)).toEqual([[], ['drain 30000'], ['drain 30000']])
    expect(crew.hasRoomFor(6)).toBe(true)
    expect(crew.hasRoomFor(7)).toBe(false)
    started[1]!.aborted = 4
    started[1]!.die()
    await settle()
    expect(notes.slice(2)).toEqual(['clear 1'])
    expect(crew.hasRoomFor(7)).toBe(true)
    expect(crew.aborted).toBe(4)
  })

  test('five early deaths after a plan are told, once', async () => {
    const { started, notes } = await serving(1)
    for (let i = 0; i < 7; i++) {
      started.at(-1)!.die()
      await settle()
      jest.advanceTimersByTime(5000)
      await settle()
    }
    expect(notes.filter((note) => note === 'unsound')).toEqual(['unsound'])
  })

  test('a worker that cannot even be started is tried again, later and later', async () => {
    const made = await serving(1)
    const { make } = made
    let failures = 3
    made.make = (worker) => {
      made.started.splice(made.started.indexOf(worker), 1)
      if (failures-- > 0) throw new Error('no memory')
      made.started.push(worker)
      make(worker)
    }
    const first = made.started[0]!
    first.die()
    await settle()
    for (let i = 0; i < 10; i++) {
      jest.advanceTimersByTime(100)
      await settle()
    }
    expect(failures).toBe(-1)
    expect(made.notes.filter((note) => note.includes('no memory')).length).toBe(1)
    expect(made.crew.workers.map(({ pid }) => pid)).not.toContain(first.pid)
    expect(made.started.at(-1)!.told).toEqual(['prepare 1', 'commit 1'])
  })

  test('draining ends when the last worker is gone; none is replaced', async () => {
    const { crew, started, notes } = await serving(2)
    const drained = crew.drain(100)
    await settle()
    for (const worker of started) worker.die()
    await drained
    expect(notes.some((note) => note.startsWith('start'))).toBe(false)
    await crew.resize(2, 0)
    expect(started.length).toBe(2)
  })
})
