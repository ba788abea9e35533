// How a server is, whatever a person has ordered of it: one word, and why.

/**
 * up, down: by its checks, or as a person said. starting: its first checks are not over. unchecked: it has no
 * check, and is as well as its last requests.
 */
export type Operational = 'up' | 'down' | 'starting' | 'unchecked'

interface Found {
  readonly operational: Operational
  /** Why its checks say that it is not up; null: they do not say. */
  readonly told: string | null
  /** How its last requests failed; null: they did not. */
  readonly failing: string | null
  /** What part of its weight it has as it came up lately; undefined: all. */
  readonly slowStart: number | undefined
}

/** "connect refused", "not checked yet", "no health check; slow start, 40 %"; null: its checks pass. */
export function operationalReason({ operational, told, failing, slowStart }: Found): string | null {
  if (operational === 'down') return told
  if (operational === 'starting') return told ?? 'not checked yet'
  const found = failing ?? (operational === 'unchecked' ? 'no health check' : null)
  const parts = [
    ...(found === null ? [] : [found]),
    ...(slowStart === undefined ? [] : [slowStartText(slowStart)]),
  ]
  return parts.length === 0 ? null : parts.join('; ')
}

/** "slow start, 40 %" */
export const slowStartText = (part: number): string => `slow start, ${Math.round(part * 100)} %`
