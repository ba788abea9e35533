// A certificate that is kept by ACME: how it is, and when something is to be done for it.
import { X509Certificate } from 'node:crypto'
import { wayToWrite } from '../source/way-to-write.ts'
import { type Failures, failureKeys } from './failures.ts'
import type { StepLog } from './step-log.ts'
import type { KeptCertificate } from './store.ts'
import type { Wanted } from './wanted.ts'

/** How one of them is, for those who ask. */
export interface AcmeFacts {
  readonly certificate: string
  readonly names: readonly string[]
  readonly challenge: string
  /** good · obtaining · waiting (it failed, and is tried again) · due (it is about to be obtained) */
  readonly state: 'good' | 'obtaining' | 'waiting' | 'due'
  /** Whose it is; null: there is none yet. */
  readonly issuer: string | null
  readonly until: string | null
  readonly renew_at: string | null
  /** Where the CA itself says why it is to be renewed. */
  readonly renew_why: string | null
  readonly next_try: string | null
  readonly last_failure: null | {
    readonly time: string
    readonly in_a_row: number
    readonly why: string
    readonly hint: string | null
  }
}

/** Who hears what became of certificates. */
export interface AcmeNews {
  obtained(certificate: string, facts: ObtainedFacts): void
  /** `isNew`: it was well, or failed in another way, before. */
  failed(failure: FailureNews, isNew: boolean): void
  bug(error: unknown): void
}

export interface ObtainedFacts {
  readonly names: readonly string[]
  /** There was one before. */
  readonly renewal: boolean
  readonly issuer: string
  readonly until: string
  readonly renew_at: string
}

export interface FailureNews {
  readonly certificate: string
  readonly names: readonly string[]
  readonly why: string
  readonly hint: string | null
  /** In a row. */
  readonly failures: number
  readonly nextTryMs: number
}

/** What is none of a CA's failures: the folder cannot be read or written, or a bug, which has no hint. */
export function mishap(
  { wanted: { name, names } }: Pick<Followed, 'wanted'>,
  error: unknown,
  nextTryMs: number,
): FailureNews {
  const isOfFolder = (error as NodeJS.ErrnoException).code !== undefined
  const hint = isOfFolder ? `${wayToWrite(error)}, in the folder "data"` : null
  const why = error instanceof Error ? error.message : String(error)
  return { certificate: name, names, why, hint, failures: 1, nextTryMs }
}

/** One that is kept. */
export interface Followed {
  readonly wanted: Wanted
  readonly log: StepLog
  readonly given: AbortController
  kept: KeptCertificate | null
  /** The same, where it could not be written into the folder. */
  unkept: KeptCertificate | null
  /** What is served, as far as it came from here. */
  served: string
  /** When what there is is to be renewed; 0: there is nothing good. */
  renewMs: number
  /** When something is to be obtained; later than that where it waits. */
  dueMs: number
  isBusy: boolean
  /** The failure that was told last: its kind; and what it was where it is none of a CA's, which are kept. */
  told: { readonly kind: string; readonly mishap: FailureNews | null; readonly atMs: number } | null
}

/**
 * Whatever a CA suggests, a certificate is renewed with so much of its life left; and whatever clocks say,
 * not before so much of it has passed since it was obtained: it would be renewed without end.
 */
const LIFE_MIN = 0.1
/** A CA that revokes it may want another one earlier. */
const ADVISED_MS_MIN = 86_400_000

export const nextMs = ({ dueMs, kept }: Followed): number => Math.min(dueMs, kept?.adviseAtMs ?? dueMs)

/** When it is to be renewed. */
export function renewalMs(kept: KeptCertificate, nowMs: number): number {
  const { cert, advice, renewAtMs } = kept
  const { validFrom, validTo } = new X509Certificate(cert)
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)]
  // Obtained in what is the future: the clock was ahead then, and its own dates alone can be believed.
  const obtainedMs = kept.obtainedMs > nowMs ? fromMs : kept.obtainedMs
  const leastMs = (toMs - fromMs) * LIFE_MIN
  if (advice === null) return Math.max(renewAtMs, obtainedMs + leastMs)
  return Math.max(Math.min(advice.atMs, toMs - leastMs), obtainedMs + Math.min(leastMs, ADVISED_MS_MIN))
}

export const certificateKey = ({ name, fingerprint }: Wanted): string =>
  failureKeys.certificate(name, fingerprint)

/** What it waits for. */
export const keysOf = (wanted: Wanted): string[] => [certificateKey(wanted), ...wanted.names.map(keyOfName)]

/** "*.a.example" is proved as "a.example" is. */
export const keyOfName = (name: string): string => failureKeys.name(name.toLowerCase().replace(/^\*\./, ''))

/** Null: it cannot be read. That was told; who asks how all is gets an answer all the same. */
export function readable<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

/** The failure of one key alone, if it failed. */
export function pick(failures: Failures, key: string): Failures {
  const one = failures[key]
  return one === undefined ? {} : { [key]: one }
}

export const untilOf = ({ cert }: KeptCertificate): string =>
  new Date(new X509Certificate(cert).validTo).toISOString()

/** The CA of a certificate, as it is shown. */
export const issuerOf = ({ issuers }: Wanted, { directory }: KeptCertificate): string =>
  issuers.find((issuer) => issuer.directory === directory)?.shown ?? new URL(directory).host

export function factsOf(one: Followed, failures: Failures, nowMs: number): AcmeFacts {
  const { wanted, kept } = one
  const state = stateOf(one, nowMs)
  const text = (ms: number): string => new Date(ms).toISOString()
  return {
    certificate: wanted.name,
    names: wanted.names,
    challenge: wanted.config.challenge,
    state,
    issuer: kept === null ? null : issuerOf(wanted, kept),
    until: kept === null ? null : untilOf(kept),
    renew_at: one.renewMs === 0 ? null : text(one.renewMs),
    renew_why: kept?.advice?.explanation ?? null,
    next_try: state === 'waiting' ? text(one.dueMs) : null,
    last_failure: lastFailure(one, failures),
  }
}

/** A CA's are kept in the folder; that it cannot be written is known to this process alone. */
function lastFailure({ wanted, told }: Followed, failures: Failures): AcmeFacts['last_failure'] {
  const failure = failures[certificateKey(wanted)]
  if (told?.mishap) {
    const { why, hint, failures: count } = told.mishap
    return { time: new Date(told.atMs).toISOString(), in_a_row: count, why, hint }
  }
  if (failure?.why === undefined) return null
  const { text: why, hint } = failure.why
  return { time: new Date(failure.atMs).toISOString(), in_a_row: failure.count, why, hint }
}

function stateOf({ isBusy, renewMs, dueMs }: Followed, nowMs: number): AcmeFacts['state'] {
  if (isBusy) return 'obtaining'
  if (renewMs > nowMs) return 'good'
  return dueMs > nowMs ? 'waiting' : 'due'
}
