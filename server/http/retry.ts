// Which lost attempts may be made again, and after how long.
import type { RetryPolicy } from '../backends/retry-policy.ts'
import { faultPlace, type FaultCode, type Loss } from '../tables/faults.ts'
import { IDEMPOTENT } from '../tables/methods.ts'

/** Why an attempt is made that is not the first: what the one before came to, or that it took long. */
export type Reason = FaultCode | `status_${number}` | 'hedge'

/**
 * RFC 9110 §9.2.2: not sent at all, or idempotent; and as the backend has it. Nothing of an answer has gone
 * to the client yet, but where one had begun, only what is named on purpose is repeated.
 */
export function mayRepeat({ code, reached }: Loss, methodId: number, { faults }: RetryPolicy): boolean {
  if (faults[faultPlace(code)] !== 1) return false
  if (reached === 'nothing') return true
  return IDEMPOTENT[methodId] === true && (reached === 'request' || BEGUN.has(code))
}

/** How an attempt is lost when a part of an answer's head was there. */
const BEGUN: ReadonlySet<FaultCode> = new Set([
  'server_malformed',
  'server_head_too_large',
  'server_truncated',
  'response_timeout',
  'attempt_timeout',
])

/** Whether an answer of this status is one in whose place another attempt is made. */
export const isRetried = (status: number, { statuses }: RetryPolicy): boolean =>
  statuses !== null && statuses[status] === 1

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
export function backoffMs(
  { backoffMs: firstMs, backoffMaxMs }: Pick<RetryPolicy, 'backoffMs' | 'backoffMaxMs'>,
  attempts: number,
  chance: number,
): number {
  return chance * Math.min(firstMs * 2 ** (attempts - 1), backoffMaxMs)
}

/**
 * What a Retry-After asks to wait (RFC 9110 §10.2.3), seconds or a date of the clock that `date` tells, in
 * ms; 0: nothing that can be read.
 */
export function retryAfterMs(value: string, date: string | null, unixMs: number): number {
  if (/^[0-9]+$/.test(value)) return Number(value) * 1000
  if (!value.endsWith(' GMT')) return 0
  const theirsMs = Date.parse(date ?? '')
  const waitMs = Date.parse(value) - (Number.isNaN(theirsMs) ? unixMs : theirsMs)
  return waitMs > 0 ? waitMs : 0
}
