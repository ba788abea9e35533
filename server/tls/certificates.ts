// Certificates by name: what plans, listeners and messages call the pair of files that one is made of.
import { Certificate, type CertificateText } from './certificate.ts'

/** Where the chain and the key stand. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** Its name: two listeners with the same files have the same certificate. */
export const certificateName = ({ cert, key }: CertificateFiles): string =>
  cert === key ? cert : `${cert} ${key}`

export type Certificates = ReadonlyMap<string, Certificate>

/** Those of a plan; one whose texts are the same is the same object, with all that handshakes made of it. */
export function makeCertificate(name: string, text: CertificateText, previous: Certificates): Certificate {
  const before = previous.get(name)
  return before?.isOf(text) === true ? before : new Certificate(text)
}
