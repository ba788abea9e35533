// Log lines that strangers could cause by the thousand: at most one a second of each kind, with how many went
// untold before it.
import { nowMs } from '../../lib/clock.ts'

const EVERY_MS = 1000

export class Seldom {
  readonly #kinds = new Map<string, { nextMs: number; untold: number }>()

  /** How many were not told since the last one; -1: not now. Kinds are of closed lists. */
  once(kind: string): number {
    const known = this.#kinds.get(kind)
    if (known === undefined) {
      this.#kinds.set(kind, { nextMs: nowMs + EVERY_MS, untold: 0 })
      return 0
    }
    if (known.nextMs > nowMs) {
      known.untold++
      return -1
    }
    const { untold } = known
    known.nextMs = nowMs + EVERY_MS
    known.untold = 0
    return untold
  }
}
