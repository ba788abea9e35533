// Certificates by name: what plans, listeners and messages call them. One of the config has the name that it
// has there; of a pair of files that a listener names itself, the files are the name.
import { Certificate, type CertificateText } from './certificate.ts'

/** Where a chain and its key stand. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** The name of a pair of files: two listeners with the same files have the same certificate. */
export const certificateName = ({ cert, key }: CertificateFiles): string =>
  cert === key ? cert : `${cert} ${key}`

export type Certificates = ReadonlyMap<string, Certificate>

/** Those of a plan; one whose texts are the same is the same object, with all that handshakes made of it. */
export function makeCertificate(name: string, text: CertificateText, previous: Certificates): Certificate {
  const before = previous.get(name)
  return before?.isOf(text) === true ? before : new Certificate(text)
}
