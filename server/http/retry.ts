// Which failed attempts may be made again, and after how long.
import type { Outbound } from '../http1/outbound.ts'
import { FAULTS, type FaultCode } from '../tables/faults.ts'
import { IDEMPOTENT } from '../tables/methods.ts'

const BACKOFF_MS_MAX = 5000

/** No byte of the request can have reached a server that failed so. */
export const isUnsent = (code: FaultCode): boolean => FAULTS[code].unsent

/**
 * RFC 9110 §9.2.2: not sent at all, or idempotent with no byte of an answer; but what was waited for in vain
 * is not again.
 */
export function mayRepeat(code: FaultCode, methodId: number, conn: Outbound | null): boolean {
  if (isUnsent(code)) return true
  if (FAULTS[code].status === 504) return false
  return IDEMPOTENT[methodId] === true && conn !== null && !conn.hasAnswered
}

/**
 * How long to wait before the same servers are asked again: a part of a time that doubles with each attempt.
 */
export function backoffMs(firstMs: number, attempts: number, chance: number): number {
  return chance * Math.min(firstMs * 2 ** (attempts - 1), BACKOFF_MS_MAX)
}
