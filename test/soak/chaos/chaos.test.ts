import { expect, test } from 'bun:test'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { socketsOfRun } from '../../support/sockets.ts'
import { soakChaos } from './chaos.ts'

test('among servers that fail in all ways nothing is done twice, cut unseen, given up too early or miscounted', async () => {
  const random = seededRandom(seedOfRun())
  const { problems, notes } = await soakChaos({ seconds: 3, kind: socketsOfRun(), random, workers: 4 })
  expect(problems, `seed ${random.seed}\n${notes.join('\n')}`).toEqual([])
})
