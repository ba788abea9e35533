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
  readonly state: 'up' | 'down' | 'starting'
  /** It was another one before. */
  readonly isChange: boolean
  readonly reason: string | null
  /** How long the check took; null: there was none. */
  readonly ms: number | null
  /** Which check it was, in a few words; null: none. */
  readonly check: string | null
}

/** The last check, and when the state became what it is. */
export interface Latest {
  /** Null: there was no check. */
  readonly check: HealthEntry | null
  /** Ms since 1970; null: it has been so from the start. */
  readonly sinceMs: number | null
}

interface Kept {
  /** The clock may be set back: this is the order in which they came. */
  readonly place: number
  readonly entry: HealthEntry
}

export class HealthHistory {
  readonly #results: Kept[] = []
  readonly #changes: Kept[] = []
  #count = 0

  add(entry: HealthEntry): void {
    const own = entry.isChange ? this.#changes : this.#results
    own.push({ place: this.#count++, entry })
    if (own.length > KEPT_MAX) own.shift()
  }

  get latest(): Latest {
    const [result, change] = [this.#results.at(-1), this.#changes.at(-1)]
    const hasChecked = change?.entry.result !== null && (change?.place ?? -1) > (result?.place ?? -1)
    return { check: (hasChecked ? change : result)?.entry ?? null, sinceMs: change?.entry.atMs ?? null }
  }

  /** The newest first. */
  get entries(): readonly HealthEntry[] {
    const all = [...this.#results, ...this.#changes].toSorted((a, b) => b.place - a.place)
    return all.map(({ entry }) => entry)
  }
}
