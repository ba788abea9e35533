// Who may use a listener: the long-term credential mechanism (RFC 8489 §9.2.4) with users of the config and
// time-limited names.
import { opaqueString } from '../../lib/opaque-string.ts'
import type { Address } from '../../lib/address.ts'
import type { ErrorCode } from '../bytes/errors.ts'
import {
  hasIntegrity,
  longTermKey,
  userHash,
  type IntegrityKind,
  type PasswordAlgorithm,
} from '../bytes/integrity.ts'
import type { Message } from '../bytes/message.ts'
import { OFFERED_ALGORITHMS, algorithmOf } from '../bytes/password-algorithms.ts'
import { ATTRIBUTES, PASSWORD_ALGORITHMS } from '../bytes/stun.ts'
import type { TurnListenerConfig } from '../turn.options.ts'
import type { Nonces } from './nonces.ts'
import { LastingUser } from './lasting-user.ts'
import { type RestName, parseRestName, restPassword, TEST_TTL_S, TEST_USER } from './rest-names.ts'

/** The request goes on. */
export interface Granted {
  readonly granted: true
  /**
   * For people: of a time-limited name the part beside the expiry (the whole name where that is empty); null:
   * anybody.
   */
  readonly user: string | null
  /** Whom quotas count: the same, but a user of the config is nobody whom a time-limited name calls so. */
  readonly account: string | null
  /**
   * The whole user name: requests on an allocation must come with the one that made it (441). Empty: anybody.
   */
  readonly username: string
  /** What the answer's integrity is made with; null: it has none. */
  readonly key: Uint8Array | null
  /** Which integrity the answer carries. */
  readonly integrity: IntegrityKind
}

/** The request is answered with this error, without integrity. */
export interface Denied {
  readonly granted: false
  readonly code: Extract<ErrorCode, 400 | 401 | 438>
  /** Whether the answer carries REALM, a new NONCE and PASSWORD-ALGORITHMS. */
  readonly isChallenge: boolean
  /** For the log, not for the client; null: nothing to tell, as every conversation begins or goes on so. */
  readonly why: string | null
}

/** What a request is checked against, beside what it says itself. */
export interface Asking {
  readonly client: Address
  /** Whose nonces are as good as the client's own; null or left out: nobody's. */
  readonly control?: Address | null
  readonly unixMs: number
  /**
   * User name of the allocation that the request is about: may have expired since, unless auth.strict_expiry.
   * Null: there is none.
   */
  readonly holder: string | null
}

/** RFC 8489 §14.3: "fewer than 509 bytes". */
const USERNAME_BYTES_MAX = 508
/** Keys of time-limited names that are kept; each was shown to be good once. */
const KEPT_KEYS = 4096

const ANYBODY: Granted = {
  granted: true,
  user: null,
  account: null,
  username: '',
  key: null,
  integrity: 'sha1',
}

/** The credentials of a listener. */
export class Credentials {
  readonly realm: string
  /** Value of PASSWORD-ALGORITHMS in challenges. */
  readonly algorithms: Uint8Array = OFFERED_ALGORITHMS
  /** Whether everybody is let in. */
  readonly isOpen: boolean
  readonly #nonces: Nonces
  /** User name, prepared → user. */
  readonly #users = new Map<string, LastingUser>()
  /** USERHASH in hex → user. */
  readonly #hashes = new Map<string, LastingUser>()
  readonly #secrets: readonly string[]
  readonly #testSecret: string | null
  readonly #isStrict: boolean
  /** In place of a user that nobody knows. */
  readonly #nobody: LastingUser
  /** Algorithm and user name → key, the one that was used last at the end. */
  readonly #keys = new Map<string, Uint8Array>()

  /** `testSecret`: of tests by the gateway's own people; null: there are none. */
  constructor(
    realm: string,
    auth: TurnListenerConfig['auth'],
    nonces: Nonces,
    testSecret: string | null = null,
  ) {
    this.realm = realm
    this.#nonces = nonces
    this.#testSecret = testSecret
    this.isOpen = auth === 'none'
    this.#secrets = auth === 'none' ? [] : auth.secrets
    this.#isStrict = auth !== 'none' && auth.strict_expiry
    this.#nobody = new LastingUser('', realm, '')
    for (const [name, password] of auth === 'none' ? [] : Object.entries(auth.users)) {
      const user = new LastingUser(opaqueString(name) ?? name, realm, password)
      this.#users.set(user.name, user)
      this.#hashes.set(userHash(user.name, realm).toHex(), user)
    }
  }

  /** Time-limited names whose keys are kept: bounded. */
  get keptKeys(): number {
    return this.#keys.size
  }

  /** A nonce for a challenge. */
  nonce(client: Address, unixMs: number): string {
    return this.#nonces.make(client, unixMs)
  }

  /** Checks who sent a request. The steps are those of RFC 8489 §9.2.4. */
  check(message: Message, asking: Asking): Granted | Denied {
    if (this.isOpen) return ANYBODY
    // 1. Without MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256: 401.
    if (!message.hasIntegrity) return challenge(401, null)
    // 2. With it, but without USERNAME or USERHASH, REALM or NONCE: 400.
    const nonce = message.text(ATTRIBUTES.NONCE)
    const realm = message.text(ATTRIBUTES.REALM)
    const name = nameOf(message)
    if (nonce === null || realm === null || name === null)
      return bad('user name, realm or nonce is missing or malformed')
    // 3. A nonce that is not good: 438. The standard has this last; here it comes before anything is
    //    computed with a password, so that whoever has not shown that he receives at his address costs
    //    little. Only where both are wrong does the order show.
    if (!this.#isGoodNonce(nonce, asking)) return challenge(438, null)
    // 4. All our nonces have the "password algorithms" bit: what the client says of algorithms must be what
    //   we said.
    const algorithm = algorithmAsked(message, this.algorithms)
    if (algorithm === null) return bad('password algorithms other than those that were offered')
    // 5. A user that is not valid, 6. or integrity that does not match: 401.
    if (realm !== this.realm) return challenge(401, 'the realm is another one')
    const user = this.#find(name)
    const rest = user === null && name.is === 'name' ? parseRestName(name.name) : null
    const isTest = rest?.user === TEST_USER && this.#testSecret !== null
    if (rest !== null && name.is === 'name' && (this.#secrets.length > 0 || isTest))
      return this.#checkRest(message, { username: name.name, ...rest }, algorithm, asking)
    return this.#checkUser(message, name, user, algorithm)
  }

  #isGoodNonce(nonce: string, { client, control = null, unixMs }: Asking): boolean {
    if (this.#nonces.check(nonce, client, unixMs) === 'good') return true
    return control !== null && this.#nonces.check(nonce, control, unixMs) === 'good'
  }

  #checkUser(
    message: Message,
    name: Name,
    user: LastingUser | null,
    algorithm: PasswordAlgorithm,
  ): Granted | Denied {
    const sent = name.is === 'name' ? name.name : null
    // Who is not known costs as much time as who is: it does not tell which names there are.
    const key = user ? user.key(algorithm, sent) : this.#nobody.key(algorithm, null)
    const isRight = hasIntegrity(message, key)
    if (user === null || !isRight) return WRONG
    return grant(message, key, { user: user.name, account: `=${user.name}`, username: user.name })
  }

  #checkRest(
    message: Message,
    { username, expiryS, user }: RestName & { readonly username: string },
    algorithm: PasswordAlgorithm,
    { unixMs, holder }: Asking,
  ): Granted | Denied {
    const isTest = user === TEST_USER
    // What has expired still holds the allocation that was made with it; a test is over then.
    if (expiryS * 1000 <= unixMs && (this.#isStrict || isTest || holder !== username))
      return challenge(401, 'the name has expired')
    const isShort = expiryS * 1000 <= unixMs + TEST_TTL_S * 1000
    const own = isTest && isShort && this.#testSecret !== null ? [this.#testSecret] : []
    const key = this.#restKey(message, { username, secrets: [...this.#secrets, ...own] }, algorithm)
    if (key === null) return WRONG
    // A bare expiry has neither sign before it, so it is nobody's account either.
    return grant(message, key, {
      user: user ?? username,
      account: user === null ? username : `:${user}`,
      username,
    })
  }

  #find(name: Name): LastingUser | null {
    if (name.is === 'hash') return this.#hashes.get(name.hex) ?? null
    const found = this.#users.get(name.name)
    if (found) return found
    const prepared = opaqueString(name.name)
    return prepared === null ? null : (this.#users.get(prepared) ?? null)
  }

  // The key of a time-limited name whose password was made with any of the secrets; null: with none.
  #restKey(
    message: Message,
    { username, secrets }: { readonly username: string; readonly secrets: readonly string[] },
    algorithm: PasswordAlgorithm,
  ): Uint8Array | null {
    const place = `${algorithm}${username}`
    const kept = this.#keys.get(place)
    if (kept !== undefined && hasIntegrity(message, kept)) {
      this.#keys.delete(place)
      this.#keys.set(place, kept)
      return kept
    }
    for (const secret of secrets) {
      const key = longTermKey(algorithm, username, this.realm, restPassword(secret, username))
      if (!hasIntegrity(message, key)) continue
      this.#keep(place, key)
      return key
    }
    return null
  }

  #keep(place: string, key: Uint8Array): void {
    this.#keys.delete(place)
    if (this.#keys.size >= KEPT_KEYS) {
      const oldest = this.#keys.keys().next().value
      if (oldest !== undefined) this.#keys.delete(oldest)
    }
    this.#keys.set(place, key)
  }
}

type Name = { readonly is: 'name'; readonly name: string } | { readonly is: 'hash'; readonly hex: string }

/** USERNAME, else USERHASH; null: neither, or malformed. */
function nameOf(message: Message): Name | null {
  const at = message.find(ATTRIBUTES.USERNAME)
  if (at >= 0) {
    const name = message.valueLength(at) <= USERNAME_BYTES_MAX ? message.text(ATTRIBUTES.USERNAME) : null
    return name === null ? null : { is: 'name', name }
  }
  const hash = message.value(ATTRIBUTES.USERHASH)
  return hash?.length === 32 ? { is: 'hash', hex: hash.toHex() } : null
}

// RFC 8489 §9.2.4: neither attribute means MD5; else both are there, the list is the one that was sent with
// the nonce, and what was chosen is on it. Null: 400.
function algorithmAsked(message: Message, offered: Uint8Array): PasswordAlgorithm | null {
  const list = message.value(ATTRIBUTES.PASSWORD_ALGORITHMS)
  const chosen = message.value(ATTRIBUTES.PASSWORD_ALGORITHM)
  if (list === null && chosen === null) return PASSWORD_ALGORITHMS.MD5
  if (list === null || chosen === null || Buffer.compare(list, offered) !== 0) return null
  return algorithmOf(chosen)
}

function grant(
  message: Message,
  key: Uint8Array,
  names: Pick<Granted, 'user' | 'account' | 'username'>,
): Granted {
  // RFC 8489 §9.2.4: MESSAGE-INTEGRITY-SHA256, unless the client knows nothing of algorithms; who used it
  // knows it in any case.
  const isNew = message.integritySha256At >= 0 || message.has(ATTRIBUTES.PASSWORD_ALGORITHM)
  return { granted: true, ...names, key, integrity: isNew ? 'sha256' : 'sha1' }
}

const challenge = (code: 401 | 438, why: string | null): Denied => ({
  granted: false,
  code,
  isChallenge: true,
  why,
})

const WRONG = challenge(401, 'unknown user or wrong password')

const bad = (why: string): Denied => ({ granted: false, code: 400, isChallenge: false, why })
