// What a listener has of TLS.
import type { Certificate } from './certificate.ts'
import type { TlsSettings } from './tls-settings.ts'

export interface CertificatesByName {
  /** What handshakes begin with; for clients that ask for no name. */
  readonly first: Certificate
  /** The one for a client that asks for this name. */
  find(asked: string): Certificate
}

export interface ListenerTls {
  readonly certificates: CertificatesByName
  readonly settings: TlsSettings
}
