// What the shell in front of all routes asks: who is it that sends this request?
import type { Principal } from '../../control/store/principal.ts'

/** Why somebody may not; each is a row of the table of problem codes. */
export type RefusalCode =
  | 'not_signed_in'
  | 'sign_in_failed'
  | 'code_needed'
  | 'locked_out'
  | 'too_many_attempts'
  | 'token_invalid'
  | 'token_expired'
  | 'outside_source_ranges'
  | 'outside_scope'
  | 'cross_site'
  | 'csrf_missing'
  | 'step_up_needed'
  | 'tls_needed'
  | 'issuer_unavailable'
  | 'store_busy'
  | 'store_unavailable'

export interface Refusal {
  readonly code: RefusalCode
  /** A sentence; never tells what was right about what was sent. */
  readonly detail: string
  readonly hint?: string
  /** Such as WWW-Authenticate and Retry-After. */
  readonly headers?: Readonly<Record<string, string>>
  /** The same was said to the same address a moment ago: log and audit have it already. */
  readonly isRepeated?: boolean
}

/** Somebody who is known. */
export interface Identified {
  readonly who: Principal
  /** Asked of what changes something: a browser must say that it is our own page. Null: it may. */
  whyNoChange(): Refusal | null
  /** Asked of routes that need step-up: a fresh password, for browser sign-ins only. Null: it is fresh. */
  whyNoStepUp(): Refusal | null
  /** Whether that sign-in or token is still good, by the store as it is now: for answers that go on. */
  isStillGood(): boolean
}

export interface Authenticator {
  /**
   * Whoever sends this request by TCP, from the address of its socket; a refusal when nobody is known, or not
   * for this path.
   */
  whoAsks(request: Request, address: string): Promise<Identified | Refusal>
}
