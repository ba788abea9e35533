// What was found of a server lately: the last results of its checks, and the last changes of its state, which
// would else be pushed out by results that say the same.

/** Of each. */
const KEPT_MAX = 50

/** A check that has ended, or a change of state: by a check, a person, or a config. */
export interface HealthEntry {
  /** Ms since 1970. */
  readonly atMs: number
  /** null: no check. */
  readonly result: 'pass' | 'fail' | null
  readonly state: 'up' | 'down' | 'unchecked'
  /** It was another one before. */
  readonly isChange: boolean
  readonly reason: string | null
  /** How long the check took; null: there was none. */
  readonly ms: number | null
}

export class HealthHistory {
  readonly #results: HealthEntry[] = []
  readonly #changes: HealthEntry[] = []

  add(entry: HealthEntry): void {
    const own = entry.isChange ? this.#changes : this.#results
    own.push(entry)
    if (own.length > KEPT_MAX) own.shift()
  }

  /** The newest first. */
  get entries(): readonly HealthEntry[] {
    return [...this.#results, ...this.#changes].toSorted((a, b) => b.atMs - a.atMs)
  }
}
