// The limit of what is in flight at a backend, by the gradient of its latency (as in Envoy's adaptive
// concurrency and Netflix's concurrency-limits): how long answers take at rest, divided by how long they take
// now. Times are in ms.
import type { AdaptiveLimitConfig } from '../../backends/adaptive-limit.options.ts'

/** What came in a window. */
export interface Window {
  readonly samples: number
  /** NaN: nothing. */
  readonly latencyMs: number
  /** What waits for answers at its end. */
  readonly inFlight: number
}

/** Fewer answers than this say nothing: those of the next window are added to them. */
const SAMPLES_LEAST = 10
/** At rest fewer have to do where few come: after so many windows. And so long it is waited for rest. */
const PATIENCE = 10
const GRADIENT_LEAST = 0.5
const GRADIENT_MOST = 2
/** With the least gradient what is allowed on top of the limit keeps it from falling below this. */
const FALLS_TO = 3
/** Windows in a row at the lowest limit: perhaps what was measured at rest is no longer true. */
const PINNED = 5

type Words = Pick<AdaptiveLimitConfig, 'least' | 'most' | 'headroom' | 'measure_every'>

export class Gradient {
  readonly #words: Words
  limit: number
  /** How long answers take at rest; NaN: not known yet. */
  restMs = Number.NaN
  /** What came in the last window counts no more; else the next one goes on from it. */
  isUsed = true
  /** Windows since it is measured; -1: it is not. */
  #measuring = 0
  #measuredMs = 0
  /** No more wait than may while it is measured. */
  #isAtRest = false
  #before: number
  #pinned = 0

  constructor(words: Words) {
    this.#words = words
    this.limit = this.#before = words.least
  }

  /** A window is over: gives the limit of the next. */
  over(window: Window, nowMs: number): number {
    if (this.#measuring >= 0) this.isUsed = this.#measure(window, nowMs)
    else if (nowMs - this.#measuredMs >= this.#words.measure_every || this.#pinned >= PINNED) this.#begin()
    else this.isUsed = this.#follow(window)
    return this.limit
  }

  #begin(): void {
    this.#before = this.limit
    this.#measuring = this.#pinned = 0
    this.#isAtRest = false
    this.isUsed = true
    this.limit = this.#words.least
  }

  /** Says whether what came counts no more. */
  #measure({ samples, latencyMs, inFlight }: Window, nowMs: number): boolean {
    const isLong = ++this.#measuring > PATIENCE
    if (!this.#isAtRest) {
      // What had begun before the limit was lowered is answered first, and is no measure.
      this.#isAtRest = inFlight <= this.limit
      if (!this.#isAtRest && isLong && !Number.isNaN(this.restMs)) this.#measured(this.restMs, nowMs)
      return true
    }
    const isEnough = samples >= SAMPLES_LEAST || (isLong && samples > 0)
    if (isEnough) this.#measured(latencyMs, nowMs)
    return isEnough
  }

  #measured(restMs: number, nowMs: number): void {
    this.restMs = restMs
    this.#measuredMs = nowMs
    this.#measuring = -1
    this.limit = this.#before
  }

  /** The same. */
  #follow({ samples, latencyMs, inFlight }: Window): boolean {
    if (samples < SAMPLES_LEAST) return false
    const { least, most, headroom } = this.#words
    const raw = (this.restMs * (1 + headroom)) / latencyMs
    const gradient = Math.min(GRADIENT_MOST, Math.max(GRADIENT_LEAST, raw))
    const carried = this.limit * gradient
    const wanted = Math.min(most, Math.max(least, Math.round(carried + Math.sqrt(carried))))
    // A limit that nobody comes near to says nothing of a higher one.
    if (wanted > this.limit && inFlight < this.limit / 2) return true
    this.limit = wanted
    const isLowest = this.limit === least || (this.limit <= FALLS_TO && gradient === GRADIENT_LEAST)
    this.#pinned = isLowest ? this.#pinned + 1 : 0
    return true
  }
}
