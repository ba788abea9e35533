// Nonces without a table: each holds when it was made, and a MAC over that and the client's address.
//
//   | cookie and security features, 13 characters | base64url of: 5 bytes of time, 11 bytes of MAC; 22 characters |
//
// A nonce that somebody else made, that was made for another address, whose features were altered on its way
// (RFC 8489 §9.2.1), or that is too old is the same: stale, and the client gets a good one.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Address } from '../../lib/address.ts'
import { NONCE_COOKIE_LENGTH, nonceCookie, type SecurityFeatures } from '../bytes/nonce-cookie.ts'
import type { TurnListenerConfig } from '../turn.options.ts'

/** Hundredths of a second of Unix time fit in 5 bytes for 348 years. */
const TICK_MS = 10
const TIME_BYTES = 5
const MAC_BYTES = 11
/**
 * The last of 22 characters has four bits to spare: 0, or the same nonce could be written in several ways.
 */
const BODY = /^[A-Za-z0-9_-]{21}[AQgw]$/
/** How far the clocks of a group that shares a key may differ. */
const SKEW_MS = 60_000

/** Makes and checks nonces. */
export class Nonces {
  readonly #key: Uint8Array
  readonly #ttlMs: number
  readonly #cookie: string

  /** `key`: the same for all machines that should take each other's nonces. */
  constructor(
    key: Uint8Array,
    ttlMs: number,
    features: SecurityFeatures = { passwordAlgorithms: true, userHash: false },
  ) {
    this.#key = key
    this.#ttlMs = ttlMs
    this.#cookie = nonceCookie(features)
  }

  /**
   * A nonce for this client, of ASCII letters, digits, `_` and `-`. `unixMs`: the time that other processes
   * have too.
   */
  make(client: Address, unixMs: number): string {
    const body = Buffer.alloc(TIME_BYTES + MAC_BYTES)
    body.writeUIntBE(Math.floor(unixMs / TICK_MS), 0, TIME_BYTES)
    body.set(this.#mac(body.subarray(0, TIME_BYTES), client), TIME_BYTES)
    return this.#cookie + body.toString('base64url')
  }

  /** Whether this nonce was made here (or by whoever has the key) for this client, and is young enough. */
  check(nonce: string, client: Address, unixMs: number): 'good' | 'stale' {
    if (!nonce.startsWith(this.#cookie) || !BODY.test(nonce.slice(NONCE_COOKIE_LENGTH))) return 'stale'
    const body = Buffer.from(nonce.slice(NONCE_COOKIE_LENGTH), 'base64url')
    const time = body.subarray(0, TIME_BYTES)
    if (!timingSafeEqual(body.subarray(TIME_BYTES), this.#mac(time, client))) return 'stale'
    const ageMs = unixMs - time.readUIntBE(0, TIME_BYTES) * TICK_MS
    return ageMs < this.#ttlMs && ageMs >= -SKEW_MS ? 'good' : 'stale'
  }

  #mac(time: Uint8Array, { ip, port }: Address): Uint8Array {
    // Time and cookie have one length each; the address comes last, so that no two inputs read the same.
    return createHmac('sha256', this.#key)
      .update(this.#cookie)
      .update(time)
      .update(Uint8Array.of(port >> 8, port & 255))
      .update(ip)
      .digest()
      .subarray(0, MAC_BYTES)
  }
}

/** Where nobody's credentials are asked for, nobody is given a nonce. */
const OPEN_TTL_MS = 3_600_000

/**
 * The nonces of a listener. `planKey` (hex) is used where its config names no secret. USERHASH is asked for
 * only where all users are known by name: nobody finds the name of time-limited credentials by its hash.
 */
export function noncesOf(auth: TurnListenerConfig['auth'], planKey: string): Nonces {
  const own = Buffer.from(planKey, 'hex')
  if (auth === 'none') return new Nonces(own, OPEN_TTL_MS)
  const { nonce_secret: secret, nonce_ttl: ttlMs, secrets } = auth
  const key = secret === undefined ? own : createHash('sha256').update(secret).digest()
  return new Nonces(key, ttlMs, { passwordAlgorithms: true, userHash: secrets.length === 0 })
}
