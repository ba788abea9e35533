import { beforeEach, expect, test } from 'bun:test'
import { PourLine, type Pourer } from '../../../server/sockets/pour-line.ts'
import { tellBugsTo } from '../../../server/lib/bug.ts'
import { writeBug } from '../turn/sockets/net.ts'

let line: PourLine
let order: string[]

beforeEach(() => {
  line = new PourLine()
  order = []
})

class One implements Pourer {
  isLined = false
  readonly name: string
  readonly #goesOn: boolean
  constructor(name: string, goesOn = true) {
    this.name = name
    this.#goesOn = goesOn
  }
  pourShare(): void {
    order.push(this.name)
    if (this.#goesOn) line.add(this)
  }
  confused(): void {
    order.push(`${this.name} is confused`)
  }
}

const several = (count: number): One[] => Array.from({ length: count }, (_, i) => new One(String(i)))

test('in a turn one of eight has a share, one at least, and who had one stands behind the others', () => {
  for (const one of several(4)) line.add(one)
  for (let turn = 0; turn < 6; turn++) line.pour()
  expect(order).toEqual(['0', '1', '2', '3', '0', '1'])
  order.length = 0
  line = new PourLine()
  for (const one of several(17)) line.add(one)
  line.pour()
  expect(order).toEqual(['0', '1', '2'])
  line.pour()
  expect(order.slice(3)).toEqual(['3', '4', '5'])
})

test('who waits already is not added again, and an empty line pours nothing', () => {
  const one = new One('one', false)
  line.add(one)
  line.add(one)
  expect(line.length).toBe(1)
  line.pour()
  line.pour()
  expect([order, line.length, one.isLined]).toEqual([['one'], 0, false])
})

test('what one of them throws is told, and costs the others nothing', () => {
  const bugs: unknown[] = []
  tellBugsTo((error) => void bugs.push(error))
  const thrown = new Error('in a share')
  const bad = new One('bad')
  bad.pourShare = () => {
    throw thrown
  }
  line.add(bad)
  for (const one of several(9)) line.add(one)
  line.pour()
  tellBugsTo(writeBug)
  expect(bugs).toEqual([thrown])
  expect(order).toEqual(['bad is confused', '0'])
})
