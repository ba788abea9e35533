import { expect, test } from 'bun:test'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { soakTurn } from './turn.ts'

test('after ten seconds of TURN clients that come and go nothing of them is left', async () => {
  const random = seededRandom(seedOfRun())
  const { problems, notes } = await soakTurn({ seconds: 10, isLong: false, random })
  expect(problems, `seed ${random.seed}\n${notes.join('\n')}`).toEqual([])
})
