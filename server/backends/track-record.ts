// What a worker's own attempts at a server have told of it, for the algorithms that go by load and time. All
// of it is forgotten by time: an old measurement says little of how a server is now, however few came after
// it.
//
//   time      the mean of good answers. A failure is no speed: a server that fails at once would look like the fastest.
//   burden    each failure counts like one more exchange in flight for a while. Else who fails fast has the least to do, and
//             draws all others to it.
//   trials    one that was found slow or failing would not be asked any more, and its record would stay as it is. So it is
//             tried again with one request after a while, and then after twice as long each time it disappoints.

/** Of the mean, all but 1/e is forgotten after this. */
const TIME_MEMORY_MS = 2000
/** And of the failures. */
const BURDEN_MEMORY_MS = 1000
/** Less of a burden is none. */
const BURDEN_MIN = 0.05
const TRIAL_AFTER_MS = 250
const TRIAL_AFTER_MS_MAX = 32_000
/** The clock may have seen no time pass, and a mean of 0 means none. */
const TIME_MIN_MS = 0.001
/** A trial has gone well when its answer took no more than this many times that of the fastest server. */
const NEAR = 2

export class TrackRecord {
  /** Mean time to the first byte of a good answer; 0: none yet. */
  meanMs = 0
  #knownMs = Number.NEGATIVE_INFINITY
  #burden = 0
  #burdenMs = 0
  #trialAfterMs = TRIAL_AFTER_MS
  /** The trial that is under way must not take longer than this to have gone well; 0: none is. */
  #trialWithinMs = 0

  /** A good answer began after `ms`. */
  answered(ms: number, nowMs: number): void {
    const tookMs = Math.max(ms, TIME_MIN_MS)
    const within = this.#trialWithinMs
    if (within > 0) {
      this.#endTrial(tookMs <= within)
      this.meanMs = tookMs
      this.#knownMs = nowMs
    } else this.#fold(tookMs, nowMs)
  }

  /** An attempt has failed after `ms`. */
  failed(ms: number, nowMs: number): void {
    this.#burden = this.burden(nowMs) + 1
    this.#burdenMs = nowMs
    if (this.#trialWithinMs > 0) this.#endTrial(false)
    this.abandoned(ms, nowMs)
  }

  /** Whoever asked did not wait for the answer, which has taken `ms` or more. */
  abandoned(ms: number, nowMs: number): void {
    if (this.#trialWithinMs > 0 && ms > this.#trialWithinMs) this.#endTrial(false)
    this.#trialWithinMs = 0
    if (this.meanMs > 0 && ms > this.meanMs) this.#fold(ms, nowMs)
    this.#knownMs = nowMs
  }

  /** What its failures weigh, in exchanges in flight. */
  burden(nowMs: number): number {
    if (this.#burden === 0) return 0
    const left = this.#burden * Math.exp((this.#burdenMs - nowMs) / BURDEN_MEMORY_MS)
    if (left >= BURDEN_MIN) return left
    return (this.#burden = 0)
  }

  /** So long was nothing heard of it that it is worth a trial. */
  isDue(nowMs: number): boolean {
    return nowMs - this.#knownMs >= this.#trialAfterMs && this.#knownMs > 0
  }

  /** It is tried with the next request; the fastest server takes `fastestMs`. */
  beginTrial(fastestMs: number, nowMs: number): void {
    this.#trialWithinMs = NEAR * fastestMs
    // Nobody else tries it meanwhile.
    this.#knownMs = nowMs
  }

  #fold(ms: number, nowMs: number): void {
    const newest = forgotten((nowMs - this.#knownMs) / TIME_MEMORY_MS)
    this.meanMs = this.meanMs === 0 ? ms : this.meanMs + newest * (ms - this.meanMs)
    this.#knownMs = nowMs
  }

  #endTrial(wentWell: boolean): void {
    this.#trialWithinMs = 0
    this.#trialAfterMs = wentWell ? TRIAL_AFTER_MS : Math.min(2 * this.#trialAfterMs, TRIAL_AFTER_MS_MAX)
    if (wentWell) this.#burden /= 2
  }
}

/** Up to here three terms of the series tell it to eight digits. */
const SHORT = 1 / 64

/**
 * What part of a mean is forgotten after so many of its memories, 1 - 1/e^x: asked with each answer of a busy
 * server, a moment after the last.
 */
const forgotten = (x: number): number => (x < SHORT ? x * (1 - (x / 2) * (1 - x / 3)) : 1 - Math.exp(-x))
