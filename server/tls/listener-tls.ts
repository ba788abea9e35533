// What a listener has of TLS.
import type { Certificate } from './certificate.ts'
import type { ClientPolicies } from './client-policies.ts'
import type { TlsSettings } from './tls-settings.ts'

export interface CertificatesByName {
  /** What handshakes begin with; for clients that ask for no name. */
  readonly first: Certificate
  /** The one for a client that asks for this name. */
  find(asked: string): Certificate
  /**
   * Whether one for this name may come on demand; then `resume` is called with it, or with what there is
   * where none came in time. Left out: none does.
   */
  hold?(asked: string, resume: (certificate: Certificate) => void): boolean
  /** One has come, by the words of `owner`; null: it is forgotten. */
  learn?(owner: string, name: string, certificate: Certificate | null): void
}

/** What a listener asks of its clients; null: it asks nobody, or ends no TLS. */
export const clientsOf = (listener: object): ClientPolicies | null =>
  (listener as { readonly tls?: ListenerTls | null }).tls?.clients ?? null

export interface ListenerTls {
  readonly certificates: CertificatesByName
  readonly settings: TlsSettings
  /** What is asked of clients; null: no name asks for a certificate. */
  readonly clients: ClientPolicies | null
  /** Its `timeouts.handshake`. */
  readonly handshakeMs: number
}
