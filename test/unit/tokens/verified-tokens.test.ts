import { expect, test } from 'bun:test'
import { VerifiedTokens } from '../../../server/tokens/verified-tokens.ts'

const token = (name: string, untilS = 100) => ({ name, claims: {}, untilS })

test('tokens are remembered until they expire, so many and so much of them at most, the oldest go', () => {
  const tokens = new VerifiedTokens()
  tokens.keep('a', token('anna', 10), 5)
  expect(tokens.find('a', 9)?.name).toBe('anna')
  expect(tokens.find('a', 10)).toBeNull()
  expect(tokens.size).toBe(0)
  for (let n = 0; n < 10_002; n++) tokens.keep(`n${n}`, token('x'), 1)
  expect([tokens.size, tokens.find('n1', 0), tokens.find('n2', 0)?.name]).toEqual([10_000, null, 'x'])
  for (let n = 0; n < 3; n++) tokens.keep(`long${n}`, token('y'), 4 * 1024 * 1024)
  expect([tokens.find('long0', 0), tokens.find('long1', 0)?.name, tokens.size]).toEqual([null, 'y', 2])
  tokens.clear()
  expect(tokens.find('long1', 0)).toBeNull()
})

test('two tokens that differ in a letter have other names', () => {
  expect(VerifiedTokens.nameOf('a.b.c')).not.toBe(VerifiedTokens.nameOf('a.b.C'))
})
