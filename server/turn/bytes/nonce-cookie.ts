// The nonce cookie (RFC 8489 §9.2): a nonce says at its beginning which security features the server has, so
// that whoever removes them from an answer on its way changes the nonce too.

/** The STUN Security Features (RFC 8489 §18.1). */
export interface SecurityFeatures {
  /** PASSWORD-ALGORITHMS is sent with the nonce. */
  readonly passwordAlgorithms: boolean
  /** Users are named by USERHASH, not by USERNAME. */
  readonly userHash: boolean
}

const COOKIE = 'obMatJos2'
/** With the features: 24 bits in base64. */
export const NONCE_COOKIE_LENGTH = COOKIE.length + 4

// Bit 0 is the rightmost one (§18.1, and erratum 6290, as §9.2 had it the other way round).
const PASSWORD_ALGORITHMS_BIT = 1
const USER_HASH_BIT = 2

/** The beginning of a nonce: 13 characters. */
export function nonceCookie({ passwordAlgorithms, userHash }: SecurityFeatures): string {
  const bits = (passwordAlgorithms ? PASSWORD_ALGORITHMS_BIT : 0) | (userHash ? USER_HASH_BIT : 0)
  return COOKIE + Buffer.from([bits >> 16, bits >> 8, bits]).toString('base64')
}

/** What a nonce says of its server; null when it begins with no cookie. */
export function featuresOf(nonce: string): SecurityFeatures | null {
  if (!nonce.startsWith(COOKIE)) return null
  const text = nonce.slice(COOKIE.length, NONCE_COOKIE_LENGTH)
  if (!/^[A-Za-z0-9+/]{4}$/.test(text)) return null
  const bits = Buffer.from(text, 'base64').readUIntBE(0, 3)
  return {
    passwordAlgorithms: (bits & PASSWORD_ALGORITHMS_BIT) !== 0,
    userHash: (bits & USER_HASH_BIT) !== 0,
  }
}
