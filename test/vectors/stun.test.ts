// The standards' own messages, both ways: read and checked, and written byte for byte.
import { expect, test } from 'bun:test'
import { Address } from '../../server/lib/address.ts'
import {
  hasIntegrity,
  hasIntegritySha1,
  hasIntegritySha256,
  longTermKey,
  shortTermKey,
  userHash,
} from '../../server/turn/bytes/integrity.ts'
import { type Message, decodeMessage } from '../../server/turn/bytes/message.ts'
import { featuresOf } from '../../server/turn/bytes/nonce-cookie.ts'
import { algorithmOf, algorithmValue } from '../../server/turn/bytes/password-algorithms.ts'
import { ATTRIBUTES, CLASSES, METHODS, PASSWORD_ALGORITHMS } from '../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../server/turn/bytes/writer.ts'
import {
  ICE_ID,
  IPV4_RESPONSE,
  IPV6_RESPONSE,
  LONG_TERM,
  LONG_TERM_REQUEST,
  REQUEST,
  SHA256_REQUEST,
  SHORT_TERM_PASSWORD,
} from './stun.ts'

const SPACE = 0x20
const PRIORITY = 0x6e0001ff
const ICE_CONTROLLED = Buffer.from('932ff9b151263b36', 'hex')
const { username, password, realm } = LONG_TERM
const SHORT_TERM_KEY = shortTermKey(SHORT_TERM_PASSWORD)
const MD5_KEY = longTermKey(PASSWORD_ALGORITHMS.MD5, username, realm, password)
const SHA256_KEY = longTermKey(PASSWORD_ALGORITHMS.SHA256, username, realm, password)

/** Decodes, and shows that with any one bit up to the end of the integrity attribute turned over it is gone. */
function read(bytes: Buffer, key: Uint8Array): Message {
  const message = decodeMessage(bytes, 0, bytes.length)!
  expect(hasIntegrity(message, key)).toBe(true)
  expect(hasIntegrity(message, Uint8Array.from(key, (byte, i) => (i === 3 ? byte ^ 1 : byte)))).toBe(false)
  const end = bytes.length - (message.hasFingerprint ? 8 : 0)
  for (let bit = 0; bit < end * 8; bit++) {
    const altered = Buffer.from(bytes)
    altered[bit >> 3]! ^= 1 << (bit & 7)
    const found = decodeMessage(altered, 0, altered.length)
    if (found !== null && hasIntegrity(found, key)) throw new Error(`bit ${bit} is not protected`)
  }
  return message
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('RFC 5769 2.1: a request with short-term credentials is read and checked', () => {
  const message = read(REQUEST, SHORT_TERM_KEY)
  expect([message.method, message.class]).toEqual([METHODS.BINDING, CLASSES.REQUEST])
  expect(hexOf(message.transactionId)).toBe(hexOf(ICE_ID))
  expect(message.text(ATTRIBUTES.SOFTWARE)).toBe('STUN test client')
  expect(message.text(ATTRIBUTES.USERNAME)).toBe('evtj:h6vY')
  expect(message.u32(ATTRIBUTES.PRIORITY)).toBe(PRIORITY)
  expect(hexOf(message.value(ATTRIBUTES.ICE_CONTROLLED)!)).toBe(hexOf(ICE_CONTROLLED))
  expect(message.hasFingerprint).toBe(true)
  expect(hasIntegritySha1(message, SHORT_TERM_KEY)).toBe(true)
  expect(hasIntegritySha256(message, SHORT_TERM_KEY)).toBe(false)
})

test('RFC 5769 2.1: a request with short-term credentials is written', () => {
  const written = new MessageWriter()
    .begin(METHODS.BINDING, CLASSES.REQUEST, ICE_ID)
    .text(ATTRIBUTES.SOFTWARE, 'STUN test client')
    .u32(ATTRIBUTES.PRIORITY, PRIORITY)
    .bytes(ATTRIBUTES.ICE_CONTROLLED, ICE_CONTROLLED)
    .text(ATTRIBUTES.USERNAME, 'evtj:h6vY', SPACE)
    .integritySha1(SHORT_TERM_KEY)
    .fingerprint()
    .finish()
  expect(hexOf(written)).toBe(hexOf(REQUEST))
})

test.each([
  ['2.2', IPV4_RESPONSE, '192.0.2.1'],
  ['2.3', IPV6_RESPONSE, '2001:db8:1234:5678:11:2233:4455:6677'],
] as const)('RFC 5769 %s: an answer is read, checked and written', (_, bytes, host) => {
  const message = read(bytes, SHORT_TERM_KEY)
  expect([message.method, message.class]).toEqual([METHODS.BINDING, CLASSES.SUCCESS])
  expect(message.text(ATTRIBUTES.SOFTWARE)).toBe('test vector')
  const mapped = message.xorMapped as Address
  expect([mapped.host, mapped.port]).toEqual([host, 32_853])
  expect(message.hasFingerprint).toBe(true)

  const written = new MessageWriter()
    .answer(decodeMessage(REQUEST, 0, REQUEST.length)!, CLASSES.SUCCESS)
    .text(ATTRIBUTES.SOFTWARE, 'test vector', SPACE)
    .address(ATTRIBUTES.XOR_MAPPED_ADDRESS, Address.parse(host, 32_853)!)
    .integritySha1(SHORT_TERM_KEY)
    .fingerprint()
    .finish()
  expect(hexOf(written)).toBe(hexOf(bytes))
})

test('RFC 5769 2.4: a request with long-term credentials is read, checked and written', () => {
  expect(hexOf(MD5_KEY)).toBe('e8ca7ad59d5eb0518e312911d2dab2a9')
  const message = read(LONG_TERM_REQUEST, MD5_KEY)
  expect(message.text(ATTRIBUTES.USERNAME)).toBe(username)
  expect(message.text(ATTRIBUTES.NONCE)).toBe('f//499k954d6OL34oL9FSTvy64sA')
  expect(message.text(ATTRIBUTES.REALM)).toBe(realm)
  expect(message.hasFingerprint).toBe(false)

  const written = new MessageWriter()
    .begin(METHODS.BINDING, CLASSES.REQUEST, LONG_TERM.id)
    .text(ATTRIBUTES.USERNAME, username)
    .text(ATTRIBUTES.NONCE, 'f//499k954d6OL34oL9FSTvy64sA')
    .text(ATTRIBUTES.REALM, realm)
    .integritySha1(MD5_KEY)
    .finish()
  expect(hexOf(written)).toBe(hexOf(LONG_TERM_REQUEST))
})

test('RFC 8489 B.1: a request with USERHASH and MESSAGE-INTEGRITY-SHA256 is read, checked and written', () => {
  const nonce = 'obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA'
  expect(hexOf(SHA256_KEY)).toBe('dd295a613b9058c3c23d6dc7165bda072304d989c9d0af3a8c7e184b4f9bb4a1')
  const message = read(SHA256_REQUEST, SHA256_KEY)
  expect(hexOf(message.value(ATTRIBUTES.USERHASH)!)).toBe(hexOf(userHash(username, realm)))
  expect(message.text(ATTRIBUTES.NONCE)).toBe(nonce)
  // The sample's cookie says that names are sent as hashes, as this one is (by §18.1, and erratum 6290).
  expect(featuresOf(nonce)).toEqual({ passwordAlgorithms: false, userHash: true })
  expect(message.text(ATTRIBUTES.REALM)).toBe(realm)
  expect(algorithmOf(message.value(ATTRIBUTES.PASSWORD_ALGORITHM)!)).toBe(PASSWORD_ALGORITHMS.SHA256)
  expect(hasIntegritySha1(message, SHA256_KEY)).toBe(false)
  expect(hasIntegritySha256(message, SHA256_KEY)).toBe(true)

  const written = new MessageWriter()
    .begin(METHODS.BINDING, CLASSES.REQUEST, LONG_TERM.id)
    .bytes(ATTRIBUTES.USERHASH, userHash(username, realm))
    .text(ATTRIBUTES.NONCE, nonce)
    .text(ATTRIBUTES.REALM, realm)
    .bytes(ATTRIBUTES.PASSWORD_ALGORITHM, algorithmValue(PASSWORD_ALGORITHMS.SHA256))
    .integritySha256(SHA256_KEY)
    .finish()
  expect(hexOf(written)).toBe(hexOf(SHA256_REQUEST))
})
