// Which allocation a request is about.
import type { ErrorCode } from '../bytes/errors.ts'
import type { Allocation } from '../state/allocation.ts'
import type { Request } from './answer.ts'

/** That of its five-tuple: 437 without one, 441 when somebody else made it (RFC 8656 §5). */
export function allocationOf({ client, granted }: Request): Allocation | Extract<ErrorCode, 437 | 441> {
  const { allocation } = client
  if (allocation === null) return 437
  return allocation.username === granted.username ? allocation : 441
}
