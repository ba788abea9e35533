import { expect, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import { hasIntegritySha1, hasIntegritySha256 } from '../../../../server/turn/bytes/integrity.ts'
import { decodeMessage } from '../../../../server/turn/bytes/message.ts'
import { ATTRIBUTES, CLASSES, METHODS, TRANSPORTS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import { ID, raw } from './raw.ts'

const A = ATTRIBUTES
const KEY = Buffer.from('a key of sixteen')
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const attributes = (bytes: Uint8Array): string => hexOf(bytes).slice(40)
const begin = (): MessageWriter => new MessageWriter().begin(METHODS.ALLOCATE, CLASSES.REQUEST, ID)

test('each kind of attribute is written as the standard draws it', () => {
  const written = (write: (writer: MessageWriter) => MessageWriter): string =>
    attributes(write(begin()).finish())
  expect(written((w) => w.first8(A.REQUESTED_TRANSPORT, TRANSPORTS.UDP))).toBe('0019000411000000')
  expect(written((w) => w.first8(A.REQUESTED_ADDRESS_FAMILY, 255))).toBe('00170004ff000000')
  expect(written((w) => w.first16(A.CHANNEL_NUMBER, 0x7fff))).toBe('000c00047fff0000')
  expect(written((w) => w.first16(A.RESPONSE_PORT, 0xffff))).toBe('00270004ffff0000')
  expect(written((w) => w.u32(A.LIFETIME, 0xffffffff))).toBe('000d0004ffffffff')
  expect(written((w) => w.u8(A.EVEN_PORT, 0x80))).toBe('0018000180000000')
  expect(written((w) => w.empty(A.DONT_FRAGMENT))).toBe('001a0000')
  expect(written((w) => w.text(A.REALM, 'ä'))).toBe('00140002c3a40000')
  expect(written((w) => w.text(A.REALM, 'a', 0x20))).toBe('0014000161202020')
  expect(written((w) => w.bytes(A.DATA, Buffer.from('010203', 'hex')))).toBe('0013000301020300')
  expect(written((w) => w.errorCode(438))).toBe('0009000f000004265374616c65204e6f6e636500')
  expect(written((w) => w.errorCode(401, ''))).toBe('0009000400000401')
  expect(written((w) => w.errorCode(499))).toBe('0009000400000463')
  expect(written((w) => w.addressErrorCode(2, 440, 'x'))).toBe('800100050200042878000000')
  expect(written((w) => w.unknown([0x7abc, 0x0002, 0x0003]))).toBe('000a00067abc000200030000')
  expect(written((w) => w.address(A.MAPPED_ADDRESS, Address.parse('192.0.2.1', 32_853)!))).toBe(
    '0001000800018055c0000201',
  )
  expect(written((w) => w.address(A.XOR_RELAYED_ADDRESS, Address.parse('192.0.2.1', 32_853)!))).toBe(
    '001600080001a147e112a643',
  )
})

test('a message with nothing in it is a header', () => {
  expect(hexOf(begin().finish())).toBe(hexOf(raw(0x0003)))
  expect(begin().length).toBe(20)
})

test('nothing of one message is left in the next', () => {
  const writer = begin().bytes(A.DATA, Buffer.alloc(64, 0xff)).integritySha1(KEY).fingerprint()
  writer.finish()
  const next = writer
    .begin(METHODS.BINDING, CLASSES.REQUEST, ID)
    .u8(A.EVEN_PORT, 0)
    .errorCode(400, '')
    .finish()
  expect(attributes(next)).toBe('00180001000000000009000400000400')
})

test('an answer has the method and the transaction id of what it answers, wherever that lies', () => {
  const bytes = Buffer.concat([Buffer.alloc(7, 0xaa), raw(0x0009), Buffer.alloc(7, 0xaa)])
  const request = decodeMessage(bytes, 7, 20)!
  expect(hexOf(new MessageWriter().answer(request, CLASSES.ERROR).finish())).toBe(hexOf(raw(0x0119)))
})

test('integrity and fingerprint cover all that stands before them', () => {
  const bytes = Buffer.from(
    begin().text(A.USERNAME, 'alice').integritySha1(KEY).integritySha256(KEY).fingerprint().finish(),
  )
  const found = decodeMessage(bytes, 0, bytes.length)!
  expect([hasIntegritySha1(found, KEY), hasIntegritySha256(found, KEY), found.hasFingerprint]).toEqual([
    true,
    true,
    true,
  ])
  bytes[25]! ^= 1
  expect(decodeMessage(bytes, 0, bytes.length)).toBeNull()
})

test('it grows up to the longest message, and not beyond', () => {
  const most = 0xfffc - 4
  const found = begin().bytes(A.DATA, Buffer.alloc(most, 5)).finish()
  expect(found).toHaveLength(20 + 0xfffc)
  expect(decodeMessage(found, 0, found.length)!.value(A.DATA)).toHaveLength(most)
  expect(() => begin().bytes(A.DATA, Buffer.alloc(most + 1))).toThrow(RangeError)
})

test('a transaction id of another length is refused', () => {
  expect(() => new MessageWriter().begin(METHODS.BINDING, CLASSES.REQUEST, ID.subarray(1))).toThrow(
    RangeError,
  )
})
