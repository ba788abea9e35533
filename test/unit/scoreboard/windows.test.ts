import { afterAll, describe, expect, test } from 'bun:test'
import { closeSync } from 'node:fs'
import { mapFile } from '../../../server/scoreboard/file.ts'
import { Windows } from '../../../server/scoreboard/windows.ts'
import { seededRandom } from '../../support/random.ts'

const START_MS = 5_000_000
const MIB = 2 ** 20
const SECONDS = { requests: 10, perMs: 7000 }

function makeWindow(span = SECONDS, startMs = START_MS) {
  const windows = Windows.private(MIB)
  const window = windows.window('a', span)
  let nowMs = startMs
  return {
    windows,
    window,
    now: () => nowMs,
    take: (count = 1, key = 'k') => windows.take(window, key, nowMs, count),
    waitMs: (count = 1, key = 'k') => windows.waitMs(window, key, nowMs, count),
    counted: (key = 'k') => windows.counted(window, key, nowMs),
    wait: (ms: number) => void (nowMs += ms),
    passed: (count: number, key = 'k') => {
      let passed = 0
      for (let i = 0; i < count; i++) if (windows.take(window, key, nowMs) >= 0) passed++
      return passed
    },
  }
}

describe('a sliding window', () => {
  test('lets all pass at once, and forgets them between its length and a seventh more', () => {
    const { passed, wait, take, waitMs } = makeWindow({ requests: 3, perMs: 7000 }, 7_000_400)
    expect([take(), take(), take(), take()]).toEqual([2, 1, 0, -1])
    // They came 400 ms after the slice of a second began: it is the last to be forgotten.
    expect(waitMs()).toBe(7600)
    wait(7599)
    expect(passed(5)).toBe(0)
    expect(waitMs()).toBe(1)
    wait(1)
    expect(passed(5)).toBe(3)
  })

  test('counts requests of several at once, and says when there is room for those', () => {
    const { take, wait, waitMs, counted } = makeWindow(SECONDS, 7_000_000)
    expect(take(6)).toBe(4)
    wait(2000)
    expect(take(3)).toBe(1)
    expect(take(2)).toBe(-1)
    expect([waitMs(1), waitMs(2), waitMs(7), waitMs(8)]).toEqual([1, 6000, 6000, 8000])
    expect(counted()).toBe(9)
    wait(6000)
    expect(take(7)).toBe(0)
    expect(take(11)).toBe(-11)
  })

  test('that was left alone for long is empty', () => {
    for (let ms = 7_000; ms < 3_000_000; ms += 99_991) {
      const { passed, wait } = makeWindow({ requests: 5, perMs: 1000 })
      passed(5)
      wait(ms)
      expect(passed(9)).toBe(5)
    }
  })

  test('is one for each key and limit; another number goes on with what is counted, another length anew', () => {
    const windows = Windows.private(MIB)
    const take = (name: string, span: typeof SECONDS, key: string): number =>
      windows.take(windows.window(name, span), key, START_MS)
    const span = { requests: 2, perMs: 1000 }
    expect([take('a', span, 'k'), take('a', span, 'k'), take('a', span, 'k')]).toEqual([1, 0, -1])
    expect([take('a', span, 'l'), take('b', span, 'k')]).toEqual([1, 1])
    expect(take('a', { ...span, requests: 4 }, 'k')).toBe(1)
    expect(take('a', { ...span, requests: 1 }, 'k')).toBe(-3)
    expect(take('a', { ...span, perMs: 2000 }, 'k')).toBe(1)
  })

  test.each([
    ['all at once, again and again', 1],
    ['now and then', 300],
    ['seldom', 2500],
  ])('never lets more pass in any time of its length: %s', (_, gapMs) => {
    const { next: random } = seededRandom(gapMs)
    for (const requests of [1, 4, 25]) {
      const { take, wait, now } = makeWindow({ requests, perMs: 7000 }, START_MS + random() * 7000)
      const passed: number[] = []
      for (let i = 0; i < 3000; i++) {
        wait(random() < 0.02 ? random() * 9000 : random() * gapMs)
        if (take() >= 0) passed.push(now())
      }
      expect(passed.length).toBeGreaterThan(requests)
      const most = passed.map((from, place) => {
        let end = place
        while (end < passed.length && (passed[end] as number) < from + 7000) end++
        return end - place
      })
      if (gapMs > 1000) expect(Math.max(...most)).toBeLessThanOrEqual(requests)
      else expect(Math.max(...most)).toBe(requests)
      // And no fewer than as many in an eighth more, of who asks all the time.
      if (gapMs > 1) continue
      const spanMs = now() - (passed[0] as number)
      expect(passed.length).toBeGreaterThanOrEqual(Math.floor(spanMs / 8000 - 100) * requests)
    }
  })

  test('a process whose clock is behind counts in the slice of the others', () => {
    const windows = Windows.private(MIB)
    const window = windows.window('a', { requests: 4, perMs: 7000 })
    const take = (ms: number): number => windows.take(window, 'k', ms)
    expect([take(7_001_001), take(7_000_999), take(7_000_002)]).toEqual([3, 2, 1])
    // What they have counted is forgotten with that slice.
    expect(take(7_008_999)).toBe(0)
    expect(windows.counted(window, 'k', 7_009_001)).toBe(1)
  })
})

describe('memory', () => {
  test('has the size that was allowed', () => {
    for (const bytes of [1000, 65_536, 8 * MIB]) {
      const size = Windows.sizeWithin(bytes)
      expect(size).toBeLessThanOrEqual(bytes)
      expect(size + 161 * 4).toBeGreaterThan(bytes)
    }
  })

  test('an abuser stays refused among many keys, and idle keys make room for free', () => {
    const windows = Windows.private(MIB)
    const window = windows.window('a', { requests: 5, perMs: 60_000 })
    const abuse = (ms: number): boolean => windows.take(window, 'abuser', ms) >= 0
    for (let i = 0; i < 5; i++) expect(abuse(START_MS)).toBe(true)
    let refused = 0
    for (let i = 0; i < 100_000; i++) {
      if (windows.take(window, `flood ${i}`, START_MS + i / 10) < 0) refused++
      if (i % 1000 === 0 && abuse(START_MS + i / 10)) refused++
    }
    expect(refused).toBe(0)
    expect(windows.evicted).toBeGreaterThan(70_000)
    expect(windows.bytes).toBeLessThanOrEqual(MIB)
    const evicted = windows.evicted
    for (let i = 0; i < 10_000; i++) windows.take(window, `later ${i}`, START_MS + 200_000)
    expect(windows.evicted).toBe(evicted)
  })

  test('keys that somebody makes up lie elsewhere in each memory, and no look is longer than a group', () => {
    const groupsOf = (windows: Windows): number => {
      const window = windows.window('a', { requests: 1, perMs: 60_000 })
      for (let i = 0; i < 40; i++) windows.take(window, `flood ${i}`, START_MS)
      return windows.evicted
    }
    // 40 keys of one group would push out 24 of them.
    for (let i = 0; i < 20; i++) expect(groupsOf(Windows.private(MIB))).toBeLessThan(5)
  })
})

describe('processes', () => {
  const files: number[] = []
  afterAll(() => files.forEach((fd) => closeSync(fd)))

  const TAKER = new URL('./bucket-taker.ts', import.meta.url).pathname

  /** Starts four that begin at once; what each says. */
  async function results<T>(fd: number, ...words: string[]): Promise<T[]> {
    const takers = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, TAKER, ...words], { stdio: ['pipe', 'pipe', 'inherit', fd] }),
    )
    const readers = takers.map(({ stdout }) => stdout.getReader())
    await Promise.all(readers.map((reader) => reader.read()))
    for (const { stdin } of takers) stdin.end()
    return Promise.all(
      readers.map(async (reader) => {
        let text = ''
        for (let part = await reader.read(); !part.done; part = await reader.read())
          text += Buffer.from(part.value).toString()
        return JSON.parse(text) as T
      }),
    )
  }

  function makeShared() {
    const fd = Windows.createFile(null)
    Windows.sizeFile(fd, MIB)
    files.push(fd)
    return { fd, windows: Windows.shared(fd) }
  }

  test('together let exactly as many pass of each key', async () => {
    const { fd } = makeShared()
    const said = await results<{ passed: number[]; uncounted: number }>(fd, 'windows-still', '300', '60')
    const uncounted = said.reduce((sum, one) => sum + one.uncounted, 0)
    const sums = Array.from({ length: 300 }, (_, key) => said.reduce((sum, one) => sum + one.passed[key]!, 0))
    for (const sum of sums) expect(sum).toBeGreaterThanOrEqual(50)
    expect(sums.reduce((sum, one) => sum + one, 0) - uncounted).toBe(300 * 50)
    expect(uncounted).toBeLessThanOrEqual(3 * 4)
  }, 60_000)

  test('never let more pass in any time of a window while slices come and go', async () => {
    const { fd } = makeShared()
    const said = await results<[number, number][]>(fd, 'windows-moving', '1', '1800')
    // Each by when it was asked and when it was answered: those that lie wholly within a window count.
    const passed = said.flat().toSorted((one, other) => one[0] - other[0])
    expect(passed.length).toBeGreaterThan(200)
    let most = 0
    for (let place = 0; place < passed.length; place++) {
      const end = passed[place]![0] + 1000
      let within = 0
      for (let i = place; i < passed.length && passed[i]![0] < end; i++) if (passed[i]![1] < end) within++
      most = Math.max(most, within)
    }
    expect(most).toBeLessThanOrEqual(200)
  }, 60_000)

  test('one that died while it added a key holds its group for a second', () => {
    const { fd, windows } = makeShared()
    const ints = new Int32Array(mapFile(fd).buffer)
    for (let group = 64; group < ints.length; group += 161) ints[group] = START_MS
    const window = windows.window('a', { requests: 1, perMs: 60_000 })
    expect(windows.take(window, 'k', START_MS + 999)).toBe(0)
    expect(windows.lastUncounted).toBe(true)
    expect(windows.take(window, 'k', START_MS + 1000)).toBe(0)
    expect(windows.take(window, 'k', START_MS + 1000)).toBe(-1)
    expect(windows.uncounted).toBe(1)
  })
})
