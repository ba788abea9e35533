// What stands against a chain and its key, in plain words: what TLS itself says of it is a code.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { KEY_KINDS, strangeKind } from '../lib/key-kinds.ts'
import { certificatesIn, holdsKey } from '../lib/pem.ts'
import type { PemPair } from './certificate.ts'
import type { CertificateFiles } from './certificates.ts'

/**
 * Null: nothing is seen that stands against it. `files`: what its texts are called. What stands in a key is
 * never told.
 */
export function whyUnfit({ cert, key }: PemPair, files: CertificateFiles, when?: When): string | null {
  const { blocks, isCut } = certificatesIn(cert)
  if (blocks.length === 0 && !isCut) return `${files.cert} holds no PEM certificate`
  if (!holdsKey(key)) return `${files.key} holds no PEM private key`
  if (isCut) return `${files.cert} ends in the midst of a certificate`
  let leaf: X509Certificate | undefined
  try {
    ;[leaf] = blocks.map((block) => new X509Certificate(block))
  } catch {
    // Told below.
  }
  if (leaf === undefined) return `${files.cert} holds a certificate that cannot be read`
  try {
    if (leaf.checkPrivateKey(createPrivateKey(key)))
      return whyNoKind(leaf, files) ?? (when === undefined ? null : whyNow(leaf, files, when))
  } catch {
    const how = key.includes('ENCRYPTED') ? 'has a passphrase' : 'cannot be read'
    return `${files.key} holds a key that ${how}`
  }
  return `the key in ${files.key} does not belong to the first certificate in ${files.cert}`
}

function whyNoKind({ publicKey }: X509Certificate, { cert }: CertificateFiles): string | null {
  const kind = strangeKind(publicKey)
  return kind === null ? null : `the certificate in ${cert} has a key of ${kind}: TLS needs ${KEY_KINDS}`
}

/** What it is held against beside itself. */
export interface When {
  readonly nowMs: number
  /** What it is to take the place of. */
  readonly before: readonly PemPair[]
}

/** One that clients refuse takes the place of none that they take. */
function whyNow({ validFrom, validTo }: X509Certificate, files: CertificateFiles, when: When): string | null {
  const { nowMs, before } = when
  const why =
    Date.parse(validTo) <= nowMs
      ? `the certificate in ${files.cert} expired on ${dayOf(validTo)}`
      : Date.parse(validFrom) > nowMs
        ? `the certificate in ${files.cert} is not valid before ${dayOf(validFrom)}`
        : null
  return why !== null && before.some((pair) => isValid(pair, nowMs)) ? why : null
}

function isValid({ cert }: PemPair, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(cert)
  return Date.parse(validFrom) <= nowMs && nowMs < Date.parse(validTo)
}

const dayOf = (date: string): string => new Date(date).toISOString().slice(0, 10)
