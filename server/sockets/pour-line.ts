// Who has volume to pour (pour.ts) waits here until all others of the turn were told: accepting, small
// requests and their answers come first, and come again behind a few shares, however many pour. Who has had
// a share stands behind the others.
import { guarded, tellBug } from '../lib/bug.ts'

/** Of those that wait, one in so many has its share in a turn, and one at least. */
const ONE_IN = 8

export interface Pourer {
  /** It waits in the line. */
  isLined: boolean
  /** Pours a share, if it still has one. */
  pourShare(): void
  /** It has thrown. */
  confused(): void
}

export class PourLine {
  readonly #line: Pourer[] = []

  /** How many wait. */
  get length(): number {
    return this.#line.length
  }

  /** It has its share behind those that wait already. */
  add(one: Pourer): void {
    if (one.isLined) return
    one.isLined = true
    this.#line.push(one)
  }

  /** The shares of a turn. Those who are left have theirs in the next ones, between which nobody sleeps. */
  pour(): void {
    for (let left = Math.ceil(this.#line.length / ONE_IN); left > 0; left--) this.#pourNext()
  }

  #pourNext(): void {
    const one = this.#line.shift()!
    one.isLined = false
    try {
      one.pourShare()
    } catch (error) {
      tellBug(error)
      guarded(() => one.confused())
    }
  }
}
