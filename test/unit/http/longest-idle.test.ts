import { expect, test } from 'bun:test'
import { longestIdle } from '../../../server/http/longest-idle.ts'
import type { ClientConnection } from '../../../server/http/ends.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

const seed = seedOfRun()

test(`those idle longest are found among any, in that order, and busy ones never (seed ${seed})`, () => {
  const random = seededRandom(seed)
  for (let n = 0; n < 200; n++) {
    const since = Array.from({ length: random.below(40) }, () =>
      random.below(3) === 0 ? Number.NaN : random.below(50),
    )
    const count = random.below(8)
    const all = since.map((idleSinceMs) => ({ idleSinceMs }) as ClientConnection)
    const expected = since.filter((one) => !Number.isNaN(one)).toSorted((a, b) => a - b)
    expect(longestIdle(all, count).map(({ idleSinceMs }) => idleSinceMs)).toEqual(expected.slice(0, count))
  }
})
