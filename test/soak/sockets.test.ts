import { expect, test } from 'bun:test'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { soakRequests } from './requests.ts'
import { soakSockets } from './sockets.ts'

test('after some seconds of connections of all kinds, reloads and a killed worker nothing of them is left', async () => {
  const random = seededRandom(seedOfRun())
  const kind = socketsOfRun()
  // So soon a heap is not at its size: memory is a matter of the long form.
  const { problems, notes } = await soakSockets({ seconds: 8, kind, random, workers: 2, growthMax: 96 << 20 })
  expect(problems, `seed ${random.seed}\n${notes.join('\n')}`).toEqual([])
})

test('of twenty thousand answers each has the bytes that it should have', async () => {
  expect(await soakRequests({ count: 20_000, kind: socketsOfRun(), workers: 1 })).toMatchObject({
    problems: [],
  })
})
