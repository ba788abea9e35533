// What an examination of a STUN or TURN server is asked for, and what its steps share.
import type { Login } from './challenge.ts'
import type { Report } from './report.ts'
import type { TurnUrl } from '../../lib/turn-url.ts'

export interface Wishes {
  readonly url: TurnUrl
  /** Where the second allocation is made; null: at the same server. */
  readonly peerUrl: TurnUrl | null
  readonly login: TimedLogin | null
  /** Goes on with a certificate that is not to be trusted. */
  readonly insecure: boolean
  /** Messages of each round. */
  readonly count: number
  /** Bytes of a message. */
  readonly size: number
  /** Of each request. */
  readonly timeoutMs: number
}

export interface TimedLogin extends Login {
  /** When it expires, in Unix seconds; null when it is not time-limited. */
  readonly expiryS: number | null
  /**
   * The same for a day longer: good where only the server's clock is ahead. Null when it was given as it is.
   */
  readonly longer: Login | null
}

/** What an examination knows of the world. */
export interface World {
  /** Addresses of a name; rejects with an error that has a code. */
  lookup(host: string): Promise<readonly string[]>
  /** What an address is when it is not public ("private", "loopback"), else null. */
  rangeOf(host: string): string | null
  nowMs(): number
}

export interface Examination {
  readonly wishes: Wishes
  readonly world: World
  readonly report: Report
}
