import { expect, test } from 'bun:test'
import {
  OFFERED_ALGORITHMS,
  algorithmOf,
  algorithmValue,
  firstKnownAlgorithm,
} from '../../../../server/turn/bytes/password-algorithms.ts'
import { PASSWORD_ALGORITHMS } from '../../../../server/turn/bytes/stun.ts'

const { MD5, SHA256 } = PASSWORD_ALGORITHMS
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

test('SHA-256 is offered before MD5', () => {
  expect(Buffer.from(OFFERED_ALGORITHMS).toString('hex')).toBe('0002000000010000')
  expect(firstKnownAlgorithm(OFFERED_ALGORITHMS)).toBe(SHA256)
})

test('a choice is read and written', () => {
  for (const algorithm of [MD5, SHA256]) expect(algorithmOf(algorithmValue(algorithm))).toBe(algorithm)
  for (const other of [
    '',
    '0001',
    '00030000',
    '01020000',
    '00020004',
    '0002000400000000',
    '0001000000020000',
  ])
    expect(algorithmOf(hex(other))).toBeNull()
})

test('of a list the first that is known counts, and parameters are skipped', () => {
  expect(firstKnownAlgorithm(hex('00010000'))).toBe(MD5)
  expect(firstKnownAlgorithm(hex('00030003aabbcc000001000000020000'))).toBe(MD5)
  expect(firstKnownAlgorithm(hex('00030000'))).toBeNull()
  for (const malformed of ['', '0001', '000100', '00010004', '0002000000', '0003ffff00010000'])
    expect(firstKnownAlgorithm(hex(malformed))).toBeNull()
})
