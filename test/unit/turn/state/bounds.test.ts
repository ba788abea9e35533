// Tables that strangers fill are bounded, and what is counted is given back.
import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import { tick } from '../../../../server/lib/clock.ts'
import { addressKey } from '../../../../server/lib/address.ts'
import { AnswerMemory } from '../../../../server/turn/state/answer-memory.ts'
import { Bandwidth } from '../../../../server/turn/state/bandwidth.ts'
import { RealmCounts, networkKey, QuotaPlace } from '../../../../server/turn/state/quotas.ts'
import { Seldom } from '../../../../server/turn/state/seldom.ts'
import { StrangerLimit } from '../../../../server/turn/state/stranger-limit.ts'
import { configOf } from '../../../support/turn-config.ts'

let ms = 5_000
let spy: ReturnType<typeof spyOn>
beforeEach(() => {
  spy = spyOn(performance, 'now').mockImplementation(() => ms)
  tick()
})
afterEach(() => {
  spy.mockRestore()
  tick()
})
const advance = (by: number) => {
  ms += by
  tick()
}

describe('StrangerLimit', () => {
  test('brings tokens back with time, at most those of one second', () => {
    const limit = new StrangerLimit()
    const take = () => Array.from({ length: 50 }, () => limit.take(1, 10)).filter(Boolean).length
    expect(take()).toBe(10)
    advance(500)
    expect(take()).toBe(5)
    advance(60_000)
    expect(take()).toBe(10)
  })

  test('remembers a bounded number of addresses', () => {
    const limit = new StrangerLimit()
    for (let i = 0; i < 100_000; i++) limit.take(i, 10)
    expect(limit.size).toBeLessThanOrEqual(16_384)
  })

  test('does not forget a busy address while others come and go', () => {
    const limit = new StrangerLimit()
    for (let i = 0; i < 10; i++) limit.take(-1, 10)
    for (let i = 0; i < 50_000; i++) {
      limit.take(i, 10)
      if (i % 1000 === 0) expect(limit.take(-1, 10)).toBe(false)
    }
  })
})

describe('AnswerMemory', () => {
  const answer = (transaction: number, method = 1) =>
    Uint8Array.of(0x01, method, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(11), transaction)
  const request = (transaction: number, method = 1) => {
    const bytes = answer(transaction, method)
    bytes[0] = 0
    return bytes
  }

  test('finds an answer by transaction id and method', () => {
    const memory = new AnswerMemory()
    memory.remember(answer(7))
    expect(memory.find(request(7), 0)).toEqual(answer(7))
    expect(memory.find(request(8), 0)).toBeNull()
    expect(memory.find(request(7, 4), 0)).toBeNull()
    expect(memory.find(Uint8Array.of(9, 9, ...request(7)), 2)).toEqual(answer(7))
  })

  test('finds errors too', () => {
    const memory = new AnswerMemory()
    const error = answer(7)
    error[1] = 0x11
    memory.remember(error)
    expect(memory.find(request(7), 0)).toEqual(error)
  })

  test('keeps the latest four, for 40 s', () => {
    const memory = new AnswerMemory()
    for (let i = 1; i <= 5; i++) memory.remember(answer(i))
    expect([1, 2, 3, 4, 5].map((i) => memory.find(request(i), 0) !== null)).toEqual([
      false,
      true,
      true,
      true,
      true,
    ])
    advance(40_000)
    expect(memory.find(request(5), 0)).toBeNull()
  })
})

describe('Bandwidth', () => {
  test('passes what a second brings, and pays back what was too much', () => {
    const bandwidth = new Bandwidth(1000)
    expect([bandwidth.take(900), bandwidth.take(900), bandwidth.take(1)]).toEqual([true, true, false])
    expect(bandwidth.waitMs).toBeWithin(800, 803)
    advance(800)
    expect(bandwidth.take(1)).toBe(false)
    advance(1)
    expect(bandwidth.take(1)).toBe(true)
    advance(60_000)
    expect(bandwidth.waitMs).toBe(0)
    expect([bandwidth.take(1000), bandwidth.take(1)]).toEqual([true, false])
  })
})

describe('QuotaPlace', () => {
  const { quotas } = configOf({ quotas: { user: 2, address: 3, realm: 4, total: 5 } })
  const take = (counts: RealmCounts, listener: { places: number }, user: string | null, network: number) =>
    QuotaPlace.take({ quotas, counts, listener }, user, network)

  test('is taken in all quotas or in none, and left in all', () => {
    const counts = new RealmCounts()
    const listener = { places: 0 }
    const places = [take(counts, listener, 'a', 1), take(counts, listener, 'a', 1)]
    expect(take(counts, listener, 'a', 1)).toBe('user')
    expect(take(counts, listener, 'b', 1)).toBeInstanceOf(QuotaPlace)
    expect(take(counts, listener, 'b', 1)).toBe('address')
    expect(take(counts, listener, null, 2)).toBeInstanceOf(QuotaPlace)
    expect(take(counts, listener, 'c', 3)).toBe('realm')
    expect([counts.allocations, listener.places]).toEqual([4, 4])
    for (const place of places) if (typeof place !== 'string') place.leave()
    for (const place of places) if (typeof place !== 'string') place.leave()
    expect([counts.allocations, listener.places, counts.users.has('a')]).toEqual([2, 2, false])
    listener.places = 5
    expect(take(counts, listener, 'c', 3)).toBe('total')
  })

  test('moves to another address if there is room', () => {
    const counts = new RealmCounts()
    const listener = { places: 0 }
    const place = take(counts, listener, null, 1)
    if (typeof place === 'string') throw new Error(place)
    for (let i = 0; i < 3; i++) take(counts, listener, null, 2)
    expect(place.moveTo(quotas, 2)).toBe(false)
    expect(place.moveTo(quotas, 3)).toBe(true)
    expect(counts.networks).toEqual(
      new Map([
        [2, 3],
        [3, 1],
      ]),
    )
    place.leave()
    expect(counts.networks.has(3)).toBe(false)
  })

  test('counts IPv6 by /64, IPv4 by address', () => {
    const v6 = (last: number, net: number) =>
      addressKey(Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, net, 0, 0, 0, 0, 0, 0, 0, last), 0, 6, 0)
    expect(networkKey(v6(1, 1))).toBe(networkKey(v6(2, 1)))
    expect(networkKey(v6(1, 1))).not.toBe(networkKey(v6(1, 2)))
    expect(networkKey(7)).toBe(7)
  })
})

describe('Seldom', () => {
  test('lets one through a second of each kind, and counts the rest', () => {
    const seldom = new Seldom()
    expect([seldom.once('a'), seldom.once('a'), seldom.once('a'), seldom.once('b')]).toEqual([0, -1, -1, 0])
    advance(1000)
    expect([seldom.once('a'), seldom.once('b')]).toEqual([2, 0])
  })
})
