// When servers are checked: the first checks spread over a while, each next one an interval after the last
// began, and only so many at once.
import { jitter, type Chance } from '../../lib/random.ts'
import type { Resolver } from '../../lib/resolver.ts'
import { calledOf } from './check-words.ts'
import type { OneCheck } from './checked-server.ts'
import { newProbe, type Probe, type ProbeSeen } from './probe.ts'

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
type Ended = (one: OneCheck, reason: string | null) => void

const CONCURRENCY = 256
const JITTER = 0.1
/** First checks start this far apart, and within this time at most. */
const SPACING_MS = 2
const SPREAD_MS = 1000
/** From so many on that begin together the pauses after are spread, too. */
const MANY = 100

/** How a check beside the schedule ended. */
export interface Once {
  /** Null: it has passed. */
  readonly reason: string | null
  readonly ms: number
  /** Null: there was no answer. */
  readonly seen: ProbeSeen | null
}

/** One of the checks that somebody asked for. */
export interface NamedOnce extends Once {
  /** Which it was, in a few words. */
  readonly check: string
}

export class Schedule {
  readonly #onEnded: Ended
  readonly #concurrency: number
  readonly #now: () => number
  readonly #chance: Chance
  readonly #after: After
  readonly #probe: Probe
  /** Those whose check is due while the others have all the places. */
  readonly #waiting = new Set<OneCheck>()
  #running = 0

  constructor(options: ScheduleOptions, onEnded: Ended) {
    this.#onEnded = onEnded
    this.#concurrency = options.concurrency ?? CONCURRENCY
    this.#now = options.now ?? (() => performance.now())
    this.#chance = options.chance ?? Math.random
    this.#after = options.after ?? afterTimer
    this.#probe = options.probe ?? newProbe(options.resolver)
  }

  /**
   * Starts the first checks of these, spread over a while. Where they are many, the next ones spread over the
   * whole interval: nothing is ever asked of all of them at once again.
   */
  first(due: Iterable<OneCheck>): void {
    const all = Array.from(due).filter(({ of }) => !of.ordered.isPaused)
    const spacingMs = Math.min(SPACING_MS, SPREAD_MS / all.length)
    for (const [i, one] of all.entries()) {
      one.phase = all.length >= MANY ? (i + 1) / all.length : null
      this.#start(one, i * spacingMs)
    }
  }

  /** The next check of one that was checked. */
  next(one: OneCheck): void {
    const { check, of, judge, phase } = one
    if (of.ordered.isPaused) return
    one.phase = null
    const intervalMs = judge.verdict === 'up' ? check.interval : check.interval_down
    const pauseMs = phase === null ? jitter(intervalMs, JITTER, this.#chance) : intervalMs * phase
    this.#start(one, Math.max(0, pauseMs - (this.#now() - one.startedMs)))
  }

  /** How long the check that has just ended took. */
  tookMs({ startedMs }: OneCheck): number {
    return this.#now() - startedMs
  }

  /** One check beside the schedule, whose answer somebody wants to see. */
  once({ address, check, tls }: OneCheck, done: (once: NamedOnce) => void): void {
    const startedMs = this.#now()
    this.#probe({ ...address, tls, check, isShown: true }, (reason, seen) =>
      done({ check: calledOf(check), reason, ms: this.#now() - startedMs, seen: seen ?? null }),
    )
  }

  /** Leaves a check alone: that it is due or runs comes to nothing. */
  rest(one: OneCheck): void {
    one.cancel?.()
    one.cancel = null
    this.#waiting.delete(one)
    if (!one.isRunning) return
    one.isRunning = false
    this.#running--
    this.#askWaiting()
  }

  /** Takes back a check that is neither under way nor due; false: it is. */
  restsIdle(one: OneCheck): boolean {
    if (one.isRunning || this.#waiting.has(one)) return false
    this.rest(one)
    return true
  }

  #start(one: OneCheck, inMs: number): void {
    one.cancel = this.#after(inMs, () => {
      one.cancel = null
      this.#waiting.add(one)
      this.#askWaiting()
    })
  }

  #askWaiting(): void {
    for (const one of this.#waiting) {
      if (this.#running >= this.#concurrency) return
      this.#waiting.delete(one)
      this.#ask(one)
    }
  }

  #ask(one: OneCheck): void {
    const { address, check, tls } = one
    this.#running++
    one.isRunning = true
    one.startedMs = this.#now()
    one.cancel = this.#probe({ ...address, tls, check }, (reason) => this.#finish(one, reason))
  }

  #finish(one: OneCheck, reason: string | null): void {
    one.isRunning = false
    one.cancel = null
    this.#running--
    this.#onEnded(one, reason)
    this.#askWaiting()
  }
}

const afterTimer: After = (ms, then) => {
  const timer = setTimeout(then, ms)
  return () => clearTimeout(timer)
}
