import { describe, expect, test } from 'bun:test'
import { delayMs, inOrder, Suspects } from '../../../server/lib/address-race.ts'

const none = (): boolean => false

describe('the order of addresses', () => {
  test('begins at another one each time', () => {
    expect(inOrder(['a', 'b', 'c'], 0, none)).toEqual(['a', 'b', 'c'])
    expect(inOrder(['a', 'b', 'c'], 4, none)).toEqual(['b', 'c', 'a'])
  })

  test('takes turns between families, so that one that is cut off costs one wait', () => {
    expect(inOrder(['10.0.0.1', '10.0.0.2', '10.0.0.3', '::1', '::2'], 0, none)).toEqual([
      '10.0.0.1',
      '::1',
      '10.0.0.2',
      '::2',
      '10.0.0.3',
    ])
    expect(inOrder(['10.0.0.1', '10.0.0.2', '::1'], 2, none)).toEqual(['::1', '10.0.0.1', '10.0.0.2'])
  })

  test('ends with suspects; where all are, it is as if none was', () => {
    expect(inOrder(['a', 'b', 'c'], 0, (address) => address === 'a')).toEqual(['b', 'c', 'a'])
    expect(inOrder(['a', 'b', 'c'], 1, () => true)).toEqual(['b', 'c', 'a'])
  })
})

describe('a suspect', () => {
  test('is one for half a minute, at its port alone, and until it answers', () => {
    const suspects = new Suspects()
    suspects.add('a', 80, 1000)
    expect(suspects.isSuspect('a', 80, 30_999)).toBe(true)
    expect([suspects.isSuspect('a', 81, 1000), suspects.isSuspect('b', 80, 1000)]).toEqual([false, false])
    expect(suspects.isSuspect('a', 80, 31_000)).toBe(false)
    suspects.add('a', 80, 40_000)
    suspects.clear('a', 80)
    expect(suspects.isSuspect('a', 80, 40_000)).toBe(false)
  })

  test('whose time is over is tried by one caller first', () => {
    const suspects = new Suspects()
    suspects.add('a', 80, 0)
    expect(suspects.isSuspect('a', 80, 30_000)).toBe(false)
    suspects.tried('a', 80, 30_000)
    expect(suspects.isSuspect('a', 80, 30_001)).toBe(true)
    suspects.tried('b', 80, 0)
    expect(suspects.size).toBe(1)
  })

  test('is forgotten for newer ones when there are too many', () => {
    const suspects = new Suspects(3)
    for (const [at, address] of ['a', 'b', 'a', 'c', 'd'].entries()) suspects.add(address, 80, at)
    expect(suspects.size).toBe(3)
    expect(['a', 'b', 'c', 'd'].filter((address) => suspects.isSuspect(address, 80, 5))).toEqual([
      'a',
      'c',
      'd',
    ])
  })
})

test('each address has its turn within the time that there is for all', () => {
  expect(delayMs(5000, 2)).toBe(250)
  expect(delayMs(300, 2)).toBe(100)
})
