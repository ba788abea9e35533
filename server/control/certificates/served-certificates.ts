// Certificates that are served, for people: how much of their life is used, who renews them and when, what
// clients may have against them.
import type { CertificateText } from '../../tls/certificate.ts'
import { examine, type Examined, type Finding } from './findings.ts'
import type { ToldCertificate } from './told-certificate.ts'

/** In one word; `stand_in`: of our own making, as none was obtained yet. */
export type CertificateState =
  | 'valid'
  | 'expiring'
  | 'expired'
  | 'not_yet_valid'
  | 'chain_incomplete'
  | 'stand_in'

export interface ServedCertificate extends ToldCertificate {
  readonly state: CertificateState
  /** Of its life, 0 to 1. */
  readonly used: number
  readonly days_left: number
  readonly chain: readonly ToldCertificate[]
  readonly findings: readonly Finding[]
  /** One for each further kind of key. */
  readonly others: readonly ToldCertificate[]
}

const DAY_MS = 86_400_000
/** With less than a third of its life left one is to be renewed. */
const RENEW_USED = 2 / 3
/** Signatures are verified for it; dates go on by themselves. */
const KEPT_MS = 10_000

const known = new WeakMap<CertificateText, { readonly atMs: number; readonly all: readonly Examined[] }>()

/** Null: it cannot be read any more. `isRenewed`: in time, by itself. */
export function servedCertificate(
  text: CertificateText,
  { nowMs, isRenewed, isStandIn }: { nowMs: number; isRenewed: boolean; isStandIn: boolean },
): ServedCertificate | null {
  const kept = known.get(text)
  const isFresh = kept !== undefined && Math.abs(nowMs - kept.atMs) < KEPT_MS
  const all = isFresh ? kept.all : text.pairs.map(({ cert }) => examine({ cert, key: null, nowMs }))
  if (!isFresh) known.set(text, { atMs: nowMs, all })
  // The one that ends first says how it is.
  const [first, ...others] = all.toSorted((a, b) => endOf(a) - endOf(b))
  if (first === undefined || first.certificate === null) return null
  const { certificate, chain, findings } = first
  const used = first.used ?? 1
  const has = (code: string): boolean => findings.some((one) => one.code === code)
  const state: CertificateState = isStandIn
    ? 'stand_in'
    : has('expired')
      ? 'expired'
      : has('not_yet_valid')
        ? 'not_yet_valid'
        : has('chain_incomplete')
          ? 'chain_incomplete'
          : used >= RENEW_USED && !isRenewed
            ? 'expiring'
            : 'valid'
  return {
    ...certificate,
    // As they are looked for, of all kinds of keys.
    names: certificate.names.length > 0 ? certificate.names : text.names,
    ...{ state, used, chain, findings },
    days_left: Math.floor((Date.parse(certificate.not_after) - nowMs) / DAY_MS),
    others: others.flatMap((one) => one.certificate ?? []),
  }
}

const endOf = ({ certificate }: Examined): number => Date.parse(certificate?.not_after ?? '') || 0
