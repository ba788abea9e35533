// What the supervisor looks at again and again, all in one waking: each second while anything is served, and
// half as often while nothing is.
import { LOOK_EVERY_MS } from './children/pulse.ts'

const QUIET_EVERY_MS = 2000

export interface RoundsParts {
  /** Another number once anything was served. */
  readonly served: () => number
  /** Whether something is counted by the second although nothing is served. */
  readonly isCounting: () => boolean
  /** A round, so long after the last one, and whether nothing was served since. */
  readonly look: (sinceMs: number, isQuiet: boolean) => void
}

export class Rounds {
  readonly #parts: RoundsParts
  #served = -1
  #sinceMs = LOOK_EVERY_MS

  constructor(parts: RoundsParts) {
    this.#parts = parts
  }

  /** Goes round from now on. */
  begin(): void {
    setTimeout(() => {
      this.#go()
      this.begin()
    }, this.#sinceMs)
  }

  /** One round; sets when the next is due. */
  #go(): void {
    const parts = this.#parts
    const served = parts.served()
    const isQuiet = served === this.#served
    this.#served = served
    parts.look(this.#sinceMs, isQuiet)
    this.#sinceMs = isQuiet && !parts.isCounting() ? QUIET_EVERY_MS : LOOK_EVERY_MS
  }
}
