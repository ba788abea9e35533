// Ends that come nearer, of certificates and of lists of revoked ones: each is told once for each of some
// numbers of days before it. A start tells how it is then.

const DAY_MS = 86_400_000
const LOOK_EVERY_MS = 60_000

export class Nearing {
  readonly #atDays: readonly number[]
  /** What was told last of each, by key: when it ends, and how near that was. */
  readonly #told = new Map<string, { readonly endsMs: number; readonly days: number }>()
  #lookedMs = Number.NEGATIVE_INFINITY

  /** `atDays`: before its end, the nearest first; 0 is the end itself. */
  constructor(atDays: readonly number[]) {
    this.#atDays = atDays
  }

  /** Whether it is time to look again. */
  isDue(nowMs: number): boolean {
    // A clock may be set back.
    return Math.abs(nowMs - this.#lookedMs) >= LOOK_EVERY_MS
  }

  /** All are looked at; those that are there no more are forgotten. */
  begin(nowMs: number, keys: ReadonlySet<string>): void {
    this.#lookedMs = nowMs
    for (const key of this.#told.keys()) if (!keys.has(key)) this.#told.delete(key)
  }

  /** Which of the days is to be told of it now; null: none. */
  reached(key: string, endsMs: number, nowMs: number): number | null {
    const days = this.#atDays.find((one) => endsMs - nowMs <= one * DAY_MS)
    const told = this.#told.get(key)
    if (days === undefined) {
      this.#told.delete(key)
      return null
    }
    if (told?.endsMs === endsMs && told.days === days) return null
    this.#told.set(key, { endsMs, days })
    // A clock that was ahead told more than is true: what comes nearer again is told again.
    return told?.endsMs === endsMs && told.days < days ? null : days
  }
}
