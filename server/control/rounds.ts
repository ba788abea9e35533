// What the supervisor looks at again and again, all in one waking: each second while anything is served, and half as often while nothing is.
import { LOOK_EVERY_MS } from './pulse.ts'

const QUIET_EVERY_MS = 2000
/** Quiet rounds after which a process is at rest. */
const RESTS_AFTER = 5

export interface RoundsParts {
  /** Another number once anything was served. */
  readonly served: () => number
  /** Whether something is counted by the second although nothing is served. */
  readonly isCounting: () => boolean
  /** A round, so long after the last one. */
  readonly look: (sinceMs: number) => void
  /** Called once when all has come to rest after a start or a new plan. */
  readonly onRest: () => void
}

export class Rounds {
  private readonly parts: RoundsParts
  private served = -1
  private quiet = 0
  private sinceMs = LOOK_EVERY_MS

  constructor(parts: RoundsParts) {
    this.parts = parts
  }

  /** Goes round from now on. */
  begin(): void {
    setTimeout(() => {
      this.go()
      this.begin()
    }, this.sinceMs)
  }

  /** A new plan: there will be something to clear away again. */
  disturb(): void {
    this.quiet = 0
  }

  /** One round; sets when the next is due. */
  private go(): void {
    const { parts } = this
    const served = parts.served()
    const isQuiet = served === this.served
    this.served = served
    parts.look(this.sinceMs)
    this.sinceMs = isQuiet && !parts.isCounting() ? QUIET_EVERY_MS : LOOK_EVERY_MS
    // Beyond it stays: what is in use under traffic is not given back again and again.
    if (isQuiet && this.quiet <= RESTS_AFTER && ++this.quiet === RESTS_AFTER) parts.onRest()
    if (!isQuiet && this.quiet < RESTS_AFTER) this.quiet = 0
  }
}
