import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { Rounds } from '../../../server/control/rounds.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

function scene() {
  const world = { served: 0, isCounting: false }
  const looks: number[] = []
  const notes: string[] = []
  const rounds = new Rounds({
    served: () => world.served,
    isCounting: () => world.isCounting,
    look: (sinceMs) => looks.push(sinceMs),
    onRest: () => notes.push('at rest'),
  })
  rounds.begin()
  return {
    world,
    rounds,
    notes,
    /** How far apart the rounds of the next seconds are. */
    looksIn: (seconds: number): number[] => {
      looks.length = 0
      jest.advanceTimersByTime(seconds * 1000)
      return looks
    },
  }
}

describe('the rounds of a supervisor', () => {
  test('are one timer each second while anything is served, and half as many while nothing is', () => {
    const { world, looksIn } = scene()
    expect(looksIn(1)).toEqual([1000])
    for (let second = 0; second < 10; second++) {
      world.served++
      expect(looksIn(1)).toEqual([1000])
      expect(jest.getTimerCount()).toBe(1)
    }
    expect(looksIn(21)).toEqual([1000, ...Array<number>(10).fill(2000)])
    world.served++
    expect(looksIn(5)).toEqual([2000, 1000, 2000])
  })

  test('stay each second while something is counted by it', () => {
    const { world, looksIn } = scene()
    world.isCounting = true
    expect(looksIn(10)).toEqual(Array<number>(10).fill(1000))
  })

  test('tell rest once after a start and once after each new plan, and not between requests', () => {
    const { world, rounds, notes, looksIn } = scene()
    for (let i = 0; i < 10; i++) {
      world.served++
      looksIn(3)
    }
    expect(notes).toEqual([])
    looksIn(60)
    expect(notes).toEqual(['at rest'])
    world.served++
    looksIn(60)
    expect(notes).toEqual(['at rest'])
    rounds.disturb()
    looksIn(60)
    expect(notes).toEqual(['at rest', 'at rest'])
  })
})
