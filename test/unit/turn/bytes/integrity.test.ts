import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'bun:test'
import {
  hasIntegrity,
  hasIntegritySha1,
  hasIntegritySha256,
  longTermKey,
  shortTermKey,
  userHash,
} from '../../../../server/turn/bytes/integrity.ts'
import { type Message, decodeMessage } from '../../../../server/turn/bytes/message.ts'
import { ATTRIBUTES, PASSWORD_ALGORITHMS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import { ID, type RawAttribute, raw } from './raw.ts'

const A = ATTRIBUTES
const { MD5, SHA256 } = PASSWORD_ALGORITHMS
const KEY = Buffer.from('0123456789abcdef')
const decode = (bytes: Uint8Array): Message => decodeMessage(bytes, 0, bytes.length)!

/** A value for an attribute behind these bytes: the length says that it is the last one. */
function valueBehind(bytes: Buffer, kind: 'sha1' | 'sha256'): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt16BE(bytes.length - 20 + 4 + (kind === 'sha1' ? 20 : 32), 2)
  return createHmac(kind, KEY).update(copy).digest()
}

const USER: RawAttribute = [A.USERNAME, '616c696365']

test('integrity is checked with the length as it was when it was made', () => {
  const sha1: RawAttribute = [A.MESSAGE_INTEGRITY, valueBehind(raw(3, USER), 'sha1')]
  const alone = decode(raw(3, USER, sha1))
  expect([hasIntegritySha1(alone, KEY), hasIntegrity(alone, KEY)]).toEqual([true, true])
  // Whatever is appended, also by others.
  const appended = decode(raw(3, USER, sha1, [A.LIFETIME, '00000708']))
  expect([hasIntegritySha1(appended, KEY), appended.lifetime]).toEqual([true, null])
  const sha256: RawAttribute = [A.MESSAGE_INTEGRITY_SHA256, valueBehind(raw(3, USER, sha1), 'sha256')]
  const both = decode(raw(3, USER, sha1, sha256))
  expect([hasIntegritySha1(both, KEY), hasIntegritySha256(both, KEY)]).toEqual([true, true])
})

test('it is the same wherever the message lies, and the message stays as it is', () => {
  const sha1: RawAttribute = [A.MESSAGE_INTEGRITY, valueBehind(raw(3, USER), 'sha1')]
  const bytes = raw(3, USER, sha1, [0x8022, '61'])
  for (const before of [1, 3, 64]) {
    const buffer = Buffer.concat([Buffer.alloc(before, 0x55), bytes, Buffer.alloc(9, 0x55)])
    const copy = Buffer.from(buffer)
    expect(hasIntegritySha1(decodeMessage(buffer, before, bytes.length)!, KEY)).toBe(true)
    expect(buffer.equals(copy)).toBe(true)
  }
})

test('another key, another byte, or nothing at all is not integrity', () => {
  const value = valueBehind(raw(3, USER), 'sha1')
  const message = decode(raw(3, USER, [A.MESSAGE_INTEGRITY, value]))
  for (const key of ['', '0123456789abcdeg', '0123456789abcdef0'])
    expect(hasIntegritySha1(message, Buffer.from(key))).toBe(false)
  expect(hasIntegritySha256(message, KEY)).toBe(false)
  expect(hasIntegrity(decode(raw(3, USER)), KEY)).toBe(false)
  for (let at = 0; at < 20; at++) {
    const altered = Uint8Array.from(value, (byte, i) => (i === at ? byte ^ 0x80 : byte))
    expect(hasIntegritySha1(decode(raw(3, USER, [A.MESSAGE_INTEGRITY, altered])), KEY)).toBe(false)
  }
})

test('a value of another length is wrong, a cut one too', () => {
  const sha1 = valueBehind(raw(3, USER), 'sha1')
  for (const length of [0, 4, 16, 19])
    expect(hasIntegrity(decode(raw(3, USER, [A.MESSAGE_INTEGRITY, sha1.subarray(0, length)])), KEY)).toBe(
      false,
    )
  expect(hasIntegrity(decode(raw(3, USER, [A.MESSAGE_INTEGRITY, Buffer.concat([sha1, sha1])])), KEY)).toBe(
    false,
  )
  // RFC 8489 §14.6: 16 to 32 bytes where a usage allows it, which TURN does not. Made as if it were cut on
  // purpose.
  for (const length of [16, 20, 28]) {
    const bytes = raw(3, USER)
    bytes.writeUInt16BE(bytes.length - 20 + 4 + length, 2)
    const cut = createHmac('sha256', KEY).update(bytes).digest().subarray(0, length)
    expect(hasIntegrity(decode(raw(3, USER, [A.MESSAGE_INTEGRITY_SHA256, cut])), KEY)).toBe(false)
  }
})

test('where both are there the stronger one counts', () => {
  const sha1: RawAttribute = [A.MESSAGE_INTEGRITY, valueBehind(raw(3, USER), 'sha1')]
  const wrong: RawAttribute = [A.MESSAGE_INTEGRITY_SHA256, '00'.repeat(32)]
  expect(hasIntegrity(decode(raw(3, USER, sha1, wrong)), KEY)).toBe(false)
})

test('keys of long-term credentials', () => {
  // RFC 8489 §9.2.2.
  expect(Buffer.from(longTermKey(MD5, 'user', 'realm', 'pass')).toString('hex')).toBe(
    '8493fbc53ba582fb4c044c456bdc40eb',
  )
  expect(Buffer.from(longTermKey(SHA256, 'user', 'realm', 'pass')).toString('hex')).toBe(
    createHash('sha256').update('user:realm:pass').digest('hex'),
  )
  // Password and realm are prepared, the name is taken as it is sent.
  expect(longTermKey(MD5, 'u', 'r\u00a0m', 'e\u0301')).toEqual(longTermKey(MD5, 'u', 'r m', '\u00e9'))
  expect(longTermKey(MD5, 'e\u0301', 'r', 'p')).not.toEqual(longTermKey(MD5, '\u00e9', 'r', 'p'))
  // What cannot be prepared is taken as it is.
  expect(longTermKey(MD5, 'u', 'r', 'a\u0007')).not.toEqual(longTermKey(MD5, 'u', 'r', 'a'))
  expect(Buffer.from(shortTermKey('e\u0301')).toString()).toBe('\u00e9')
})

test('the hash of a user is of name and realm, prepared', () => {
  const wanted = createHash('sha256').update('\u00e9:example.org').digest('hex')
  expect(Buffer.from(userHash('e\u0301', 'example.org')).toString('hex')).toBe(wanted)
})

test('what the writer makes, the reader takes', () => {
  for (const kind of ['integritySha1', 'integritySha256'] as const) {
    const message = decode(new MessageWriter().begin(3, 0, ID).text(A.USERNAME, 'alice')[kind](KEY).finish())
    expect(hasIntegrity(message, KEY)).toBe(true)
  }
})
