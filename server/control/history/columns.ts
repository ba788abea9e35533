// What is answered of each time: what was counted, and latencies that are worked out from their buckets.
import { BOUNDS_S, COUNTED } from '../../tables/figures.ts'

/** Worked out from the buckets. */
export const LATENCIES = ['p50_ms', 'p95_ms', 'p99_ms'] as const
export const QUANTILES = [0.5, 0.95, 0.99] as const

export const COLUMNS = [...COUNTED, ...LATENCIES] as const
export type Column = (typeof COLUMNS)[number]

/** Of how many exchanges latencies are known in the buckets that begin there. */
export function timedIn(cells: Float64Array, at: number): number {
  let sum = 0
  for (let i = 0; i <= BOUNDS_S.length; i++) sum += cells[at + i]!
  return sum
}

/**
 * The latency in seconds that so many (`rank`) did not exceed, of the buckets that begin there; by a straight
 * line within a bucket, as Prometheus has it. What is beyond the last bound counts as that.
 */
export function quantileS(rank: number, cells: Float64Array, at: number): number {
  let left = rank
  for (let i = 0; i < BOUNDS_S.length; i++) {
    const count = cells[at + i]!
    if (count > 0 && left <= count) {
      const from = i === 0 ? 0 : BOUNDS_S[i - 1]!
      return from + (BOUNDS_S[i]! - from) * (left / count)
    }
    left -= count
  }
  return BOUNDS_S.at(-1)!
}
