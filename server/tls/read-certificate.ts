// What stands in certificates, as whoever plans for workers reads it: they need not.
import { X509Certificate } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { certificatesIn } from '../lib/pem.ts'
import type { CertificateText, PemPair } from './certificate.ts'
import { comparableName } from './comparable-name.ts'
import { type Leaf, readLeaf } from './read-leaf.ts'

/** Chains and keys with the names that they are for, and until when. Throws where a chain cannot be read. */
export function certificateText(pairs: readonly PemPair[]): CertificateText {
  const leaves = pairs.map(
    ({ cert }) => readLeaf(cert) ?? leafOf(new X509Certificate(certificatesIn(cert).blocks[0] ?? cert)),
  )
  const endsMs = Math.min(...leaves.map((leaf) => leaf.endsMs))
  const names = leaves.flatMap((leaf) => leaf.names.map(inALabels))
  return { pairs, names: [...new Set(names)].filter((name) => name !== ''), endsMs }
}

const leafOf = (certificate: X509Certificate): Leaf => ({
  names: namesIn(certificate),
  endsMs: Date.parse(certificate.validTo),
})

/** The names that a certificate is for; addresses are left out, as no client asks for one (RFC 6066 §3). */
export function namesIn(certificate: X509Certificate): string[] {
  const { subjectAltName, subject } = certificate
  const names = (subjectAltName ?? '').split(', ').flatMap((name) => /^DNS:([^"]+)$/.exec(name)?.[1] ?? [])
  // Clients no longer heed it, but whoever asks for it means this one (RFC 6125 §6.4.4).
  if (subjectAltName === undefined) names.push(/^CN=(.+)$/m.exec(subject)?.[1] ?? '')
  return names.map(inALabels).filter((name) => name !== '')
}

/** IDN as certificates and clients spell it; empty: it is no name. */
export const inALabels = (name: string): string => comparableName(domainToASCII(name))
