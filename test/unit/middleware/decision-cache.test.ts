import { expect, test } from 'bun:test'
import { DecisionCache } from '../../../server/middleware/decision-cache.ts'
import { headOf, requestOf } from './exchanges.ts'

const ALICE = { fields: [['Remote-User', 'alice']] as const, user: 'alice' }

function cacheOf(per: 'request' | 'credentials' = 'credentials') {
  let now = 1000
  const cache = new DecisionCache({ ttl: 10_000, by: ['Authorization', 'Cookie'], per }, () => now)
  return {
    cache,
    wait: (ms: number) => void (now += ms),
    key: (...fields: string[]) => cache.keyOf(requestOf(...fields)),
  }
}

test('whoever shows nothing is not known', () => {
  expect(cacheOf().key('X-A: 1')).toBeNull()
})

test('who was let pass is known until the time is over', () => {
  const { cache, key, wait } = cacheOf()
  const alice = key('Authorization: a') ?? ''
  expect(cache.get(alice)).toBeNull()
  cache.keep(alice, ALICE)
  expect(cache.get(alice)).toMatchObject(ALICE)
  wait(9999)
  expect(cache.get(alice)).toMatchObject(ALICE)
  wait(1)
  expect(cache.get(alice)).toBeNull()
})

test('no two requests that show other things are known by one key', () => {
  const { key } = cacheOf()
  const keys = [
    ['Authorization: a'],
    ['Cookie: a'],
    ['Authorization: a', 'Cookie: a'],
    ['Authorization: aa'],
    ['Authorization: a', 'Authorization: a'],
    ['Cookie: a', 'Cookie: b'],
    ['Cookie: a; b'],
    ['Cookie: a1:b'],
    ['Authorization: a0;'],
    ['Authorization: \xff'],
    [`Authorization: ${'a'.repeat(3000)}`],
  ].map((fields) => key(...fields))
  expect(new Set(keys).size).toBe(keys.length)
})

test('of a request its method, host and path tell too, where that is wanted', () => {
  const { cache } = cacheOf('request')
  const of = (line: string, host = 'a') =>
    cache.keyOf(headOf(`${line} HTTP/1.1`, `Host: ${host}`, 'Cookie: a=1'))
  const keys = [of('GET /'), of('GET /?a'), of('PUT /'), of('GET /', 'b'), of('GET /b')]
  expect(new Set(keys).size).toBe(5)
  expect(of('GET /')).toBe(keys[0] ?? '')
})

test('memory is bounded, and what is said of one of them as well', () => {
  const { cache } = cacheOf()
  for (let i = 0; i < 50_000; i++) cache.keep(String(i), ALICE)
  let known = 0
  for (let i = 0; i < 50_000; i++) if (cache.get(String(i)) !== null) known++
  expect(known).toBeLessThanOrEqual(8192)
  cache.keep('long', { fields: [['A', 'x'.repeat(9000)]], user: null })
  expect(cache.get('long')).toBeNull()
})
