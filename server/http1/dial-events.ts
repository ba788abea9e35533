// What a connection to a server tells who dials it.
import type { FaultCode } from '../tables/faults.ts'
import type { Outbound } from './outbound.ts'

/** Who waits for a connection to a server. It hears one of the two, once. */
export interface DialEvents {
  /** Connected: the request may be written. */
  serverOpen(conn: Outbound): void
  /** No connection came to be. */
  serverGone(code: FaultCode): void
}
