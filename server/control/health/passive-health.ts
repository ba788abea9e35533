// Passive health as the supervisor runs it: looks by the clock, what is known of a server for documents, and
// the one thing that a person may do: bring it back at once.
import { formatDuration } from '../../lib/durations.ts'
import type { PlanBody } from '../processes/worker.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { PassiveCounts } from '../../scoreboard/passive.ts'
import { lastWord } from './passive-words.ts'
import { type BackWhy, type PassivePlace, PassiveWatch, type PassiveWatchParts } from './passive-watch.ts'

/** How a server fares with passive health. */
export interface PassiveFacts {
  readonly state: 'in' | 'out'
  /** In shadow mode it only would be out. */
  readonly mode: 'enforce' | 'shadow'
  /** Why it is out; null: it is not. */
  readonly reason: string | null
  /** When it is in again by itself; null: it is. */
  readonly until: string | null
  /** How often it was out since it was in use for long. */
  readonly times: number
  /** Within this time back: attempts, and failures among them. */
  readonly window: string
  readonly attempts: number
  readonly failures: number
  /** What failed last: a fault, or "status 503"; null: nothing yet. */
  readonly last: string | null
}

export interface PassiveHealthParts extends Omit<PassiveWatchParts, 'now' | 'board'> {
  readonly board: () => Scoreboard
  /** Those that are judged now. */
  readonly onWatched: (all: readonly PassivePlace[]) => void
  readonly now?: () => number
  /** Ms since 1970. */
  readonly wallMs?: () => number
}

/** Between two looks while anything is served or out, and after a while in which nothing was. */
const LOOK_EVERY_MS = 100
const QUIET_EVERY_MS = 500
const QUIET_LOOKS = 100

export class PassiveHealth {
  readonly #parts: PassiveHealthParts
  readonly #watch: PassiveWatch
  readonly #now: () => number
  #timer: Timer | null = null
  #served = -1
  #quietLooks = 0

  constructor(parts: PassiveHealthParts) {
    this.#parts = parts
    this.#now = parts.now ?? (() => performance.now())
    this.#watch = new PassiveWatch({ ...parts, now: this.#now })
  }

  /** A plan is about to be served. */
  commit(plan: Pick<PlanBody, 'config' | 'slots'>): void {
    this.#watch.commit(plan)
    this.#parts.onWatched([...this.#watch.watched.values()])
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#quietLooks = 0
    if (this.#watch.watched.size > 0) this.#lookIn(LOOK_EVERY_MS)
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.look()
      this.#lookIn(this.#quietLooks < QUIET_LOOKS ? LOOK_EVERY_MS : QUIET_EVERY_MS)
    }, ms)
    this.#timer.unref()
  }

  look(): void {
    const isAnyOut = this.#watch.look()
    const served = this.#parts.board().served()
    this.#quietLooks = isAnyOut || served !== this.#served ? 0 : this.#quietLooks + 1
    this.#served = served
  }

  /** How a server fares; null: its backend has no passive health. */
  facts(backend: string, server: string): PassiveFacts | null {
    const one = this.#watch.find(backend, server)
    if (one === null) return null
    const counts: PassiveCounts = { failures: 0, errors: 0, attempts: 0 }
    const { passive } = this.#parts.board()
    passive.read(one.slot, counts)
    const { failures, attempts } = one.window.within(counts)
    const wallMs = (this.#parts.wallMs ?? Date.now)()
    return {
      state: one.out === null ? 'in' : 'out',
      mode: one.options.mode === 'shadow' ? 'shadow' : 'enforce',
      reason: one.out?.reason ?? null,
      until: one.out === null ? null : new Date(wallMs + one.out.untilMs - this.#now()).toISOString(),
      times: one.times,
      window: formatDuration(one.options.window),
      attempts,
      failures,
      last: lastWord(passive.last(one.slot)),
    }
  }

  /** Before its time; false: it is not out. */
  bringBack(backend: string, server: string, why: BackWhy, by: string | null = null): boolean {
    return this.#watch.bringBack({ backend, server }, why, by)
  }
}
