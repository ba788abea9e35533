// What stands in certificates, as whoever plans for workers reads it: they need not.
import { X509Certificate } from 'node:crypto'
import { domainToASCII } from 'node:url'
import type { CertificateText, PemPair } from './certificate.ts'
import { comparableName } from './comparable-name.ts'

/** Chains and keys with the names that they are for, and until when. Throws where a chain cannot be read. */
export function certificateText(pairs: readonly PemPair[]): CertificateText {
  const leaves = pairs.map(({ cert }) => new X509Certificate(cert))
  const endsMs = Math.min(...leaves.map(({ validTo }) => Date.parse(validTo)))
  return { pairs, names: [...new Set(leaves.flatMap(namesIn))], endsMs }
}

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
