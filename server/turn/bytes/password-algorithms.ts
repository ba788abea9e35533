// PASSWORD-ALGORITHMS and PASSWORD-ALGORITHM (RFC 8489 §14.11, §14.12): number, length of parameters,
// parameters padded to four bytes.
import type { PasswordAlgorithm } from './integrity.ts'
import { PASSWORD_ALGORITHMS } from './stun.ts'

/** Those that we have, the best one first: a value of PASSWORD-ALGORITHMS. Neither has parameters. */
export const OFFERED_ALGORITHMS = Uint8Array.of(
  0,
  PASSWORD_ALGORITHMS.SHA256,
  0,
  0,
  0,
  PASSWORD_ALGORITHMS.MD5,
  0,
  0,
)

/** A value of PASSWORD-ALGORITHM. */
export const algorithmValue = (algorithm: PasswordAlgorithm): Uint8Array => Uint8Array.of(0, algorithm, 0, 0)

/** Which of ours a value of PASSWORD-ALGORITHM names; null: none. */
export function algorithmOf(value: Uint8Array): PasswordAlgorithm | null {
  if (value.length !== 4 || value[0] !== 0 || value[2] !== 0 || value[3] !== 0) return null
  if (value[1] === PASSWORD_ALGORITHMS.SHA256) return PASSWORD_ALGORITHMS.SHA256
  return value[1] === PASSWORD_ALGORITHMS.MD5 ? PASSWORD_ALGORITHMS.MD5 : null
}

/**
 * The first of a value of PASSWORD-ALGORITHMS that we have, which a client must take; null: none, or it is
 * malformed.
 */
export function firstKnownAlgorithm(value: Uint8Array): PasswordAlgorithm | null {
  let first: PasswordAlgorithm | null = null
  let at = 0
  while (at + 4 <= value.length) {
    const end = at + 4 + ((value[at + 2]! << 8) | value[at + 3]!)
    first ??= algorithmOf(value.subarray(at, end))
    at = (end + 3) & ~3
  }
  return at === value.length ? first : null
}
