// Whether a server is up, from the results of its checks.

export type Verdict = 'starting' | 'up' | 'down'

export interface Thresholds {
  /** Passes in a row that bring a server up. */
  readonly rise: number
  /** Failures in a row that take it down. */
  readonly fall: number
}

/**
 * Judges one server. The first result decides at once; after it `rise` or `fall` results in a row are needed.
 */
export class Judge {
  verdict: Verdict
  hasJudged = false
  /** Results in a row that speak against the verdict. */
  #against = 0

  constructor(verdict: Verdict) {
    this.verdict = verdict
  }

  /** The same judge for another server: one that is at the same address and asked the same. */
  copy(): Judge {
    const made = new Judge(this.verdict)
    made.hasJudged = this.hasJudged
    made.#against = this.#against
    return made
  }

  /**
   * Another question is asked from now on: its first pass brings up what the old one took down. A first
   * failure alone takes nothing down.
   */
  askAnew(): void {
    this.#against = 0
    if (this.verdict === 'down') this.hasJudged = false
  }

  /** Takes a result; true when the verdict has changed. */
  take(hasPassed: boolean, { rise, fall }: Thresholds): boolean {
    const says: Verdict = hasPassed ? 'up' : 'down'
    const before = this.verdict
    if (says === before) this.#against = 0
    else if (!this.hasJudged || ++this.#against >= (hasPassed ? rise : fall)) {
      this.verdict = says
      this.#against = 0
    }
    this.hasJudged = true
    return this.verdict !== before
  }
}
