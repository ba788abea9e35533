// What is heard of checks, and of the states that come of them.

/** A server has changed its state, or the reason why it is not up. */
export interface HealthChange {
  readonly backend: string
  readonly server: string
  /** As on the scoreboard, and what it was; the same when only the reason is new. */
  readonly state: number
  readonly was: number
  /** Why it is not up; null: it is. */
  readonly reason: string | null
}

export interface HealthResult {
  readonly backend: string
  readonly server: string
  /** Null: the check has passed. */
  readonly reason: string | null
}
