// MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.5, §14.6), and the keys of long-term
// credentials (§9.2.2, §18.5.1).
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { opaqueString } from '../../lib/opaque-string.ts'
import { headerAsIfEnding } from './header.ts'
import type { Message } from './message.ts'
import { HEADER_BYTES, PASSWORD_ALGORITHMS } from './stun.ts'

/** One of PASSWORD_ALGORITHMS: what makes a key of a password. */
export type PasswordAlgorithm = (typeof PASSWORD_ALGORITHMS)[keyof typeof PASSWORD_ALGORITHMS]

/** Which integrity attribute a message carries. */
export type IntegrityKind = 'sha1' | 'sha256'

/** How long the value is. */
export const INTEGRITY_BYTES = { sha1: 20, sha256: 32 } as const

/** Whether MESSAGE-INTEGRITY is there and made with this key. */
export const hasIntegritySha1 = (message: Message, key: Uint8Array): boolean =>
  isMadeWith('sha1', message, message.integrityAt, key)

/**
 * Whether MESSAGE-INTEGRITY-SHA256 is there, whole (RFC 8489 §14.6: TURN allows no truncated one), and made
 * with this key.
 */
export const hasIntegritySha256 = (message: Message, key: Uint8Array): boolean =>
  isMadeWith('sha256', message, message.integritySha256At, key)

/** RFC 8489 §9.2.4: the stronger of the two counts where both are there. */
export const hasIntegrity = (message: Message, key: Uint8Array): boolean =>
  message.integritySha256At >= 0 ? hasIntegritySha256(message, key) : hasIntegritySha1(message, key)

function isMadeWith(kind: IntegrityKind, message: Message, at: number, key: Uint8Array): boolean {
  if (at < 0 || message.valueLength(at + 4) !== INTEGRITY_BYTES[kind]) return false
  const found = message.bytes.subarray(at + 4, at + 4 + INTEGRITY_BYTES[kind])
  return timingSafeEqual(found, integrityOf(kind, key, message, at))
}

/** Value of an integrity attribute whose header stands at `at`, of the message that begins at `start`. */
export function integrityOf(
  kind: IntegrityKind,
  key: Uint8Array,
  { bytes, start }: { readonly bytes: Uint8Array; readonly start: number },
  at: number,
): Uint8Array {
  return createHmac(kind, key)
    .update(headerAsIfEnding(bytes, start, at + 4 + INTEGRITY_BYTES[kind]))
    .update(bytes.subarray(start + HEADER_BYTES, at))
    .digest()
}

/** The key of long-term credentials. The name is taken as it is sent (RFC 8489 §9.2.2). */
export function longTermKey(
  algorithm: PasswordAlgorithm,
  username: string,
  realm: string,
  password: string,
): Uint8Array {
  return createHash(algorithm === PASSWORD_ALGORITHMS.SHA256 ? 'sha256' : 'md5')
    .update(`${username}:${prepared(realm)}:${prepared(password)}`)
    .digest()
}

/** The key of short-term credentials (RFC 8489 §9.1.1). */
export const shortTermKey = (password: string): Uint8Array => Buffer.from(prepared(password))

/** What stands in USERHASH (RFC 8489 §14.4): 32 bytes. */
export const userHash = (username: string, realm: string): Uint8Array =>
  createHash('sha256')
    .update(`${prepared(username)}:${prepared(realm)}`)
    .digest()

// Clients in the field prepare nothing: what OpaqueString refuses is taken as it is written, for it has
// matched so far.
const prepared = (text: string): string => opaqueString(text) ?? text
