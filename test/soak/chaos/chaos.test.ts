import { expect, test } from 'bun:test'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { socketsOfRun } from '../../support/sockets.ts'
import { soakChaos } from './chaos.ts'

test('among servers that fail in all ways, while workers are killed and policies change, nothing is done twice, cut unseen, given up too early, miscounted or kept', async () => {
  const random = seededRandom(seedOfRun())
  // Who was handed over from takes some seconds to end.
  const scene = { isUpgraded: false }
  const { problems, notes } = await soakChaos({ seconds: 2, kind: socketsOfRun(), random, workers: 4, scene })
  expect(problems, `seed ${random.seed}\n${notes.join('\n')}`).toEqual([])
})
