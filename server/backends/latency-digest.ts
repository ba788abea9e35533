// How long answers of a backend take, as quantiles: a histogram of buckets that grow by a tenth, in two
// halves of which the older is forgotten after a while.

/** Smaller ones are as good as this. */
const FIRST_MS = 0.1
const GROWTH = 1.1
/** The last bucket begins beyond half an hour. */
const BUCKETS = 180
const HALF_MS = 30_000
/** Fewer tell nothing. */
const LEAST_COUNT = 20
/** A quantile is found anew after so many more. */
const STALE_AFTER = 16

const LOG_GROWTH = Math.log(GROWTH)

export class LatencyDigest {
  readonly #quantile: number
  #now = new Uint32Array(BUCKETS)
  #before = new Uint32Array(BUCKETS)
  #countNow = 0
  #countBefore = 0
  #beganMs: number | null = null
  #known = Number.NaN
  #sinceKnown = 0

  /** `quantile`: of which it tells, in (0, 1). */
  constructor(quantile: number) {
    this.#quantile = quantile
  }

  /** An answer took so long, or at least so long. `nowMs` is of a clock that only goes on. */
  add(ms: number, nowMs: number): void {
    this.#turn(nowMs)
    const place =
      ms <= FIRST_MS ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / FIRST_MS) / LOG_GROWTH))
    this.#now[place]!++
    this.#countNow++
    this.#sinceKnown++
  }

  /** Its quantile in ms, at most a tenth too large; NaN: too little is known. */
  read(nowMs: number): number {
    this.#turn(nowMs)
    const count = this.#countNow + this.#countBefore
    if (count < LEAST_COUNT) return Number.NaN
    if (this.#sinceKnown < STALE_AFTER && !Number.isNaN(this.#known)) return this.#known
    this.#sinceKnown = 0
    return (this.#known = this.#find(Math.ceil(count * this.#quantile)))
  }

  #find(rank: number): number {
    let sum = 0
    for (let place = 0; place < BUCKETS; place++) {
      sum += this.#now[place]! + this.#before[place]!
      if (sum >= rank) return FIRST_MS * GROWTH ** place
    }
    return Number.NaN
  }

  #turn(nowMs: number): void {
    this.#beganMs ??= nowMs
    const elapsedMs = nowMs - this.#beganMs
    if (elapsedMs < HALF_MS) return
    const old = this.#before
    this.#before = this.#now
    this.#countBefore = this.#countNow
    this.#now = old.fill(0)
    this.#countNow = 0
    if (elapsedMs >= 2 * HALF_MS) {
      this.#before.fill(0)
      this.#countBefore = 0
    }
    this.#beganMs = nowMs
    this.#known = Number.NaN
  }
}
