// How much of the audit one of those who ask may take with what changes nothing of the gateway: whoever may
// little, or is refused, must not be able to push out of it what others did.

/** Entries of one of them in a minute. */
const PER_MINUTE = 60
const MINUTE_MS = 60_000
const KNOWN_MAX = 1000

interface Taken {
  readonly sinceMs: number
  count: number
  leftOut: number
}

export class AuditAllowance {
  readonly #nowMs: () => number
  readonly #taken = new Map<string, Taken>()

  /** `nowMs`: of a clock that is never set back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /**
   * Takes an entry of somebody (their account, or the address of who is not known). Null: it is left out;
   * else how many were before it. `isCounted` false: it is one that is always kept.
   */
  take(who: string, isCounted: boolean): number | null {
    const now = this.#nowMs()
    let taken = this.#taken.get(who)
    if (taken === undefined || now - taken.sinceMs >= MINUTE_MS) {
      const leftOut = taken?.leftOut ?? 0
      // Set anew, it comes last: the one that began longest ago goes.
      this.#taken.delete(who)
      if (this.#taken.size >= KNOWN_MAX) this.#taken.delete(this.#taken.keys().next().value ?? '')
      taken = { sinceMs: now, count: 0, leftOut }
      this.#taken.set(who, taken)
    }
    if (isCounted && ++taken.count > PER_MINUTE) {
      taken.leftOut++
      return null
    }
    const { leftOut } = taken
    taken.leftOut = 0
    return leftOut
  }
}
