import { describe, expect, spyOn, test } from 'bun:test'
import { Leases, REFUSED, UNCOUNTED } from '../../../server/scoreboard/leases.ts'

/** Views of two workers, and of the supervisor, on the same memory. */
function views(bytes = 64 * 1024) {
  const memory = new Uint8Array(Leases.sizeWithin(bytes, 3))
  Leases.format(memory, 3)
  const of = (row: number): Leases => new Leases(() => memory, 3, row)
  const supervisor = of(-1)
  supervisor.open()
  return { one: of(0), other: of(1), supervisor, memory }
}

describe('leases of a key', () => {
  test('are never more than allowed over all workers, and come back one by one', () => {
    const { one, other } = views()
    const [mine, theirs] = [one.names('r'), other.names('r')]
    const held = [one.take(mine, 'k', 2, 1), other.take(theirs, 'k', 2, 1)]
    expect(held.every((at) => at >= 0)).toBe(true)
    expect([one.take(mine, 'k', 2, 1), other.take(theirs, 'k', 2, 1)]).toEqual([REFUSED, REFUSED])
    expect(other.take(theirs, 'another', 2, 1)).toBeGreaterThanOrEqual(0)
    one.giveBack(held[0]!)
    expect(other.take(theirs, 'k', 2, 1)).toBe(held[1]!)
    expect(one.held(mine, 'k')).toBe(2)
    other.giveBack(held[1]!)
    other.giveBack(held[1]!)
    expect(one.held(mine, 'k')).toBe(0)
  })

  test('of other limits are others, and another maximum counts what is held', () => {
    const { one } = views()
    const [a, b] = [one.names('a'), one.names('b')]
    one.take(a, 'k', 1, 1)
    expect(one.take(b, 'k', 1, 1)).toBeGreaterThanOrEqual(0)
    expect(one.take(a, 'k', 2, 1)).toBeGreaterThanOrEqual(0)
    expect(one.take(a, 'k', 2, 1)).toBe(REFUSED)
  })

  test('that a dead worker held come back, those of others stay', () => {
    const { one, other, supervisor } = views()
    const [mine, theirs] = [one.names('r'), other.names('r')]
    one.take(mine, 'k', 10, 1)
    for (let i = 0; i < 4; i++) other.take(theirs, 'k', 10, 1)
    other.take(theirs, 'its own', 10, 1)
    supervisor.clearRow(1)
    expect([one.held(mine, 'k'), one.held(mine, 'its own')]).toEqual([1, 0])
    supervisor.clearRow(0)
    expect(one.held(mine, 'k')).toBe(0)
  })

  test('of a worker that died between its two steps are made good', () => {
    const { one, other, supervisor, memory } = views()
    const mine = one.names('r')
    const at = one.take(mine, 'k', 10, 1)
    other.take(other.names('r'), 'k', 10, 1)
    new Int32Array(memory.buffer)[at + 3]! += 1 // its own share of one that the total has not
    supervisor.clearRow(1)
    expect(one.held(mine, 'k')).toBe(1)
  })

  test('of a worker that died while others took and gave back are made good once nothing moves', () => {
    const { one, other, supervisor } = views()
    const mine = one.names('r')
    for (let i = 0; i < 3; i++) other.take(other.names('r'), 'k', 10, 1)
    const { load } = Atomics
    let isMoving = false
    const spy = spyOn(Atomics, 'load').mockImplementation(((ints: Int32Array, at: number) => {
      if (!isMoving) {
        isMoving = true
        one.take(mine, 'k', 1000, 1)
        isMoving = false
      }
      return load(ints, at)
    }) as typeof Atomics.load)
    supervisor.clearRow(1)
    spy.mockRestore()
    const held = one.held(mine, 'k')
    supervisor.reconcile()
    expect(one.held(mine, 'k')).toBe(held - 1)
  })

  test('need memory only while something is held: any number of keys passes through the smallest', () => {
    const { one } = views(1)
    const names = one.names('r')
    for (let i = 0; i < 2000; i++) {
      const at = one.take(names, `key ${i}`, 1, 1)
      expect(at).toBeGreaterThanOrEqual(0)
      one.giveBack(at)
    }
  })

  test('that find no room are told apart, and hold nothing', () => {
    const { one } = views(1)
    const names = one.names('r')
    const held = Array.from({ length: 16 }, (_, i) => one.take(names, `key ${i}`, 1, 1))
    expect(held.every((at) => at >= 0)).toBe(true)
    expect(one.take(names, 'one more', 1, 1)).toBe(UNCOUNTED)
    expect(one.take(names, 'key 3', 1, 1)).toBe(REFUSED)
    one.giveBack(held[7]!)
    expect(one.take(names, 'one more', 1, 1)).toBe(held[7]!)
  })
})

test('a view of no such memory says so', () => {
  const leases = new Leases(() => new Uint8Array(4096), 3, 0)
  expect(() => leases.names('r')).toThrow('these are no leases')
})
