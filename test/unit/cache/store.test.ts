// The store: what it holds, what makes room, what a purge takes out, and who waits for whom.
import { describe, expect, test } from 'bun:test'
import type { EntryParts } from '../../../server/cache/entry.ts'
import { Flights, type Heard } from '../../../server/cache/flights.ts'
import { readPurge } from '../../../server/cache/purge.ts'
import { CacheStore } from '../../../server/cache/store.ts'
import { RequestHead } from '../../../server/head/request-head.ts'

const RULES = {
  default_ttl: 0,
  heuristic: 0,
  stale_while_revalidate: 0,
  stale_if_error: 0,
  status_header: true,
}
const anyone = new RequestHead()
const parts = (body: Buffer, more: Partial<EntryParts> = {}): EntryParts => ({
  head: { status: 200, reason: 'OK', fields: [['Cache-Control', 'max-age=60']] },
  body,
  selecting: [],
  came: { askedMs: 0, answeredMs: 0 },
  rules: RULES,
  tags: [],
  ...more,
})

describe('memory', () => {
  test('is counted, never beyond the limit, and given back to the last byte', () => {
    let seed = 7
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff
      return seed % below
    }
    const store = new CacheStore(200_000, () => 0)
    for (let i = 0; i < 5000; i++) {
      const key = `r\0${random(300)}`
      const selecting = [{ lower: 'x', value: String(random(3)) }]
      store.put(
        key,
        `h/${random(300)}`,
        parts(Buffer.alloc(random(4000)), { selecting, tags: [`t${random(9)}`] }),
      )
      expect(store.figures.bytes).toBeLessThanOrEqual(200_000)
      if (random(50) === 0) store.purge({ is: 'tag', tag: `t${random(9)}` })
    }
    expect(store.figures.evicted).toBeGreaterThan(100)
    store.purge({ is: 'all' })
    expect(store.figures).toMatchObject({ entries: 0, bytes: 0 })
  })

  test('what is larger than all of it is not stored', () => {
    const store = new CacheStore(10_000)
    expect(store.put('r\0a', 'h/a', parts(Buffer.alloc(20_000)))).toBe(false)
    expect(store.figures).toMatchObject({ entries: 0, bytes: 0 })
  })

  test('what is asked for again stays while a crawler passes', () => {
    const store = new CacheStore(100_000)
    for (let i = 0; i < 10; i++) store.put(`r\0hot${i}`, `h/hot${i}`, parts(Buffer.alloc(1000)))
    const touch = (): void => {
      for (let i = 0; i < 10; i++) {
        const entry = store.find(`r\0hot${i}`, anyone)
        if (entry !== null) entry.wasUsed = true
      }
    }
    for (let i = 0; i < 2000; i++) {
      if (i % 10 === 0) touch()
      store.put(`r\0cold${i}`, `h/cold${i}`, parts(Buffer.alloc(1000)))
    }
    const left = Array.from({ length: 10 }, (_, i) => store.find(`r\0hot${i}`, anyone))
    expect(left.filter((one) => one !== null)).toHaveLength(10)
  })

  test('answers that are still coming take a part of it at most', () => {
    const store = new CacheStore(1_000_000)
    expect(store.reserve(250_000)).toBe(true)
    expect(store.reserve(1)).toBe(false)
    store.reserve(-250_000)
    expect(store.reserve(1)).toBe(true)
  })

  test('a smaller limit makes room at once', () => {
    const store = new CacheStore(1_000_000)
    for (let i = 0; i < 100; i++) store.put(`r\0${i}`, `h/${i}`, parts(Buffer.alloc(1000)))
    store.limit(20_000)
    expect(store.figures.bytes).toBeLessThanOrEqual(20_000)
    expect(store.figures.entries).toBeGreaterThan(0)
  })
})

describe('purges', () => {
  const filled = (): CacheStore => {
    const store = new CacheStore(1_000_000)
    for (const place of ['a.test/x', 'a.test/x/1', 'a.test/x?q=1', 'b.test/x', 'b.test/y'])
      store.put(
        `r\0http://${place}`,
        place,
        parts(Buffer.alloc(1), { tags: [place.endsWith('x') ? 'ex' : 'why'] }),
      )
    store.put('other\0http://b.test/y', 'b.test/y', parts(Buffer.alloc(1)))
    return store
  }
  test.each([
    ['https://A.test:8443/x', 1],
    ['a.test/x*', 3],
    ['/x', 2],
    ['/x*', 4],
    ['/*', 6],
    ['b.test/y', 2],
    ['c.test/y', 0],
    ['/x?q=1', 1],
  ])('%s takes out %p', (text, count) => {
    const purge = readPurge(text)
    expect(purge).not.toBeNull()
    if (purge !== null) expect(filled().purge(purge)).toBe(count)
  })

  test('by tag, by rule, all', () => {
    expect(filled().purge({ is: 'tag', tag: 'ex' })).toBe(2)
    expect(filled().purge({ is: 'rule', rule: 'other' })).toBe(1)
    expect(filled().purge({ is: 'rule', rule: 'oth' })).toBe(0)
    expect(filled().purge({ is: 'all' })).toBe(6)
  })

  test.each(['', 'a b', '*', 'a*', '/a\nb', '/a#b', '\u0000', 'http://'])('%j names nothing', (text) => {
    expect(readPurge(text)).toBeNull()
  })
})

describe('requests under way', () => {
  const waiter = (heard: Heard[]) => ({ heard: (what: Heard) => void heard.push(what) })

  test('one asks, the others hear', () => {
    const flights = new Flights()
    const flight = flights.begin('k', 'h/k')
    const heard: Heard[] = []
    expect(flights.leading('k', 0)).toBe(flight)
    for (let i = 0; i < 3; i++) flights.wait(flight, waiter(heard), 10_000)
    flights.stored(flight)
    expect(heard).toEqual(['look', 'look', 'look'])
    expect([flights.leading('k', 0), flights.size]).toEqual([null, 0])
  })

  test('who gives up hands over to one that waits, the last one to nobody', () => {
    const flights = new Flights()
    const flight = flights.begin('k', 'h/k')
    const heard: Heard[] = []
    for (let i = 0; i < 2; i++) flights.wait(flight, waiter(heard), 10_000)
    flights.givenUp(flight)
    expect(heard).toEqual(['lead'])
    expect(flights.leading('k', 0)).toBe(flight)
    flights.givenUp(flight)
    flights.givenUp(flight)
    expect([heard, flights.leading('k', 0), flights.size]).toEqual([['lead', 'lead'], null, 0])
  })

  test('nobody waits for a while for answers that were for one client only', () => {
    const flights = new Flights()
    const heard: Heard[] = []
    const flight = flights.begin('k', 'h/k')
    flights.wait(flight, waiter(heard), 10_000)
    flights.notStored(flight, 0, true)
    expect(heard).toEqual(['pass'])
    const next = flights.begin('k', 'h/k')
    expect(flights.leading('k', 5000)).toBeNull()
    expect(flights.leading('k', 20_000)).toBe(next)
  })

  test('what is under way for what a purge names is void, and nobody waits for it from then on', () => {
    const flights = new Flights()
    const one = flights.begin('r\0k', 'h/k')
    const other = flights.begin('r\0l', 'h/l')
    flights.purge({ is: 'place', host: 'h', target: '/k' })
    expect([one.isVoid, other.isVoid, flights.leading('r\0k', 0)]).toEqual([true, false, null])
    flights.purge({ is: 'tag', tag: 'x' })
    expect(other.isVoid).toBe(true)
  })
})
