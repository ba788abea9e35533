// Time-limited credentials, as the "REST API for access to TURN services" has them: whoever shares a secret
// with us gives a client a user name that holds when it expires, and base64(HMAC-SHA1(secret, user name)) as
// the password.
import { createHmac } from 'node:crypto'

export interface RestName {
  /** Unix seconds. */
  readonly expiryS: number
  /** What is beside the expiry; null: nothing. */
  readonly user: string | null
}

/** More digits are no time, but somebody's number. */
const DIGITS = /^[0-9]{1,12}$/
/** RFC 8265 §4.2 has none of these; lists and logs that people look at are where they would do harm. */
const CONTROLS = /\p{Cc}/u
/** September 2001: a smaller number is a user's where a larger one stands on the other side. */
const LEAST_S = 1_000_000_000

/**
 * Reads "EXPIRY:USER", "USER:EXPIRY" or "EXPIRY"; null: none of them. Where both ends could be times the
 * first is the expiry, as the draft has it; users may have colons.
 */
export function parseRestName(name: string): RestName | null {
  if (CONTROLS.test(name)) return null
  const first = name.indexOf(':')
  if (first < 0) return DIGITS.test(name) ? { expiryS: Number(name), user: null } : null
  const last = name.lastIndexOf(':')
  const head = expiryOf(name.slice(0, first))
  const tail = expiryOf(name.slice(last + 1))
  if (head !== null && (head >= LEAST_S || tail === null || tail < LEAST_S))
    return { expiryS: head, user: name.slice(first + 1) || null }
  return tail === null ? null : { expiryS: tail, user: name.slice(0, last) || null }
}

const expiryOf = (text: string): number | null => (DIGITS.test(text) ? Number(text) : null)

/** The password that belongs to a user name. */
export const restPassword = (secret: string, username: string): string =>
  createHmac('sha1', secret).update(username).digest('base64')

/** Makes credentials that are good for `ttlS` seconds; `user` may be empty. */
export function makeCredentials(
  secret: string,
  user: string,
  ttlS: number,
  nowS: number,
): { readonly username: string; readonly password: string } {
  const expiry = String(Math.floor(nowS + ttlS))
  const username = user === '' ? expiry : `${expiry}:${user}`
  return { username, password: restPassword(secret, username) }
}

/** Whom tests of the relay by the gateway's own people come as: a name of no application. */
export const TEST_USER = 'sluice-relay-test'
/** Longer is no such test. */
export const TEST_TTL_S = 60

/**
 * The secret of such tests, where an application has none, or another: the supervisor and its relay make it
 * of what they share already, and nobody else can.
 */
export const testSecretOf = (nonceKey: string): string =>
  createHmac('sha256', Buffer.from(nonceKey, 'hex')).update(TEST_USER).digest('hex')
