import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { serving, settle } from './crews.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

describe('a post whose worker does not come back', () => {
  test('a post that stays empty while another serves has no sockets until its next worker is there', async () => {
    const { crew, started, notes } = await serving(2)
    started[1]!.die()
    await settle()
    // Short waits are the queue's to bear: what waits there is served by the next worker.
    for (const waitMs of [100, 200]) {
      started.at(-1)!.die()
      await settle()
      expect(notes).not.toContain('vacate 1')
      jest.advanceTimersByTime(waitMs)
      await settle()
    }
    started.at(-1)!.die()
    await settle()
    expect(notes).toContain('vacate 1')
    expect(crew.slots).toEqual([0])
    expect([crew.wanted, crew.serving]).toEqual([2, 1])
    jest.advanceTimersByTime(400)
    await settle()
    expect(crew.slots).toEqual([0, 1])
    expect(crew.serving).toBe(2)
  })

  test('the last post that served keeps its sockets: who comes waits for its next worker', async () => {
    const { crew, started, notes } = await serving(1)
    for (let i = 0; i < 2; i++) {
      started.at(-1)!.die()
      await settle()
    }
    expect(crew.serving).toBe(0)
    expect(notes).not.toContain('vacate 0')
    expect(crew.slots).toEqual([0])
  })

  test('posts that wait are vacated once another one serves again', async () => {
    const { crew, started, notes } = await serving(2)
    const [one, other] = [started[0]!, started[1]!]
    one.die()
    other.die()
    await settle()
    for (const waitMs of [0, 100, 200]) {
      jest.advanceTimersByTime(waitMs)
      await settle()
      for (const worker of started.slice(-2)) worker.die()
      await settle()
    }
    expect(crew.serving).toBe(0)
    const vacated = () => notes.filter((note) => note.startsWith('vacate'))
    expect(vacated()).toEqual(['vacate 0'])
    jest.advanceTimersByTime(400)
    await settle()
    // The first that was back did not let the other's clients wait.
    expect(vacated()).toEqual(['vacate 0', 'vacate 1'])
    expect([crew.serving, crew.slots]).toEqual([2, [0, 1]])
  })

  test('a replacement that does not say hello in time lets nobody wait', async () => {
    const made = await serving(2)
    made.make = () => {}
    made.started[1]!.die()
    await settle()
    jest.advanceTimersByTime(4900)
    expect(made.notes).not.toContain('vacate 1')
    jest.advanceTimersByTime(200)
    expect(made.notes).toContain('vacate 1')
    made.started.at(-1)!.said.resolve(true)
    await settle()
    expect(made.crew.slots).toEqual([0, 1])
  })

  test('one that took ten seconds and never served counts as an early death', async () => {
    const made = await serving(2)
    made.make = () => {}
    made.started[1]!.die()
    await settle()
    const slow = made.started.at(-1)!
    Object.assign(slow, { startedMs: slow.startedMs - 11_000 })
    slow.die()
    await settle()
    const count = made.started.length
    await settle()
    expect(made.started.length).toBe(count)
    expect(made.crew.slots).toEqual([0])
  })

  test('why a worker did not come up is told, once for each reason', async () => {
    const made = await serving(2)
    made.make = (worker) => {
      worker.said.resolve(true)
      worker.answer = { is: 'failed', why: 'no such thing' }
    }
    made.started[1]!.die()
    for (let i = 0; i < 20; i++) {
      await settle()
      jest.advanceTimersByTime(1000)
    }
    expect(made.started.length).toBeGreaterThan(4)
    expect(made.notes.filter((note) => note.startsWith('not started'))).toEqual([
      'not started 1: no such thing',
    ])
  })
})
