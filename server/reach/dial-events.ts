// What a way to a server needs to know of it, how one of its addresses is dialled, and what whoever waits for
// the connection hears.
import type { FaultCode } from '../tables/faults.ts'

/** Where connections lead. */
export interface Reached {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
  /** In ms: until a connection stands, whichever of its addresses that is to. */
  readonly timeouts: { readonly connect: number }
  /** Which of the host's addresses is dialled next. */
  readonly live: { addressAt: number }
}

/** A connection on its way. */
export interface Dialled {
  /** Gives it up; nobody hears of it any more. */
  drop(): void
  /** It neither stands nor has failed. */
  readonly isDialling: boolean
  /** It is connected, and in its TLS handshake. */
  readonly isShaking?: boolean
}

/** Who waits for a connection to a server. It hears one of the two, once. */
export interface DialEvents<C> {
  /** Connected: it may be written to. */
  serverOpen(conn: C): void
  /** No connection came to be. `detail`: why, in more words than the code says. */
  serverGone(code: FaultCode, detail: string | null): void
}

/**
 * Starts a connection to one address of a server, to stand by `dueMs`; `events` hears of it, perhaps before
 * this returns.
 */
export type DialAddress<E, C> = (endpoint: E, address: string, events: DialEvents<C>, dueMs: number) => C
