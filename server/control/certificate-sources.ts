// The sources of certificates. One that is added is a row here, and a key of tls/certificate.options.ts.
import type { AcmeCertificates } from './acme/acme-certificates.ts'
import { FileCertificates } from './certificates/file-certificates.ts'
import { SelfSignedCertificates } from './certificates/self-signed-certificates.ts'
import type { CertificateHands, CertificateSource } from './certificates/source.ts'

export interface SourcesOptions {
  /** The data folder. */
  readonly data: string
  /** Whether files are followed. */
  readonly isWatching: boolean
  readonly nowMs: () => number
  readonly acme: AcmeCertificates
}

export const certificateSources =
  ({ data, isWatching, nowMs, acme }: SourcesOptions) =>
  (hands: CertificateHands): readonly CertificateSource[] => [
    new FileCertificates({ hands, isWatching }),
    new SelfSignedCertificates({ hands, data, nowMs }),
    acme.with(hands),
  ]
