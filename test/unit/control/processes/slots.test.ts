import { describe, expect, test } from 'bun:test'
import type { BackendConfig } from '../../../../server/backends/backend.options.ts'
import {
  assignSlots,
  NO_SLOTS,
  planSlots,
  type SlotTable,
} from '../../../../server/control/processes/slots.ts'

type Backends = Record<string, BackendConfig>

/** Backends by name, each a list of URLs or of "name=URL". */
function backends(words: Record<string, readonly string[]>): Backends {
  const made: Record<string, unknown> = {}
  for (const [name, servers] of Object.entries(words))
    made[name] = {
      servers: servers.map((word) => {
        const [first = '', url] = word.split('=')
        return url === undefined ? { url: first, weight: 1 } : { name: first, url, weight: 1 }
      }),
    }
  return made as Backends
}

const always = (): boolean => true
const never = (): boolean => false
const indexes = (table: SlotTable): number[] => [...table.tenants.values()].map(({ index }) => index)

describe('slots', () => {
  test('a first plan numbers backends and servers from 1, as 0 is the gateway itself', () => {
    const words = backends({ api: ['http://a', 'http://b'], web: ['http://a'] })
    const table = assignSlots(NO_SLOTS, words, 1, always)
    expect(indexes(table)).toEqual([1, 2, 3, 4, 5])
    expect(table.records).toBe(6)
    expect(planSlots(table, words)).toEqual({
      api: {
        slot: { index: 1, generation: 0 },
        servers: { 'http://a': { index: 2, generation: 0 }, 'http://b': { index: 3, generation: 0 } },
      },
      web: { slot: { index: 4, generation: 0 }, servers: { 'http://a': { index: 5, generation: 0 } } },
    })
  })

  test('a server that stays keeps its slot when others come, go and change places', () => {
    const first = assignSlots(NO_SLOTS, backends({ api: ['http://a', 'http://b'] }), 1, always)
    const words = backends({ new: ['http://x'], api: ['http://c', 'http://b'] })
    const second = assignSlots(first, words, 2, always)
    const slots = planSlots(second, words)
    expect(slots['api']?.servers['http://b']).toEqual({ index: 3, generation: 0 })
    expect(slots['api']?.slot).toEqual({ index: 1, generation: 0 })
    expect(slots['api']?.servers['http://c']?.index).toBeGreaterThan(3)
  })

  test('a server of the same name at another address is another server', () => {
    const first = assignSlots(NO_SLOTS, backends({ api: ['one=http://a'] }), 1, always)
    const words = backends({ api: ['one=http://b'] })
    const second = assignSlots(first, words, 2, always)
    expect(planSlots(second, words)['api']?.servers['one']).toEqual({ index: 3, generation: 0 })
  })

  test('a server that only gets another name, or its first one, keeps its slot: what is in flight counts on', () => {
    const first = assignSlots(
      NO_SLOTS,
      backends({ api: ['http://a', 'two=http://b', 'too=http://b'] }),
      1,
      always,
    )
    const words = backends({ api: ['one=http://a', 'more=http://b', 'too=http://b'] })
    const second = assignSlots(first, words, 2, always)
    expect(planSlots(second, words)['api']?.servers).toEqual({
      one: { index: 2, generation: 0 },
      more: { index: 3, generation: 0 },
      too: { index: 4, generation: 0 },
    })
    expect(second.vacant).toEqual([])
  })

  test('a server that gets a twin beside it, or moves to another backend, does not', () => {
    const first = assignSlots(NO_SLOTS, backends({ api: ['http://a'] }), 1, always)
    const words = backends({ api: ['http://a', 'twin=http://a'], web: ['http://a'] })
    const slots = planSlots(assignSlots(first, words, 2, always), words)
    expect([slots['api']?.servers['http://a']?.index, slots['api']?.servers['twin']?.index]).toEqual([2, 3])
    expect(slots['web']?.servers['http://a']?.index).toBe(5)
  })

  test('a slot is not reused by the very plan that leaves its tenant out', () => {
    const first = assignSlots(NO_SLOTS, backends({ api: ['http://a'] }), 1, always)
    const second = assignSlots(first, backends({ api: ['http://b'] }), 2, always)
    expect(indexes(second)).toEqual([1, 3])
    expect(second.vacant).toEqual([{ index: 2, generation: 0, sincePlan: 2 }])
  })

  test('a vacant slot is used again by a later plan, as the next generation', () => {
    const first = assignSlots(NO_SLOTS, backends({ api: ['http://a'] }), 1, always)
    const second = assignSlots(first, backends({ api: ['http://b'] }), 2, always)
    const third = assignSlots(second, backends({ api: ['http://b', 'http://c'] }), 3, always)
    expect([...third.tenants.values()]).toContainEqual({ index: 2, generation: 1 })
    expect(third.vacant).toEqual([])
    expect(third.records).toBe(4)
  })

  test('a vacant slot that something may still touch is left alone', () => {
    const first = assignSlots(NO_SLOTS, backends({ api: ['http://a'] }), 1, never)
    const second = assignSlots(first, backends({ api: ['http://b'] }), 2, never)
    const third = assignSlots(second, backends({ api: ['http://c'] }), 3, never)
    expect(indexes(third)).toEqual([1, 4])
    expect(third.vacant.map(({ index }) => index)).toEqual([2, 3])
  })

  test('a server that comes back while its old slot is not free yet gets another', () => {
    const first = assignSlots(NO_SLOTS, backends({ api: ['http://a', 'http://b'] }), 1, never)
    const second = assignSlots(first, backends({ api: ['http://b'] }), 2, never)
    const third = assignSlots(second, backends({ api: ['http://a', 'http://b'] }), 3, never)
    expect(indexes(third)).toEqual([1, 4, 3])
  })

  test('over a thousand changes records do not grow beyond what two plans need together', () => {
    let table = NO_SLOTS
    for (let number = 1; number <= 1000; number++)
      table = assignSlots(
        table,
        backends({ api: [`http://s${number}`, `http://t${number}`] }),
        number,
        always,
      )
    expect(table.records).toBeLessThanOrEqual(6)
    expect(new Set(indexes(table)).size).toBe(3)
  })
})
