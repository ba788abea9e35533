import { expect, test } from 'bun:test'
import { NEED_MORE, NOT_A_FRAME, frameLength, isChannelData } from '../../../../server/turn/bytes/frames.ts'
import { raw } from './raw.ts'

const stun = raw(0x0003, [0x0019, '11000000'])
const channel = (length: number, first = 0x4000): Buffer => {
  const bytes = Buffer.alloc(4 + ((length + 3) & ~3))
  bytes.writeUInt16BE(first, 0)
  bytes.writeUInt16BE(length, 2)
  return bytes
}

/** What is said with more and more bytes, and others behind them. */
function verdicts(frame: Buffer): number[] {
  return Array.from({ length: frame.length + 3 }, (_, there) => {
    const bytes = Buffer.concat([Buffer.alloc(5, 0xff), frame.subarray(0, there), Buffer.alloc(30, 0x99)])
    return frameLength(bytes, 5, there)
  })
}

test('a frame is whole when its last byte of padding is there, and not before', () => {
  for (const frame of [stun, raw(0x0016), ...[0, 1, 2, 3, 4, 5, 170].map((length) => channel(length))])
    expect(verdicts(frame)).toEqual([...Array(frame.length).fill(NEED_MORE), ...Array(3).fill(frame.length)])
})

test('frames that follow one another are told apart', () => {
  const bytes = Buffer.concat([stun, channel(5), stun, channel(0)])
  const lengths: number[] = []
  for (let at = 0; at < bytes.length; at += lengths.at(-1)!)
    lengths.push(frameLength(bytes, at, bytes.length - at))
  expect(lengths).toEqual([28, 12, 28, 4])
})

test('channel data may have any number from 0x4000 to 0x7FFF', () => {
  for (const number of [0x4000, 0x4fff, 0x5000, 0x7fff]) expect(frameLength(channel(4, number), 0, 8)).toBe(8)
})

test('what can be no frame is known by its first byte', () => {
  for (let first = 0; first < 256; first++) {
    const isFrame = first < 4 || (first >= 0x40 && first < 0x80)
    expect(frameLength(Uint8Array.of(first), 0, 1)).toBe(isFrame ? NEED_MORE : NOT_A_FRAME)
  }
})

test('STUN with another cookie or an odd length is no frame as soon as that can be seen', () => {
  const odd = Buffer.from(stun).fill(9, 3, 4)
  expect(frameLength(odd, 0, 3)).toBe(NEED_MORE)
  expect(frameLength(odd, 0, 4)).toBe(NOT_A_FRAME)
  for (let at = 4; at < 8; at++) {
    const other = Buffer.from(stun)
    other[at]! ^= 1
    expect(frameLength(other, 0, at)).toBe(NEED_MORE)
    expect(frameLength(other, 0, at + 1)).toBe(NOT_A_FRAME)
    expect(frameLength(other, 0, stun.length)).toBe(NOT_A_FRAME)
  }
})

test('a frame is shorter than what a stream may leave lying', () => {
  const header = (hex: string): number => frameLength(Buffer.from(hex, 'hex'), 0, hex.length / 2)
  expect(header('0016ffe82112a442')).toBe(NEED_MORE)
  expect(header('0016ffec2112a442')).toBe(NOT_A_FRAME)
  expect(header('4000fff8')).toBe(NEED_MORE)
  expect(header('4000fffc')).toBe(NOT_A_FRAME)
  expect(header('4000ffff')).toBe(NOT_A_FRAME)
})

test('other protocols are refused, unless they begin with a letter', () => {
  expect(frameLength(Buffer.from('\x16\x03\x01\x02\x00'), 0, 5)).toBe(NOT_A_FRAME)
  expect(frameLength(Buffer.from('SSH-2.0'), 0, 7)).toBe(NEED_MORE)
  expect(isChannelData(Buffer.from('GET'), 0)).toBe(true)
  expect(isChannelData(stun, 0)).toBe(false)
})
