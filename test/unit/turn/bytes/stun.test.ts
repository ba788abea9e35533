import { expect, test } from 'bun:test'
import { REASONS, reasonOf } from '../../../../server/turn/bytes/errors.ts'
import { ATTRIBUTES, classOf, messageType, methodOf } from '../../../../server/turn/bytes/stun.ts'

test('every method and class has a type of its own, with the first two bits clear', () => {
  const types = new Set<number>()
  for (let method = 0; method < 0x1000; method++)
    for (let messageClass = 0; messageClass < 4; messageClass++) {
      const type = messageType(method, messageClass)
      expect([methodOf(type), classOf(type), type >> 14]).toEqual([method, messageClass, 0])
      types.add(type)
    }
  expect(types.size).toBe(0x4000)
})

test('no two attributes have one number', () => {
  const numbers = Object.values(ATTRIBUTES)
  expect(new Set(numbers).size).toBe(numbers.length)
})

test('reasons are short, and unknown codes have none', () => {
  for (const [code, reason] of Object.entries(REASONS)) {
    expect(reasonOf(Number(code))).toBe(reason)
    expect(reason.length).toBeWithin(1, 128)
  }
  expect(reasonOf(499)).toBe('')
})
