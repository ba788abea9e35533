// Long-term credentials from the client's side (RFC 8489 §9.2): what a 401 or 438 asks for, and the proof
// that is given.
import {
  hasIntegritySha1,
  hasIntegritySha256,
  longTermKey,
  type PasswordAlgorithm,
  userHash,
} from '../../turn/bytes/integrity.ts'
import type { Message } from '../../turn/bytes/message.ts'
import { featuresOf } from '../../turn/bytes/nonce-cookie.ts'
import { algorithmValue, firstKnownAlgorithm } from '../../turn/bytes/password-algorithms.ts'
import { ATTRIBUTES, PASSWORD_ALGORITHMS } from '../../turn/bytes/stun.ts'
import type { MessageWriter } from '../../turn/bytes/writer.ts'

export interface Login {
  readonly user: string
  readonly password: string
}

/** What a server wants a proof with. */
export interface Challenge {
  readonly realm: string
  /** Its bytes as they came: they are sent back as they are. */
  readonly nonce: Uint8Array
  /** PASSWORD-ALGORITHMS: numbers in the server's order; empty when it named none. */
  readonly algorithms: readonly number[]
  /** The same attribute as it came. */
  readonly offered: Uint8Array | null
  /** The nonce says that PASSWORD-ALGORITHMS are sent: without them somebody on the way took them out. */
  readonly wasStripped: boolean
  /** The nonce says that USERHASH is understood. */
  readonly takesUserHash: boolean
}

/** Reads a challenge; null when REALM or NONCE is missing. */
export function readChallenge(message: Message): Challenge | null {
  const realm = message.text(ATTRIBUTES.REALM)
  const nonce = message.value(ATTRIBUTES.NONCE)
  if (realm === null || nonce === null) return null
  const features = featuresOf(Buffer.from(nonce).toString('latin1'))
  const offered = message.value(ATTRIBUTES.PASSWORD_ALGORITHMS)
  return {
    realm,
    nonce: nonce.slice(),
    algorithms: offered === null ? [] : algorithmsOf(offered),
    offered: offered === null ? null : offered.slice(),
    wasStripped: features?.passwordAlgorithms === true && offered === null,
    takesUserHash: features?.userHash === true,
  }
}

/** How a client proves who it is: `auto` takes the best that the server offers. */
export type ProofKind = 'auto' | 'md5' | 'sha256'

/**
 * Writes USERNAME to MESSAGE-INTEGRITY at the end of a request, and tells with which key the answer must be
 * made.
 */
export function prove(
  writer: MessageWriter,
  challenge: Challenge,
  login: Login,
  kind: ProofKind = 'auto',
): Proof {
  const algorithm = choose(challenge, kind)
  const key = longTermKey(algorithm ?? PASSWORD_ALGORITHMS.MD5, login.user, challenge.realm, login.password)
  // RFC 8489 §9.2.5: 1. The name, or its hash where the server takes one and the new attributes are used.
  if (algorithm !== null && challenge.takesUserHash)
    writer.bytes(ATTRIBUTES.USERHASH, userHash(login.user, challenge.realm))
  else writer.text(ATTRIBUTES.USERNAME, login.user)
  writer.text(ATTRIBUTES.REALM, challenge.realm)
  writer.bytes(ATTRIBUTES.NONCE, challenge.nonce)
  if (algorithm === null) {
    writer.integritySha1(key)
    return { key, kind: 'sha1' }
  }
  // 2. PASSWORD-ALGORITHMS as they came, so that the server sees whether they were changed on the way, and
  //   which one was taken.
  if (challenge.offered !== null) writer.bytes(ATTRIBUTES.PASSWORD_ALGORITHMS, challenge.offered)
  writer.bytes(ATTRIBUTES.PASSWORD_ALGORITHM, algorithmValue(algorithm))
  // 3. From here on only MESSAGE-INTEGRITY-SHA256.
  writer.integritySha256(key)
  return { key, kind: 'sha256' }
}

export interface Proof {
  readonly key: Uint8Array
  readonly kind: 'sha1' | 'sha256'
}

/** Whether an answer was made by somebody who knows the password. */
export const isProven = (message: Message, { key, kind }: Proof): boolean =>
  kind === 'sha256' ? hasIntegritySha256(message, key) : hasIntegritySha1(message, key)

// The first that we know of what is offered, as RFC 8489 §9.2.5 has it; null: the old way, MD5 with
// MESSAGE-INTEGRITY.
function choose({ offered }: Challenge, kind: ProofKind): PasswordAlgorithm | null {
  if (kind === 'md5') return null
  if (kind === 'sha256') return PASSWORD_ALGORITHMS.SHA256
  return offered === null ? null : firstKnownAlgorithm(offered)
}

// RFC 8489 §14.11: each is a number, the length of its parameters, and these with padding.
function algorithmsOf(value: Uint8Array): number[] {
  const view = Buffer.from(value)
  const found: number[] = []
  for (let at = 0; at + 4 <= view.length; at += 4 + ((view.readUInt16BE(at + 2) + 3) & ~3))
    found.push(view.readUInt16BE(at))
  return found
}
