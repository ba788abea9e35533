// An attempt that a server failed.
import type { Loss } from '../tables/faults.ts'

export interface Lost {
  readonly is: 'lost'
  readonly loss: Loss
  /** How long the server let wait. */
  readonly waitedMs: number
  /** Its answer broke off. */
  readonly wasAnswered: boolean
  /** The server may have closed a connection that stood idle, as the request was on its way. */
  readonly wasIdle?: boolean
  /** That had come for so long. */
  readonly cameMs?: number
  /** Of that answer; left out: it has none. One that was a failure by its status is not another one. */
  readonly status?: number
}
