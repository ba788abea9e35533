import { expect, test } from 'bun:test'
import { Views } from '../../../server/sockets/views.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

test('a piece is what lies in its block now, of whatever length it was before', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  const size = 9000
  const memory = Buffer.alloc(4 * size)
  const views = new Views(memory, 4, 8)
  for (let round = 0; round < 5000; round++) {
    const block = random.below(4)
    const length = random.below(5) === 0 ? random.below(size + 1) : random.below(40)
    memory[block * size] = round & 0xff
    const piece = views.of(block, block * size, length)
    expect({ seed, round, length: piece.length, at: piece.byteOffset - memory.byteOffset }).toEqual({
      seed,
      round,
      length,
      at: block * size,
    })
    if (length > 0) expect(piece[0]).toBe(round & 0xff)
  }
})

test('short pieces of the same length are one object, so that nothing is allocated for them', () => {
  const views = new Views(Buffer.alloc(2 * 8192), 2, 8)
  const made = new Set<Buffer>()
  for (let round = 0; round < 100; round++)
    for (const [block, length] of [[0, 600], [0, 214], [1, 600], [1, 214]] as const) made.add(views.of(block, block * 8192, length)) // prettier-ignore
  expect(made.size).toBe(4)
})
