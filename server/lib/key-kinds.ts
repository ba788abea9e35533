// Kinds of keys that TLS here can show certificates of. Others can be read, and even fit their certificates,
// but no handshake is made of them.
import type { KeyObject } from 'node:crypto'

export const KEY_KINDS = 'a key of RSA (1024 bits or more), of ECDSA on P-256, P-384 or P-521, or Ed25519'

const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1']
/** What PSS with SHA-256 needs (RFC 8017 §9.1.1), and a little more. */
const RSA_BITS_MIN = 1024

/** What kind a public key is of; null: one of those. */
export function strangeKind({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): string | null {
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails ?? {}
  if (type === 'ed25519') return null
  if (type === 'ec') return CURVES.includes(namedCurve) ? null : `ECDSA on ${namedCurve ?? 'no known curve'}`
  if (type === 'rsa') return modulusLength >= RSA_BITS_MIN ? null : `RSA of ${modulusLength} bits`
  return String(type).toUpperCase()
}
