// Who may have made a list of revoked certificates (RFC 5280 §6.3.3): an issuer may revoke its own
// certificates, and those of no other.
import type { X509Certificate } from 'node:crypto'
import { certificateFacts } from './certificate-facts.ts'
import { type Crl, isSignedBy } from './crl.ts'
import { nameText } from './distinguished-name.ts'

export interface CrlSigners {
  /** Names of those whose list it is, in DER as their certificates have them; empty: of none. */
  readonly names: readonly Buffer[]
  /** Why, where there are none. */
  readonly whyNot: string
}

/** Who of these issuers has signed it, and bears the name that it says it is of (step f). */
export function crlSigners(crl: Crl, issuers: readonly X509Certificate[]): CrlSigners {
  const subjects = issuers
    .filter((one) => isSignedBy(crl, one))
    .map((one) => certificateFacts(one.raw).subject)
  const names = subjects.filter((subject) => isSameName(subject, crl.issuer))
  const [other] = subjects
  const whyNot =
    other === undefined
      ? 'signed by none of the issuers in "ca"'
      : `signed by another of the issuers in "ca" (${nameText(other)})`
  return { names, whyNot }
}

/** Texts may be encoded otherwise in the one than in the other (§7.1). */
function isSameName(one: Buffer, other: Buffer): boolean {
  return one.equals(other) || (one.length > 2 && comparable(one) === comparable(other))
}

const comparable = (name: Buffer): string => nameText(name).toLowerCase().replace(/\s+/g, ' ')
