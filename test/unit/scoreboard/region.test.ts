import { bytesOf, PERMITS } from '../../../server/scoreboard/layout.ts'
import { afterAll, describe, expect, test } from 'bun:test'
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createRegion,
  growRegion,
  mapRegion,
  privateRegion,
  scoreboardOn,
  type Region,
} from '../../../server/scoreboard/region.ts'
import type { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import { waitFor } from '../../support/wait.ts'

const made: Region[] = []
const region = (records: number, rows: number): Region => {
  const one = createRegion(records, rows)
  made.push(one)
  return one
}
afterAll(() => {
  for (const { fd } of made) if (fd !== null) closeSync(fd)
})

const HAMMER = new URL('./hammer.ts', import.meta.url).pathname

function spawn({ fd }: Region, ...words: (string | number)[]) {
  return Bun.spawn([process.execPath, HAMMER, ...words.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit', fd ?? undefined],
  })
}

/** Lets the processes that wait for each other begin. */
async function begin(board: Scoreboard, processes: number): Promise<void> {
  await waitFor(() => board.epoch(3) === processes)
  board.setState(3, 1)
}

describe('the file', () => {
  test('is private, whole and has no name', () => {
    const { fd, bytes } = region(100, 3)
    const stat = fstatSync(fd ?? -1)
    expect(stat.mode & 0o777).toBe(0o600)
    expect(stat.size).toBe(bytesOf(100, 3))
    expect(stat.blocks * 512).toBeGreaterThanOrEqual(stat.size) // no holes
    expect(stat.nlink).toBe(0)
    expect(readlinkSync(`/proc/self/fd/${fd}`)).toContain('/dev/shm/')
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith(`sluice-${process.pid}-`))).toEqual([])
    expect(bytes.subarray(64).every((byte) => byte === 0)).toBe(true)
  })

  test('that is no scoreboard is refused', () => {
    const folder = mkdtempSync(join(tmpdir(), 'region-'))
    const fd = openSync(join(folder, 'x'), 'wx+')
    expect(() => mapRegion(fd)).toThrow('is empty')
    Bun.spawnSync(['sh', '-c', `head -c 256 /dev/zero > ${join(folder, 'x')}`])
    expect(() => mapRegion(fd)).toThrow('is not a scoreboard')
    closeSync(fd)
    rmSync(folder, { recursive: true })
  })

  test('grows with its cells, and never shrinks', () => {
    const small = region(2, 1)
    scoreboardOn(small, 0).count(1, false)
    const large = growRegion(small, 5000)
    const board = scoreboardOn(large, 0)
    expect(board.records).toBe(5000)
    expect(board.requests(1)).toBe(1)
    expect(growRegion(large, 10)).toBe(large)
    const stat = fstatSync(large.fd ?? -1)
    expect(stat.blocks * 512).toBeGreaterThanOrEqual(stat.size)
  })

  test('is not needed by one process alone', () => {
    const small = privateRegion(2, 1)
    scoreboardOn(small, 0).count(1, false)
    const large = growRegion(small, 4)
    expect(scoreboardOn(large, 0).requests(1)).toBe(1)
    expect(large.records).toBe(4)
    expect(large.fd).toBeNull()
  })
})

/** One of them alone may get nothing: while it runs, those that hold all places may not. */
function expectWithin(all: readonly { readonly held: number; readonly tooMany: number }[]): void {
  expect(all.reduce((sum, { held }) => sum + held, 0)).toBeGreaterThan(0)
  expect(all.map(({ tooMany }) => tooMany)).toEqual(all.map(() => 0))
}

describe('several processes', () => {
  test('lose no count', async () => {
    const shared = region(4, 3)
    const times = 500_000
    const children = [0, 1, 2].map((row) => spawn(shared, 'count', row, times))
    const board = scoreboardOn(shared, -1)
    await begin(board, 3)
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0])
    expect(board.epoch(1)).toBe(3 * times)
    expect(board.nextCursor(1)).toBe(3 * times)
    expect(board.requests(2)).toBe(3 * times)
    expect(board.failures(2)).toBe((3 * times) / 4)
    expect([board.bytesIn(2), board.bytesOut(2)]).toEqual([3 * times, 6 * times])
    expect(board.inFlight(2)).toBe((3 * times) / 2)
    expect(board.acceptedConnections()).toBe(3 * times)
    expect(board.activeConnections()).toBe((3 * times) / 2)
  })

  test('never take more places than there are, reconciled all the while', async () => {
    const shared = region(4, 4)
    const board = scoreboardOn(shared, -1)
    const children = [0, 1, 2, 3].map((row) => spawn(shared, 'places', row, 500_000, 2))
    await begin(board, 4)
    const results = children.map(async (child) => JSON.parse(await child.stdout.text()))
    let isOver = false
    const all = Promise.all(results).finally(() => (isOver = true))
    await waitFor(() => (board.reconcile(), isOver), { everyMs: 1 })
    expectWithin(await all)
    board.reconcile()
    expect(board.inFlight(2)).toBe(0)
  })

  test('hold no more permits than there are', async () => {
    const shared = region(4, 4)
    const board = scoreboardOn(shared, -1)
    const children = [0, 1, 2, 3].map((row) => spawn(shared, 'permits', row, 200_000, 2))
    await begin(board, 4)
    expectWithin(await Promise.all(children.map(async (child) => JSON.parse(await child.stdout.text()))))
    expect(board.gauges.held(2, PERMITS)).toBe(0)
  })

  test('lose no attempt that a breaker counts, and open it one at a time', async () => {
    const shared = region(4, 4)
    const board = scoreboardOn(shared, -1)
    const rounds = 100_000
    const children = [0, 1, 2, 3].map((row) => spawn(shared, 'circuits', row, rounds))
    await begin(board, 4)
    const told: { opened: number; tooMany: number }[] = await Promise.all(
      children.map(async (child) => JSON.parse(await child.stdout.text())),
    )
    // One may find it open each time, where who opened it has to wait for a processor.
    expect(told.some(({ opened }) => opened > 0)).toBe(true)
    expect(told.map(({ tooMany }) => tooMany)).toEqual([0, 0, 0, 0])
    const window = { total: 0, failed: 0, slow: 0 }
    expect(board.circuits.read(2, 7, window)).toBe(true)
    expect(window).toEqual({ total: 4 * rounds, failed: rounds, slow: 2 * rounds })
  })

  test('give back what a killed one held', async () => {
    const shared = region(4, 2)
    const [killed, living] = [spawn(shared, 'hold', 0, 50), spawn(shared, 'hold', 1, 7)]
    const board = scoreboardOn(shared, -1)
    await waitFor(() => board.requests(2) === 57)
    killed.kill('SIGKILL')
    await killed.exited
    expect(board.inFlight(2)).toBe(57)
    board.clearRow(0)
    expect(board.inFlight(2)).toBe(7)
    expect(board.activeConnections()).toBe(7)
    expect(board.requests(2)).toBe(57)
    living.kill('SIGKILL')
    await living.exited
  })

  test('go on while the region grows', async () => {
    const shared = region(4, 2)
    const children = [0, 1].map((row) => spawn(shared, 'grow', row))
    const before = scoreboardOn(shared, -1)
    await waitFor(() => before.requests(2) > 20)
    const grown = growRegion(shared, 2000)
    const board = scoreboardOn(grown, -1)
    await waitFor(() => board.requests(1999) > 0)
    await waitFor(() => board.requests(2) > 100)
    board.setState(1, 1)
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0])
    expect(before.requests(2)).toBe(board.requests(2))
  })
})
