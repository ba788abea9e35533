// Limits over several processes that are killed at any moment, between the two steps of what they do as well.
import { afterAll, expect, test } from 'bun:test'
import { closeSync } from 'node:fs'
import { createFile, mapFile } from '../../../server/scoreboard/file.ts'
import { CARRIED, PERMITS, RETRIES } from '../../../server/scoreboard/layout.ts'
import { Leases } from '../../../server/scoreboard/leases.ts'
import { createRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { sendSignal } from '../../support/processes.ts'
import { waitFor } from '../../support/wait.ts'
import { ENDING, HELD, KEYS, LIMITS, LIVES, ROUNDS, TOO_MANY } from './mortals.ts'

const ROWS = 4
const DEATHS = 20
const MORTAL = new URL('./mortal.ts', import.meta.url).pathname

const random = seededRandom(seedOfRun())
const region = createRegion(4, ROWS)
const board = scoreboardOn(region, -1)
const leasesFd = Leases.createFile(null)
// Of one group: keys must give cells to each other.
Leases.sizeFile(leasesFd, 1, ROWS)
board.leases = Leases.shared(leasesFd, ROWS, -1)
board.leases.open()
const toldFd = createFile(4096, null)
const told = new Int32Array(mapFile(toldFd).buffer)
afterAll(() => {
  for (const fd of [region.fd ?? -1, leasesFd, toldFd]) closeSync(fd)
})

/** Most die of themselves, in the midst of a step; others live until they are killed. */
const begin = (row: number) =>
  Bun.spawn(
    [
      ...[process.execPath, '--no-env-file', MORTAL, String(row), String(ROWS)],
      ...[String(1 + random.below(2 ** 31)), random.below(4) === 0 ? 'lives' : 'dies'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit', region.fd ?? undefined, leasesFd, toldFd] },
  )

let deaths = 0

/** Workers of a row, one after the other, each taken back from as the supervisor does. */
async function follow(row: number): Promise<void> {
  while (told[ENDING] === 0) {
    told[LIVES + row] = 0
    const child = begin(row)
    let isGone = false
    const exit = child.exited.finally(() => (isGone = true))
    await Promise.race([exit, waitFor(() => told[LIVES + row] === 1 || isGone)])
    const rounds = told[ROUNDS]! + random.below(20_000)
    await Promise.race([exit, waitFor(() => told[ROUNDS]! > rounds || told[ENDING] !== 0 || isGone)])
    if (!isGone && told[ENDING] === 0) sendSignal(child.pid, 'SIGKILL')
    await exit
    if (child.signalCode === null) continue
    // What it told first: it held that.
    for (const [at] of Object.values(LIMITS)) Atomics.and(told, HELD + at, ~(255 << (8 * row)))
    board.clearRow(row)
    if (++deaths === DEATHS) Atomics.store(told, ENDING, 1)
  }
}

test('limits are never passed, and nothing is held at the end, whenever processes die', async () => {
  const reconciling = setInterval(() => board.reconcile(), 1)
  await Promise.all(Array.from({ length: ROWS }, (_, row) => follow(row)))
  clearInterval(reconciling)
  for (let i = 0; i < 8; i++) board.reconcile()

  const passed = Object.keys(LIMITS).filter(
    (name) => told[TOO_MANY + LIMITS[name as keyof typeof LIMITS][0]] !== 0,
  )
  expect({ seed: random.seed, passed }).toEqual({ seed: random.seed, passed: [] })
  const { gauges, leases } = board
  const held = [board.inFlight(2), gauges.held(2, PERMITS), gauges.held(1, RETRIES), gauges.held(1, CARRIED)]
  expect({ seed: random.seed, held }).toEqual({ seed: random.seed, held: [0, 0, 0, 0] })
  const names = leases.names('rules.r')
  const keys = ['lease a', 'lease b', ...Array.from({ length: KEYS }, (_, n) => `k${n}`)]
  expect(keys.filter((key) => leases.held(names, key) !== 0)).toEqual([])
  // Nor has a total become too low.
  for (const [name, most] of [
    ['lease a', 2],
    ['lease b', 3],
  ] as const) {
    const one = Leases.shared(leasesFd, ROWS, 0)
    const own = one.names('rules.r')
    const got = Array.from({ length: most + 1 }, () => one.take(own, name, most, 10_000_000))
    expect(got.map((at) => at >= 0)).toEqual([...Array(most).fill(true), false])
  }
  expect(deaths).toBeGreaterThanOrEqual(DEATHS)
}, 60_000)
