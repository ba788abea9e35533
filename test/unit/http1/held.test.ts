import { afterEach, describe, expect, test } from 'bun:test'
import { Held as Counted } from '../../../server/http1/held.ts'
import { lend, takeBack } from '../../../server/lib/read-piece.ts'
import { seedOfRun, seededRandom } from '../../support/random.ts'

// What is held is counted for the whole process: none is left for the tests behind these.
const all: Counted[] = []
class Held extends Counted {
  constructor() {
    super()
    all.push(this)
  }
}
afterEach(() => {
  for (const held of all.splice(0)) held.clear()
})

describe('held bytes', () => {
  test('are those that were added, in order, whatever their pieces', () => {
    const seed = seedOfRun()
    const random = seededRandom(seed)
    for (let round = 0; round < 200; round++) {
      const held = new Held()
      const pieces = Array.from({ length: random.below(40) }, () =>
        Buffer.from(random.bytes(random.below(300))),
      )
      for (const [n, piece] of pieces.entries()) {
        if (n === 0) held.keep(piece)
        else held.add(piece)
        // Scanned and found incomplete: taken, and held again.
        const taken = random.below(3) === 0 ? held.take() : null
        if (taken) held.keep(taken)
      }
      const all = Buffer.concat(pieces)
      expect({ seed, bytes: held.bytes ?? Buffer.alloc(0), length: held.length }).toEqual({
        seed,
        bytes: all,
        length: all.length,
      })
    }
  })

  test('that come one by one are copied now and then, not all for each', () => {
    const held = new Held()
    const memories = new Set<ArrayBufferLike>()
    for (let n = 0; n < 60_000; n++) {
      held.add(Buffer.from('x'))
      const bytes = held.take() as Buffer
      memories.add(bytes.buffer)
      held.keep(bytes)
    }
    expect(held.length).toBe(60_000)
    expect(memories.size).toBeLessThan(12)
  })

  test('do not change once another has them', () => {
    const held = new Held()
    held.add(Buffer.from('first'))
    held.add(Buffer.from('second'))
    const whole = held.take() as Buffer
    held.keep(whole.subarray(5))
    held.add(Buffer.from('!'))
    expect(String(held.bytes)).toBe('second!')
    held.take()
    held.add(Buffer.from('other'))
    expect([String(whole), String(held.bytes)]).toEqual(['firstsecond', 'other'])
  })

  test('are copied where they were only lent', () => {
    const read = Buffer.from('what was read')
    lend(read.buffer)
    const [whole, part] = [new Held(), new Held()]
    whole.keep(read)
    part.keep(read.subarray(5))
    read.fill(0xdd)
    takeBack(read.buffer)
    expect([String(whole.bytes), String(part.bytes)]).toEqual(['what was read', 'was read'])
  })

  test('that are let go leave nothing behind', () => {
    const held = new Held()
    held.add(Buffer.from('a'))
    held.clear()
    expect([held.bytes, held.length, held.take()]).toEqual([null, 0, null])
  })
})
