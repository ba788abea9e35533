import { afterAll, describe, expect, test } from 'bun:test'
import { closeSync } from 'node:fs'
import { Buckets, type Rate } from '../../../server/scoreboard/buckets.ts'
import { mapFile } from '../../../server/scoreboard/file.ts'
import { pause } from '../../support/wait.ts'
import { sendSignal } from '../../support/processes.ts'

const START_MS = 5_000_000
const MIB = 2 ** 20

/** A bucket and a clock. */
function makeBucket(rate: Rate, startMs = START_MS) {
  const buckets = Buckets.private(MIB)
  const limit = buckets.limit('a', rate)
  let nowMs = startMs
  return {
    buckets,
    passes: (key = 'k') => buckets.take(limit, key, nowMs) >= 0,
    /** In tokens. */
    left: (key = 'k') => buckets.take(limit, key, nowMs) / limit.token,
    wait: (ms: number) => void (nowMs += ms),
    /** How many of so many pass. */
    passed: (count: number, key = 'k') => {
      let passed = 0
      for (let i = 0; i < count; i++) if (buckets.take(limit, key, nowMs) >= 0) passed++
      return passed
    },
  }
}

describe('a bucket', () => {
  test('gives its burst at once, then what comes back', () => {
    const bucket = makeBucket({ tokens: 10, perMs: 1000, burst: 20 })
    expect(bucket.passed(100)).toBe(20)
    bucket.wait(99)
    expect(bucket.passed(100)).toBe(0)
    bucket.wait(1)
    expect(bucket.passed(100)).toBe(1)
    bucket.wait(1050)
    expect(bucket.passed(100)).toBe(10)
    bucket.wait(3_600_000)
    expect(bucket.passed(100)).toBe(20)
  })

  test('says what is left, and when the next token comes', () => {
    const bucket = makeBucket({ tokens: 1, perMs: 1000, burst: 2 })
    expect([bucket.left(), bucket.left(), bucket.left()]).toEqual([1, 0, -1])
    bucket.wait(500)
    expect(bucket.left()).toBe(-0.5)
  })

  test.each<[string, Rate]>([
    ['a million a second', { tokens: 1_000_000, perMs: 1000, burst: 1000 }],
    ['three in seven seconds', { tokens: 3, perMs: 7000, burst: 1 }],
    ['one in 24 days', { tokens: 1, perMs: 24 * 86_400_000, burst: 3 }],
    ['ten million a second', { tokens: 10_000, perMs: 1, burst: 10_000_000 }],
  ])('%s: as many as the rate, whatever the steps of the clock and however long it has run', (_, rate) => {
    for (const startMs of [0, 1, 86_400_000 * 3650]) {
      const bucket = makeBucket(rate, startMs)
      const tokenMs = rate.perMs / rate.tokens
      let passed = bucket.passed(rate.burst > 10_000 ? 10_000 : rate.burst + 5)
      expect(passed).toBe(Math.min(rate.burst, 10_000))
      if (rate.burst > 10_000) continue
      let waitedMs = 0
      for (const share of [0.3, 0.9, 1.7, 0.05, 2.5, 0.61].flatMap((one) =>
        Array.from({ length: 20 }, () => one),
      )) {
        bucket.wait(share * tokenMs)
        waitedMs += share * tokenMs
        passed += bucket.passed(Math.min(rate.burst, 5))
      }
      const most = rate.burst + waitedMs / tokenMs
      // Doubles of such a clock are coarser than a part of a microsecond.
      expect(passed).toBeLessThanOrEqual(Math.floor(most) + (tokenMs < 0.01 ? 1 : 0))
      // A bucket of one token loses what comes while it is full.
      if (rate.burst > 5) expect(passed).toBeGreaterThanOrEqual(Math.floor(most) - 1)
    }
  })

  test('that was left alone for long is full, wherever its number has got to', () => {
    const rate = { tokens: 1_000_000, perMs: 1000, burst: 100 }
    // Its number goes round each 268 s.
    for (let ms = 1000; ms < 700_000; ms += 997) {
      const bucket = makeBucket(rate)
      bucket.passed(50)
      bucket.wait(ms)
      expect(bucket.passed(200)).toBe(100)
    }
  })

  test('is one for each key and each limit; another burst keeps it, another rate begins anew', () => {
    const buckets = Buckets.private(MIB)
    const take = (name: string, rate: Rate, key: string): boolean =>
      buckets.take(buckets.limit(name, rate), key, START_MS) >= 0
    const rate = { tokens: 1, perMs: 1000, burst: 1 }
    expect(take('a', rate, 'k')).toBe(true)
    expect(take('a', rate, 'k')).toBe(false)
    expect(take('a', rate, 'l')).toBe(true)
    expect(take('b', rate, 'k')).toBe(true)
    expect(take('a', { ...rate, burst: 2 }, 'k')).toBe(true)
    expect(take('a', { ...rate, burst: 2 }, 'k')).toBe(false)
    expect(take('a', { ...rate, burst: 1 }, 'k')).toBe(false)
    expect(take('a', { ...rate, tokens: 2 }, 'k')).toBe(true)
  })

  test('whose burst has shrunk asks for no longer wait than it has now', () => {
    const buckets = Buckets.private(MIB)
    const rate = { tokens: 1, perMs: 1000, burst: 1000 }
    const wide = buckets.limit('a', rate)
    for (let i = 0; i < 1000; i++) buckets.take(wide, 'k', START_MS)
    const narrow = buckets.limit('a', { ...rate, burst: 2 })
    expect(buckets.take(narrow, 'k', START_MS)).toBe(-narrow.token)
  })
})

describe('memory', () => {
  test('has the size that was allowed, and all of it holds keys', () => {
    for (const bytes of [1000, 65_536, 8 * MIB, 9 * MIB]) {
      const size = Buckets.sizeWithin(bytes)
      expect(size).toBeLessThanOrEqual(bytes)
      expect(size + 256).toBeGreaterThan(bytes)
    }
  })

  test('as many keys as there is room for lie in it, but for those of groups that have more than others', () => {
    const buckets = Buckets.private(64 * 1024)
    const limit = buckets.limit('a', { tokens: 1, perMs: 60_000, burst: 1 })
    const places = 255 * 21
    for (let i = 0; i < places; i++) buckets.take(limit, `key ${i}`, START_MS)
    expect(buckets.evicted / places).toBeLessThan(0.2)
    let known = 0
    for (let i = places - 500; i < places; i++) if (buckets.take(limit, `key ${i}`, START_MS) < 0) known++
    expect(known).toBeGreaterThan(400)
  })

  test('a million keys: an abuser stays refused, and newcomers are served', () => {
    const buckets = Buckets.private(MIB)
    const limit = buckets.limit('a', { tokens: 1, perMs: 60_000, burst: 20 })
    const abusers = Array.from({ length: 50 }, (_, i) => `abuser ${i}`)
    for (const abuser of abusers) for (let i = 0; i < 25; i++) buckets.take(limit, abuser, START_MS)
    let refused = 0
    for (let i = 0; i < 1_000_000; i++) {
      if (buckets.take(limit, `flood ${i}`, START_MS + i / 100) < 0) refused++
      // They keep coming, as abusers do.
      if (i % 20_000 === 0) for (const abuser of abusers) buckets.take(limit, abuser, START_MS + i / 100)
    }
    expect(refused).toBe(0)
    expect(buckets.bytes).toBeLessThanOrEqual(MIB)
    expect(buckets.evicted).toBeGreaterThan(900_000)
    // Ten seconds have passed: nobody has got a token back.
    const freed = abusers.filter((abuser) => buckets.take(limit, abuser, START_MS + 10_000) >= 0)
    expect(freed).toEqual([])
    expect(buckets.take(limit, 'newcomer', START_MS + 10_000)).toBe(19 * limit.token)
  })

  test('keys whose buckets are full again cost nothing: nobody makes room', () => {
    const buckets = Buckets.private(MIB)
    const limit = buckets.limit('a', { tokens: 100, perMs: 1000, burst: 1 })
    for (let i = 0; i < 300_000; i++) buckets.take(limit, `key ${i}`, START_MS + i / 2)
    expect(buckets.evicted).toBe(0)
  })
})

describe('processes', () => {
  const files: number[] = []
  afterAll(() => files.forEach((fd) => closeSync(fd)))

  function makeShared() {
    const fd = Buckets.createFile(null)
    Buckets.sizeFile(fd, MIB)
    files.push(fd)
    return { fd, buckets: Buckets.shared(fd) }
  }

  const TAKER = new URL('./bucket-taker.ts', import.meta.url).pathname
  const start = (fd: number, ...words: (string | number)[]) =>
    Bun.spawn([process.execPath, TAKER, ...words.map(String)], {
      stdio: ['pipe', 'pipe', 'inherit', fd],
    })
  type Taker = ReturnType<typeof start>

  /** Lets all begin at once; what each says. */
  async function results<T>(takers: readonly Taker[]): Promise<T[]> {
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

  test('together give exactly the burst of each key', async () => {
    const { fd } = makeShared()
    const takers = Array.from({ length: 4 }, () => start(fd, 'still', 500, 200))
    const said = await results<{ passed: number[]; uncounted: number }>(takers)
    const uncounted = said.reduce((sum, one) => sum + one.uncounted, 0)
    const sums = Array.from({ length: 500 }, (_, key) => said.reduce((sum, one) => sum + one.passed[key]!, 0))
    for (const sum of sums) expect(sum).toBeGreaterThanOrEqual(50)
    expect(sums.reduce((sum, one) => sum + one, 0) - uncounted).toBe(500 * 50)
    // Only where a process was stopped just while it added a key: each other one may pass one request.
    expect(uncounted).toBeLessThanOrEqual(3 * 4)
  }, 60_000)

  test('give exactly burst + rate × time while time goes on', async () => {
    const { fd, buckets } = makeShared()
    const takers = Array.from({ length: 3 }, () => start(fd, 'moving', 1, 300_000))
    const said = await results<{ passed: number; firstMs: number; lastMs: number }>(takers)
    const firstMs = Math.min(...said.map((one) => one.firstMs))
    const lastMs = Math.max(...said.map((one) => one.lastMs))
    let passed = said.reduce((sum, one) => sum + one.passed, 0)
    // What is left in the bucket at the end belongs to it.
    const limit = buckets.limit('moving', { tokens: 5000, perMs: 1000, burst: 100 })
    while (buckets.take(limit, 'one', lastMs) >= 0) passed++
    const exact = 100 + (lastMs - firstMs) * 5
    expect(passed).toBeLessThanOrEqual(exact + 1)
    expect(buckets.uncounted).toBe(0)
  }, 60_000)

  test('that die leave nothing that stops the others', async () => {
    const { fd, buckets } = makeShared()
    for (let round = 0; round < 5; round++) {
      const taker = start(fd, 'forever', 5000)
      await taker.stdout.getReader().read()
      taker.stdin.end()
      await pause(0)
      sendSignal(taker.pid, 'SIGKILL')
      await taker.exited
    }
    const limit = buckets.limit('after', { tokens: 1, perMs: 1000, burst: 1 })
    // Later than any lease.
    for (let i = 0; i < 10_000; i++) expect(buckets.take(limit, `k${i}`, START_MS + 1e9)).toBe(0)
    expect(buckets.uncounted).toBe(0)
  }, 60_000)

  test('one that died while it added a key holds its group for a second; meanwhile such keys pass uncounted', () => {
    const { fd, buckets } = makeShared()
    const ints = new Int32Array(mapFile(fd).buffer)
    for (let group = 64; group < ints.length; group += 64) ints[group] = START_MS
    const limit = buckets.limit('a', { tokens: 1, perMs: 60_000, burst: 1 })
    expect(buckets.take(limit, 'k', START_MS + 999)).toBe(0)
    expect(buckets.lastUncounted).toBe(true)
    expect(buckets.take(limit, 'k', START_MS + 1000)).toBe(0)
    expect(buckets.lastUncounted).toBe(false)
    expect(buckets.take(limit, 'k', START_MS + 1000)).toBeLessThan(0)
    expect(buckets.uncounted).toBe(1)
  })
})
