import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import {
  hasIntegritySha1,
  hasIntegritySha256,
  longTermKey,
  userHash,
} from '../../../../server/turn/bytes/integrity.ts'
import { decodeMessage, type Message } from '../../../../server/turn/bytes/message.ts'
import { nonceCookie } from '../../../../server/turn/bytes/nonce-cookie.ts'
import { OFFERED_ALGORITHMS } from '../../../../server/turn/bytes/password-algorithms.ts'
import { ATTRIBUTES, CLASSES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import { type Challenge, isProven, prove, readChallenge } from '../../../../server/cli/turn/challenge.ts'

const LOGIN = { user: 'ann', password: 'secret' }

function challengeOf(nonce: string | Uint8Array, offered?: Uint8Array): Challenge | null {
  const writer = new MessageWriter().begin(METHODS.ALLOCATE, CLASSES.ERROR, randomBytes(12)).errorCode(401)
  writer.text(ATTRIBUTES.REALM, 'example.org')
  writer.bytes(ATTRIBUTES.NONCE, typeof nonce === 'string' ? Buffer.from(nonce) : nonce)
  if (offered !== undefined) writer.bytes(ATTRIBUTES.PASSWORD_ALGORITHMS, offered)
  return readChallenge(decoded(writer))
}

const decoded = (writer: MessageWriter): Message => {
  const bytes = writer.finish().slice()
  return decodeMessage(bytes, 0, bytes.length)!
}

/** A request with the proof that answers this challenge. */
function proven(challenge: Challenge, kind?: 'md5' | 'sha256'): { message: Message; key: Uint8Array } {
  const writer = new MessageWriter().begin(METHODS.REFRESH, CLASSES.REQUEST, randomBytes(12))
  const { key } = prove(writer, challenge, LOGIN, kind)
  return { message: decoded(writer), key }
}

test('without realm or nonce there is no challenge', () => {
  const writer = new MessageWriter().begin(METHODS.ALLOCATE, CLASSES.ERROR, randomBytes(12)).errorCode(401)
  expect(readChallenge(decoded(writer.text(ATTRIBUTES.REALM, 'example.org')))).toBeNull()
})

test('a server that offers nothing gets MD5 and MESSAGE-INTEGRITY, its nonce byte for byte', () => {
  const nonce = Uint8Array.of(1, 255, 34, 0, 128)
  const { message } = proven(challengeOf(nonce)!)
  expect(hasIntegritySha1(message, longTermKey(1, 'ann', 'example.org', 'secret'))).toBe(true)
  expect(message.integritySha256At).toBe(-1)
  expect(message.text(ATTRIBUTES.USERNAME)).toBe('ann')
  expect(message.value(ATTRIBUTES.NONCE)).toEqual(nonce)
  expect(message.has(ATTRIBUTES.PASSWORD_ALGORITHM)).toBe(false)
})

test('a server that offers SHA-256 first gets that, and its offer back', () => {
  const nonce = `${nonceCookie({ passwordAlgorithms: true, userHash: false })}abc`
  const challenge = challengeOf(nonce, OFFERED_ALGORITHMS)!
  expect([challenge.algorithms, challenge.wasStripped]).toEqual([[2, 1], false])
  const { message } = proven(challenge)
  expect(hasIntegritySha256(message, longTermKey(2, 'ann', 'example.org', 'secret'))).toBe(true)
  expect(message.integrityAt).toBe(-1)
  expect(message.value(ATTRIBUTES.PASSWORD_ALGORITHMS)).toEqual(OFFERED_ALGORITHMS)
  expect(message.value(ATTRIBUTES.PASSWORD_ALGORITHM)).toEqual(Uint8Array.of(0, 2, 0, 0))
  expect(message.text(ATTRIBUTES.USERNAME)).toBe('ann')
})

test('a server that offers only MD5 gets MD5 with MESSAGE-INTEGRITY-SHA256', () => {
  const { message } = proven(challengeOf('abc', Uint8Array.of(0, 1, 0, 0))!)
  expect(hasIntegritySha256(message, longTermKey(1, 'ann', 'example.org', 'secret'))).toBe(true)
})

test('of what is offered the first one that is known is taken', () => {
  const { message } = proven(
    challengeOf('abc', Uint8Array.of(0, 9, 0, 1, 7, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0))!,
  )
  expect(message.value(ATTRIBUTES.PASSWORD_ALGORITHM)).toEqual(Uint8Array.of(0, 1, 0, 0))
})

test('a server that takes hashes of names is not told the name', () => {
  const nonce = `${nonceCookie({ passwordAlgorithms: true, userHash: true })}abc`
  const { message } = proven(challengeOf(nonce, OFFERED_ALGORITHMS)!)
  expect(message.has(ATTRIBUTES.USERNAME)).toBe(false)
  expect(message.value(ATTRIBUTES.USERHASH)).toEqual(Uint8Array.from(userHash('ann', 'example.org')))
})

test('an offer that was taken out on the way is noticed', () => {
  const nonce = `${nonceCookie({ passwordAlgorithms: true, userHash: false })}abc`
  expect(challengeOf(nonce)!.wasStripped).toBe(true)
  expect(challengeOf('obMatJos3AAAA')!.wasStripped).toBe(false)
})

test('a caller can have the old way, whatever is offered', () => {
  const { message } = proven(challengeOf('abc', OFFERED_ALGORITHMS)!, 'md5')
  expect([message.integrityAt >= 0, message.integritySha256At]).toEqual([true, -1])
})

test('an answer is proven only by the same key and the same kind', () => {
  const key = longTermKey(1, 'ann', 'example.org', 'secret')
  const begin = (): MessageWriter =>
    new MessageWriter().begin(METHODS.REFRESH, CLASSES.SUCCESS, randomBytes(12))
  const message = decoded(begin().integritySha1(key))
  expect(isProven(message, { key, kind: 'sha1' })).toBe(true)
  expect(isProven(message, { key, kind: 'sha256' })).toBe(false)
  expect(isProven(message, { key: longTermKey(1, 'ann', 'example.org', 'other'), kind: 'sha1' })).toBe(false)
  expect(isProven(decoded(begin()), { key, kind: 'sha1' })).toBe(false)
})
