import { describe, expect, test } from 'bun:test'
import { Ports } from '../../../../server/turn/state/ports.ts'
import { seededRandom, seedOfRun } from '../../../support/random.ts'

const seed = seedOfRun()
const random = seededRandom(seed)
const chance = (): readonly [number, number] => [random.below(2 ** 32), random.below(2 ** 32)]
const range = { first: 50_000, last: 50_099 }

describe(`ports (seed ${seed})`, () => {
  test('gives each port of the range once, and then none', () => {
    const ports = new Ports()
    const given = Array.from(
      { length: 100 },
      () => ports.take(range, 'any', chance(), (port) => ({ port }))?.port,
    )
    expect(new Set(given).size).toBe(100)
    expect(given.every((port) => port !== undefined && port >= 50_000 && port <= 50_099)).toBe(true)
    expect(ports.take(range, 'any', chance(), (port) => ({ port }))).toBeNull()
    expect(ports.taken).toBe(100)
  })

  test('gives back what was taken', () => {
    const ports = new Ports()
    for (let i = 0; i < 1000; i++) {
      const { port } = ports.take(range, 'any', chance(), (port) => ({ port }))!
      if (i % 10 !== 0 || ports.taken > 50) ports.give(port)
      ports.give(1)
    }
    expect(ports.taken).toBeLessThan(60)
  })

  test('gives even ports only, or even ones whose next is free and within the range', () => {
    const ports = new Ports()
    const odd = { first: 50_001, last: 50_007 }
    const even = [1, 2, 3].map(() => ports.take(odd, 'even', chance(), (port) => ({ port }))!.port)
    expect(even.toSorted()).toEqual([50_002, 50_004, 50_006])
    expect(ports.take(odd, 'even', chance(), (port) => ({ port }))).toBeNull()
    for (const port of even) ports.give(port)
    ports.take({ first: 50_003, last: 50_003 }, 'any', chance(), (port) => ({ port }))
    const pairs = [1, 2].map(() => ports.take(odd, 'pair', chance(), (port) => ({ port }))!.port)
    expect(pairs.toSorted()).toEqual([50_004, 50_006])
    expect(ports.take(odd, 'pair', chance(), (port) => ({ port }))).toBeNull()
    expect([50_004, 50_005, 50_006, 50_007].every((port) => ports.has(port))).toBe(true)
    expect(ports.take({ first: 50_000, last: 50_000 }, 'pair', chance(), (port) => ({ port }))).toBeNull()
  })

  test('begins anywhere: the first port is as likely to be any of the range', () => {
    const seen = new Map<number, number>()
    for (let i = 0; i < 10_000; i++) {
      const { port } = new Ports().take({ first: 50_000, last: 50_009 }, 'any', chance(), (port) => ({
        port,
      }))!
      seen.set(port, (seen.get(port) ?? 0) + 1)
    }
    for (const count of seen.values()) expect(count).toBeWithin(800, 1200)
    expect(seen.size).toBe(10)
  })

  test('tries at most a thousand ports that others hold, and gives up at once where the address is not there', () => {
    let tried = 0
    const ports = new Ports()
    const all = { first: 1024, last: 65_535 }
    expect(ports.take(all, 'any', chance(), () => (tried++, 'in_use'))).toBeNull()
    expect(tried).toBe(1024)
    tried = 0
    expect(ports.take(all, 'any', chance(), () => (tried++, 'failed'))).toBeNull()
    expect(tried).toBe(1)
    expect(ports.taken).toBe(0)
  })
})
