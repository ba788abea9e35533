// Allocations with what each relays now: of two answers the difference.
import type { Allocation } from '../../data/api-types.ts'

export interface AllocationRow extends Allocation {
  /** Bytes a second; null: it was not there before. */
  readonly inPerS: number | null
  readonly outPerS: number | null
}

export interface Snapshot {
  readonly atMs: number
  readonly list: readonly Allocation[]
}

/** `in`: from the client to its peers. */
export function rowsOf({ atMs, list }: Snapshot, before: Snapshot | null): AllocationRow[] {
  const known = new Map(before?.list.map((one) => [one.id, one]))
  const s = before === null ? 0 : (atMs - before.atMs) / 1000
  return list.map((one) => {
    const was = known.get(one.id)
    const rate = (of: (allocation: Allocation) => number): number | null =>
      was === undefined || s <= 0 ? null : Math.max(0, of(one) - of(was)) / s
    return {
      ...one,
      inPerS: rate(({ bytes_to_peers: bytes }) => bytes),
      outPerS: rate(({ bytes_to_client: bytes }) => bytes),
    }
  })
}

/** Megabits a second: 2.41; 0. */
export const megabits = (bytesPerS: number | null): number | null =>
  bytesPerS === null ? null : (bytesPerS * 8) / 1e6
