import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'
import { Rounds } from '../../../server/control/rounds.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

function scene() {
  const world = { served: 0, isCounting: false }
  const looks: number[] = []
  const rounds = new Rounds({
    served: () => world.served,
    isCounting: () => world.isCounting,
    look: (sinceMs) => looks.push(sinceMs),
  })
  rounds.begin()
  return {
    world,
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
})
