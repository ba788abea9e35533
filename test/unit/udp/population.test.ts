import { expect, test } from 'bun:test'
import { Population, type Resident } from '../../../server/udp/population.ts'

class Flow implements Resident {
  older: Resident | null = null
  newer: Resident | null = null
  isWeak = false
  isGone = false
  readonly #all: Population

  constructor(all: Population) {
    this.#all = all
    all.add(this)
  }

  evict(): void {
    this.isGone = true
    this.#all.remove(this)
  }
}

const gone = (flows: readonly Flow[]): number[] => flows.flatMap(({ isGone }, i) => (isGone ? [i] : []))

test('the weak flow that was idle longest makes room; one that sent again stands behind the others', () => {
  const all = new Population()
  const flows = [new Flow(all), new Flow(all), new Flow(all)]
  all.touch(flows[0]!)
  expect(all.makeRoom()).toBe(true)
  expect(gone(flows)).toEqual([1])
  expect(all.makeRoom()).toBe(true)
  expect(gone(flows)).toEqual([1, 2])
  expect(all.size).toBe(1)
})

test('an established flow is never evicted, and none makes room for itself', () => {
  const all = new Population()
  const flows = [new Flow(all), new Flow(all)]
  all.establish(flows[0]!)
  expect(all.makeRoom(flows[1]!)).toBe(false)
  expect(all.makeRoom()).toBe(true)
  expect(all.makeRoom()).toBe(false)
  expect(gone(flows)).toEqual([1])
  all.remove(flows[0]!)
  expect(all.size).toBe(0)
})

test('whatever comes and goes, the order holds', () => {
  const all = new Population()
  const flows = Array.from({ length: 6 }, () => new Flow(all))
  all.remove(flows[2]!)
  all.establish(flows[4]!)
  all.touch(flows[5]!)
  all.touch(flows[1]!)
  const order: number[] = []
  while (all.makeRoom()) order.push(gone(flows).find((one) => !order.includes(one))!)
  expect(order).toEqual([0, 3, 5, 1])
})
