import { test } from 'bun:test'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { checkAll } from './properties.ts'

test('the readers of heads and chunks never throw, never read past, and say the same however bytes are cut', async () => {
  const seed = seedOfRun()
  for (let round = 0; round < 4000; round++) {
    try {
      await checkAll(seededRandom(seed + round))
    } catch (problem) {
      throw new Error(`SLUICE_SEED=${seed + round}: ${String(problem)}`, { cause: problem })
    }
  }
})
