// When servers are checked: the first checks spread over a while, each next one an interval after the last
// began, and only so many at once.
import { jitter, type Chance } from '../../lib/random.ts'
import type { Resolver } from '../../lib/resolver.ts'
import type { Watched } from './checked-server.ts'
import { newProbe, type Probe, type ProbeSeen, type ServerCheck } from './probe.ts'

/** Calls `then` after so many ms; calling the answer takes it back. */
export type After = (ms: number, then: () => void) => () => void

export interface ScheduleOptions {
  readonly resolver: Pick<Resolver, 'lookup'>
  /** Most checks at once; more wait for their turn. */
  readonly concurrency?: number
  // What time and chance are made of; given by tests.
  readonly now?: () => number
  readonly chance?: Chance
  readonly after?: After
  /** Starts a check; calling the answer gives it up. */
  readonly probe?: Probe
}

/** What becomes of a check; null: it has passed. Whoever hears it says when the next one is. */
type Ended = (watched: Watched, reason: string | null) => void

const CONCURRENCY = 256
const JITTER = 0.1
/** First checks start this far apart, and within this time at most. */
const SPACING_MS = 2
const SPREAD_MS = 1000

/** How a check beside the schedule ended. */
export interface Once {
  /** Null: it has passed. */
  readonly reason: string | null
  readonly ms: number
  /** Null: there was no answer. */
  readonly seen: ProbeSeen | null
}

export class Schedule {
  readonly #onEnded: Ended
  readonly #concurrency: number
  readonly #now: () => number
  readonly #chance: Chance
  readonly #after: After
  readonly #probe: Probe
  /** Those whose check is due while the others have all the places. */
  readonly #waiting = new Set<Watched>()
  #running = 0

  constructor(options: ScheduleOptions, onEnded: Ended) {
    this.#onEnded = onEnded
    this.#concurrency = options.concurrency ?? CONCURRENCY
    this.#now = options.now ?? (() => performance.now())
    this.#chance = options.chance ?? Math.random
    this.#after = options.after ?? afterTimer
    this.#probe = options.probe ?? newProbe(options.resolver)
  }

  /** Starts the first checks of these, spread over a while. */
  first(due: Iterable<Watched>): void {
    const checked = Array.from(due).filter(({ check, ordered }) => check !== null && !ordered.isPaused)
    const spacingMs = Math.min(SPACING_MS, SPREAD_MS / checked.length)
    for (const [i, watched] of checked.entries()) this.#start(watched, i * spacingMs)
  }

  /** The next check of one that was checked. */
  next(watched: Watched): void {
    const { check, ordered } = watched
    if (check === null || ordered.isPaused) return
    const intervalMs = watched.judge.verdict === 'up' ? check.interval : check.interval_down
    const tookMs = this.#now() - watched.startedMs
    this.#start(watched, Math.max(0, jitter(intervalMs, JITTER, this.#chance) - tookMs))
  }

  /** How long the check that has just ended took. */
  tookMs({ startedMs }: Watched): number {
    return this.#now() - startedMs
  }

  /** One check beside the schedule, whose answer somebody wants to see. */
  once(watched: Watched, check: ServerCheck, done: (once: Once) => void): void {
    const startedMs = this.#now()
    this.#probe({ ...watched.address, tls: watched.tls, check, isShown: true }, (reason, seen) =>
      done({ reason, ms: this.#now() - startedMs, seen: seen ?? null }),
    )
  }

  /** Leaves a server alone: its check that is due or runs comes to nothing. */
  rest(watched: Watched): void {
    watched.cancel?.()
    watched.cancel = null
    this.#waiting.delete(watched)
    if (!watched.isRunning) return
    watched.isRunning = false
    this.#running--
    this.#askWaiting()
  }

  /** Takes back a check that is neither under way nor due; false: it is. */
  restsIdle(watched: Watched): boolean {
    if (watched.isRunning || this.#waiting.has(watched)) return false
    this.rest(watched)
    return true
  }

  #start(watched: Watched, inMs: number): void {
    watched.cancel = this.#after(inMs, () => {
      watched.cancel = null
      this.#waiting.add(watched)
      this.#askWaiting()
    })
  }

  #askWaiting(): void {
    for (const watched of this.#waiting) {
      if (this.#running >= this.#concurrency) return
      this.#waiting.delete(watched)
      this.#ask(watched)
    }
  }

  #ask(watched: Watched): void {
    const { check } = watched
    if (check === null) return
    this.#running++
    watched.isRunning = true
    watched.startedMs = this.#now()
    watched.cancel = this.#probe({ ...watched.address, tls: watched.tls, check }, (reason) =>
      this.#finish(watched, reason),
    )
  }

  #finish(watched: Watched, reason: string | null): void {
    watched.isRunning = false
    watched.cancel = null
    this.#running--
    this.#onEnded(watched, reason)
    this.#askWaiting()
  }
}

const afterTimer: After = (ms, then) => {
  const timer = setTimeout(then, ms)
  return () => clearTimeout(timer)
}
