// How TLS is spoken: what contexts are made with beside certificates.
import type { TlsConfig } from './tls.options.ts'

export interface TlsSettings {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Of TLS 1.2, as OpenSSL lists them; null: the library's own. */
  readonly ciphers: string | null
  /** Clients are asked for a certificate, of one of these issuers (PEM); null: they are not. */
  readonly asks: { readonly issuers: readonly string[] } | null
  /** Tells settings apart: contexts are the same where it is. */
  readonly key: string
}

const INTERMEDIATE = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

/** Mozilla's recommendation (guidelines 5.7), without DHE, which this TLS does not have. */
export function settingsOf({ profile, min_version, ciphers }: TlsConfig): TlsSettings {
  const minVersion = min_version ?? (profile === 'modern' ? 'TLSv1.3' : 'TLSv1.2')
  return settings(minVersion, (ciphers ?? INTERMEDIATE).join(':'))
}

function settings(minVersion: TlsSettings['minVersion'], ciphers: string | null): TlsSettings {
  return { minVersion, ciphers, asks: null, key: `${minVersion} ${ciphers ?? ''}` }
}

/** The same where clients are asked for a certificate. */
export function askingSettings(plain: TlsSettings, issuers: readonly string[]): TlsSettings {
  const whose = new Bun.CryptoHasher('sha256').update(JSON.stringify(issuers)).digest('base64')
  return { ...plain, asks: { issuers }, key: `${plain.key} asks ${whose}` }
}

/** RFC 8996: nothing older than TLS 1.2; what else there is is the library's choice. */
export const PLAIN_SETTINGS: TlsSettings = settings('TLSv1.2', null)
