import { expect, test } from 'bun:test'
import {
  channelDataLength,
  channelOf,
  putChannelHeader,
  putPadding,
} from '../../../../server/turn/bytes/channel-data.ts'

test('a header is read where it stands', () => {
  const bytes = Buffer.from('ff7ffe0003aabbccff', 'hex')
  expect([channelOf(bytes, 1), channelDataLength(bytes, 1, 7)]).toEqual([0x7ffe, 3])
})

test('a length that says more than is there is refused, padding is not', () => {
  const bytes = Buffer.from('40000003aabbcc00ffff', 'hex')
  expect(channelDataLength(bytes, 0, 6)).toBe(-1)
  expect(channelDataLength(bytes, 0, 7)).toBe(3)
  expect(channelDataLength(bytes, 0, 8)).toBe(3)
  expect(channelDataLength(Buffer.from('40000000', 'hex'), 0, 4)).toBe(0)
  for (const length of [0, 1, 2, 3]) expect(channelDataLength(bytes, 0, length)).toBe(-1)
})

test('a header is written before the data, and nothing else changes', () => {
  const bytes = Buffer.alloc(16, 0xee)
  expect(putChannelHeader(bytes, 6, 0x1234, 0x4abc)).toBe(2)
  expect(bytes.toString('hex')).toBe('eeee4abc1234eeeeeeeeeeeeeeeeeeee')
})

test('padding fills up to four bytes', () => {
  for (const [length, padded] of [
    [0, 0],
    [1, 4],
    [2, 4],
    [3, 4],
    [4, 4],
    [5, 8],
  ] as const) {
    const bytes = Buffer.alloc(12, 0xee)
    expect(putPadding(bytes, 1, length)).toBe(padded)
    const wanted = Buffer.alloc(12, 0xee).fill(0, 1 + length, 1 + padded)
    expect(bytes.equals(wanted)).toBe(true)
  }
})
