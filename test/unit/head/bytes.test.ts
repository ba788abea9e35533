import { describe, expect, test } from 'bun:test'
import { copyBytes, decimal, equalsFolded, hasToken, writeLatin1 } from '../../../server/head/bytes.ts'

const within = <T>(text: string, read: (bytes: Buffer, from: number, to: number) => T): T =>
  read(Buffer.from(`9${text}9`, 'latin1'), 1, 1 + text.length)

test('a decimal number is digits, at least one and at most fifteen', () => {
  const numbers: Record<string, number> = {
    '0': 0,
    '7': 7,
    '00': 0,
    '123456789012345': 123_456_789_012_345,
    '999999999999999': 999_999_999_999_999,
  }
  for (const [text, number] of Object.entries(numbers))
    expect([text, within(text, decimal)]).toEqual([text, number])
  for (const text of [
    '',
    ' 1',
    '1 ',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    '1,1',
    '/',
    ':',
    '\xb2',
    '1234567890123456',
    '0000000000000001',
  ])
    expect([text, within(text, decimal)]).toEqual([text, -1])
})

test('tokens are found in lists, whole and in any case', () => {
  const has = (text: string): boolean =>
    within(text, (bytes, from, to) => hasToken(bytes, from, to, Buffer.from('close')))
  for (const text of ['close', 'CLOSE', 'a,close', 'a , close\t', ',,close', 'close,', 'close,close'])
    expect([text, has(text)]).toEqual([text, true])
  for (const text of [
    '',
    ',',
    'closed',
    'aclose',
    'clos',
    'close;q=1',
    'close a',
    'a close',
    '"close"',
    'clo,se',
  ])
    expect([text, has(text)]).toEqual([text, false])
})

test('folding is of the letters A to Z alone', () => {
  const equal = (text: string, lower: string): boolean =>
    within(text, (bytes, from, to) => equalsFolded(bytes, from, to, Buffer.from(lower, 'latin1')))
  expect([equal('AZaz09-', 'azaz09-'), equal('A', 'b'), equal('', '')]).toEqual([true, false, true])
  for (const [upper, lower] of [
    ['@', '`'],
    ['[', '{'],
    ['\xc4', '\xe4'],
    ['\r', '-'],
    ['_', '\x7f'],
  ] as const)
    expect([upper, equal(upper, lower)]).toEqual([upper, false])
})

describe('short and long runs are copied alike', () => {
  const text = Array.from({ length: 300 }, (_, i) => String.fromCharCode(i % 256)).join('')
  for (const length of [0, 1, 24, 25, 32, 33, 300])
    test(`${length} bytes`, () => {
      const wanted = text.slice(0, length)
      const to = Buffer.alloc(310, 1)
      expect(copyBytes(Buffer.from(`..${text}`, 'latin1'), 2, 2 + length, to, 5)).toBe(5 + length)
      expect(to.latin1Slice(4, 6 + length)).toBe(`\x01${wanted}\x01`)
      to.fill(1)
      expect(writeLatin1(wanted, to, 5)).toBe(5 + length)
      expect(to.latin1Slice(4, 6 + length)).toBe(`\x01${wanted}\x01`)
    })
})
