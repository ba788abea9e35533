// Which lost attempts may be made again, and after how long.
import { FAULTS } from '../tables/faults.ts'
import { IDEMPOTENT } from '../tables/methods.ts'
import type { Loss } from '../tables/faults.ts'

const BACKOFF_MS_MAX = 5000

/**
 * RFC 9110 §9.2.2: not sent at all, or idempotent with no byte of an answer; but what was waited for in vain
 * is not again.
 */
export function mayRepeat({ code, reached }: Loss, methodId: number): boolean {
  if (reached === 'nothing') return true
  if (FAULTS[code].status === 504) return false
  return IDEMPOTENT[methodId] === true && reached === 'request'
}

/** What a request that is being sent would have to go by for another time. */
interface Asked {
  readonly methodId: number
  readonly attempts: number
  /** On a connection that its server may have closed before: that is no attempt. */
  readonly mayBeStale: boolean
}

/** Whether it may have to be sent again, however its attempt is lost: only then is any of it to be kept. */
export const mayAskAgain = ({ methodId, attempts, mayBeStale }: Asked, attemptsMax: number): boolean =>
  IDEMPOTENT[methodId] === true && (mayBeStale || attempts < attemptsMax)

/**
 * How long to wait before the same servers are asked again: a part of a time that doubles with each attempt.
 */
export function backoffMs(firstMs: number, attempts: number, chance: number): number {
  return chance * Math.min(firstMs * 2 ** (attempts - 1), BACKOFF_MS_MAX)
}
