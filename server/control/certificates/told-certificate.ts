// What stands in a certificate, for people: of an own one and of those that come along with it.
import type { X509Certificate } from 'node:crypto'
import { certificateFacts, type CertificateFacts } from '../../lib/certificate-facts.ts'
import { nameAttributes, nameText } from '../../lib/distinguished-name.ts'

export interface ToldCertificate {
  /** Whose it is: its common name, or the whole where it has none. */
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal, as browsers show it. */
  readonly serial: string
  /** SHA-256 of the whole, in pairs with colons. */
  readonly fingerprint: string
  /** "ECDSA P-256", "RSA 2048". */
  readonly key: string
  readonly signature: string | null
  readonly not_before: string
  readonly not_after: string
  /** Names and addresses that it is for. */
  readonly names: readonly string[]
}

/** Throws where it cannot be read. */
export function toldCertificate(certificate: X509Certificate): ToldCertificate {
  const facts = certificateFacts(certificate.raw)
  const { signatureAlgorithm } = certificate as { readonly signatureAlgorithm?: string }
  return {
    subject: shortName(facts.subject),
    issuer: shortName(facts.issuer),
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    key: keyText(certificate),
    signature: signatureAlgorithm ?? null,
    not_before: new Date(facts.fromMs).toISOString(),
    not_after: new Date(facts.untilMs).toISOString(),
    names: facts.alternatives.flatMap(({ kind, value }) => (kind === 'DNS' || kind === 'IP' ? [value] : [])),
  }
}

/** Of a name in DER what people call it by. */
export function shortName(der: CertificateFacts['subject']): string {
  const attributes = nameAttributes(der)
  const of = (type: string): string | undefined => attributes.findLast((one) => one.type === type)?.value
  return of('CN') ?? of('O') ?? nameText(der)
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

export function keyText({ publicKey }: Pick<X509Certificate, 'publicKey'>): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails } = publicKey
  const { namedCurve = '', modulusLength } = asymmetricKeyDetails ?? {}
  if (type === 'ec') return `ECDSA ${CURVES[namedCurve] ?? namedCurve}`
  if (type === 'rsa') return `RSA ${modulusLength ?? '?'}`
  return type === 'ed25519' ? 'Ed25519' : String(type)
}

/** How much of its life has passed, 0 to 1. */
export function usedShare(
  { not_before: from, not_after: to }: Pick<ToldCertificate, 'not_before' | 'not_after'>,
  nowMs: number,
): number {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  const share = toMs > fromMs ? (nowMs - fromMs) / (toMs - fromMs) : 1
  return Math.round(Math.min(1, Math.max(0, share)) * 1000) / 1000
}
