// The short forms of the soak of TLS and of that of swapped certificates, on the best kind of sockets alone:
// the long ones take any (npm run soak).
import { expect, test } from 'bun:test'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { soakSwaps } from '../soak/swaps.ts'
import { soakTls } from '../soak/tls.ts'

test('after some seconds of TLS of all kinds, reloads and a killed worker nothing of it is left', async () => {
  const random = seededRandom(seedOfRun())
  const kind = socketsOfRun()
  // As of sockets: memory is a matter of the long form.
  const { problems, notes } = await soakTls({ seconds: 4, kind, random, workers: 2, growthMax: 128 << 20 })
  expect(problems, `seed ${random.seed}\n${notes.join('\n')}`).toEqual([])
}, 120_000)

test('while the files of certificates are replaced no handshake fails', async () => {
  const random = seededRandom(seedOfRun())
  const { problems, notes } = await soakSwaps({ swaps: 4, kind: socketsOfRun(), random })
  expect(problems, `seed ${random.seed}\n${notes.join('\n')}`).toEqual([])
}, 120_000)
