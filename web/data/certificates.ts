// Certificates as the API tells them, those of the config and those that listeners name by their files.
import type { Certificate, CertificateFinding } from './api-types.ts'

export type Source = 'files' | 'upload' | 'self_signed' | 'acme'
export type CertificateState =
  | 'valid'
  | 'expiring'
  | 'expired'
  | 'not_yet_valid'
  | 'chain_incomplete'
  | 'stand_in'

/** How ACME fares with one. */
export interface Renewal {
  readonly certificate: string
  readonly names: readonly string[]
  readonly challenge: string
  /** good, obtaining, waiting (it failed, and is tried again) or due. */
  readonly state: 'good' | 'obtaining' | 'waiting' | 'due'
  readonly issuer: string | null
  readonly until: string | null
  readonly renew_at: string | null
  readonly renew_why: string | null
  readonly next_try: string | null
  readonly last_failure: null | {
    readonly time: string
    readonly in_a_row: number
    readonly why: string
    readonly hint: string | null
  }
}

export interface CertificateLive extends Certificate {
  readonly certificate: string
  readonly state: CertificateState
  /** Of its life, 0 to 1. */
  readonly used: number
  readonly days_left: number
  readonly chain: readonly Certificate[]
  readonly findings: readonly CertificateFinding[]
  /** One for each further kind of key. */
  readonly others: readonly Certificate[]
  readonly source: Source
  readonly files: readonly string[]
  /** `listeners/web`, each name percent-encoded. */
  readonly used_by: readonly string[]
  readonly renews_by_itself: boolean
  readonly renew_at: string | null
  readonly renewal: Renewal | null
}

export interface CertificateResource {
  readonly id: string
  readonly etag: string
  readonly configured: Readonly<Record<string, unknown>>
  readonly live?: CertificateLive
  readonly place: { readonly file: string; readonly line: number }
}

export interface CertificateList {
  readonly items: readonly CertificateResource[]
  /** Of those in the config. */
  readonly total: number
  /** Null: all of them have come. */
  readonly next_cursor: string | null
  readonly acme: readonly Renewal[]
  /** Of listeners that name files themselves. */
  readonly others: readonly CertificateLive[]
}

/** `listeners/web` as people call it. */
export const userWord = (user: string): string => decodeURIComponent(user.split('/').at(-1) ?? user)
