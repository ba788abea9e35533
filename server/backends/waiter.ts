// Who waits for a server with room (queue.ts), and how such waits end.
import type { Server } from './server.ts'
import type { Tried } from './tried.ts'

export type SentAway = 'queue_timeout' | 'queue_full'

/** One who waits. It is told exactly one of the two, unless it is removed before. */
export interface Waiter {
  readonly key: number
  readonly tried: Tried
  /** Where it would go first. */
  readonly preferred?: Server | null
  /** It waits for that one alone, as long as it is in use. */
  readonly isParticular?: boolean
  /** Higher ones are served first; left out: 0. */
  readonly priority?: number
  /** A place at the server has been taken for it. */
  onServer(server: Server): void
  /** It has waited for as long as the config allows, or one of a higher priority has its room. */
  onSentAway(why: SentAway): void
}

/** How waits have ended, in this worker. */
export interface WaitCounts {
  served: number
  timeout: number
  /** Its client had gone, or nothing was wanted any more. */
  left: number
  /** It did not begin, or went no further: there was no room. */
  full: number
}

export const noWaits = (): WaitCounts => ({ served: 0, timeout: 0, left: 0, full: 0 })

/** Any server would do. */
export const isOpenToAll = ({ tried, isParticular }: Waiter): boolean =>
  tried === null && isParticular !== true
