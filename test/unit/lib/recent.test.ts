import { expect, test } from 'bun:test'
import { type Listed, Recent } from '../../../server/lib/recent.ts'

class One implements Listed {
  older: Listed | null = null
  newer: Listed | null = null
  isListed = false
  readonly n: number

  constructor(n: number) {
    this.n = n
  }
}

test('it holds what an array would, whatever leaves from wherever it stands', () => {
  const list = new Recent<One>()
  const plain: One[] = []
  let seed = 7
  const below = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most
  for (let turn = 0; turn < 20_000; turn++) {
    const what = below(5)
    if (what < 2) {
      const one = new One(turn)
      list.push(one)
      plain.push(one)
    } else if (what === 2) {
      expect(list.pop()).toBe(plain.pop() ?? null)
    } else if (plain.length > 0) {
      const [one] = plain.splice(below(plain.length), 1) as [One]
      list.remove(one)
      list.remove(one)
      expect([one.older, one.newer, one.isListed]).toEqual([null, null, false])
    }
    expect(list.length).toBe(plain.length)
    expect(list.oldest).toBe(plain[0] ?? null)
  }
  while (plain.length > 0) expect(list.pop()).toBe(plain.pop() ?? null)
  expect(list.pop()).toBeNull()
})

test('what left keeps none of the others alive', () => {
  const list = new Recent<One>()
  const [a, b, c] = [new One(1), new One(2), new One(3)] as const
  for (const one of [a, b, c]) list.push(one)
  list.remove(b)
  expect([a.newer, c.older]).toEqual([c, a])
  expect([b.newer, b.older]).toEqual([null, null])
})
