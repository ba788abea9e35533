// What is shown of certificates, and of files that were changed.

/** A certificate that is served. */
export interface CertificateFacts {
  readonly certificate: string
  readonly names: readonly string[]
  /** When it ends. */
  readonly until: string
  /** Below 0 once it has. */
  readonly days_left: number
  /** Where it comes from: files, self_signed or acme. */
  readonly source: string
  /** It is self-signed, as none was obtained yet; left out: it is no stand-in. */
  readonly stand_in?: true
}

/** Files that were changed and are of no use: what they held before goes on. */
export interface RefusedFacts {
  /** Whose they are: of a certificate, or of the tls of a backend. */
  readonly owner: 'certificate' | 'backend' | 'listener' | 'geo' | 'jwt'
  readonly name: string
  readonly why: string
  readonly since: string
}
