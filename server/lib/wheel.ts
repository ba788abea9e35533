// Deadlines as numbers: a ring of buckets swept by one coarse timer. Moving a deadline later costs nothing
// (the entry is filed anew when its bucket comes round), so that a connection may set one on each event. The
// timer sleeps until the next bucket that holds something: an idle process is not woken.

import { tellBug } from './bug.ts'
import { filled } from './filled.ts'

/**
 * Something with a deadline. `dueMs` may be written at any time to a later value; to an earlier one through
 * Wheel.due().
 */
export interface Timed {
  /** When it expires, on the wheel's clock; 0: never. */
  dueMs: number
  /** The tick in whose bucket it is filed; -1: in none. The wheel's own. */
  filedTick: number
  /** Its place in that bucket. The wheel's own. */
  filedPlace: number
  /** Called once the deadline has passed; `dueMs` is 0 by then. */
  expire(nowMs: number): void
}

export const TICK_MS = 25
/**
 * Deadlines further away than that are met at every eighth tick only: late by at most a twentieth, and fewer
 * wakings for all of them.
 */
const FINE_MS = 4000
const COARSE_TICKS = 8
const BUCKETS = 5120 // 128 s; what lies further is filed in the last bucket and again from there

export class Wheel {
  /** Null: nothing was filed there lately. Most never hold anything, and lists for all take a megabyte. */
  readonly #buckets = filled<Timed[] | null>(BUCKETS, null)
  /** Entries in all of them. */
  #filed = 0
  readonly #clock: () => number
  readonly #swept: () => void
  #tick: number
  #timer: Timer | null = null
  /** When the timer sweeps next; Infinity: nothing is filed. */
  #wakeTick = Infinity
  #isStarted = false
  #isDriven = false

  /** `swept` is called after each sweep: for what the expired have left to do together. */
  constructor(clock: () => number, swept: () => void = () => {}) {
    this.#clock = clock
    this.#swept = swept
    this.#tick = Math.floor(clock() / TICK_MS)
  }

  /** Sweeps by itself from now on, without keeping the process running. */
  start(): void {
    this.#isStarted = true
    this.#sleep()
  }

  /** Somebody else wakes it at `wakeMs`, who sleeps in another way; or no longer: a timer does. */
  drive(isDriven: boolean): void {
    this.#isDriven = isDriven
    this.#sleep()
  }

  /** When `wake` is to be called next; Infinity: there is nothing to wait for. */
  get wakeMs(): number {
    return this.#wakeTick * TICK_MS
  }

  stop(): void {
    this.#isStarted = false
    this.#wakeAt(Infinity)
  }

  /** Sets the deadline of `entry`; 0 takes it away. */
  due(entry: Timed, dueMs: number): void {
    entry.dueMs = dueMs
    if (dueMs === 0) return
    const tick = Math.ceil(dueMs / TICK_MS)
    if (entry.filedTick !== -1 && tick >= entry.filedTick) return
    this.#unfile(entry)
    this.#file(entry, tick)
  }

  /** Forgets an entry at once: a bucket must not keep what is closed for as long as its deadline was. */
  remove(entry: Timed): void {
    entry.dueMs = 0
    this.#unfile(entry)
  }

  #file(entry: Timed, due: number): void {
    const nowMs = this.#clock()
    // Nothing is filed: where it stands is as old as its sleep.
    if (this.#wakeTick === Infinity && this.#isStarted) this.#tick = Math.floor(nowMs / TICK_MS)
    const last = this.#tick + BUCKETS - 1
    const isFar = due * TICK_MS - nowMs > FINE_MS
    const tick = isFar ? Math.ceil(due / COARSE_TICKS) * COARSE_TICKS : due
    const at = tick <= this.#tick ? this.#tick + 1 : tick > last ? last : tick
    const bucket = (this.#buckets[at % BUCKETS] ??= [])
    entry.filedTick = at
    entry.filedPlace = bucket.length
    bucket.push(entry)
    this.#filed++
    if (at < this.#wakeTick && this.#isStarted) this.#wakeAt(at)
  }

  /** The last of the bucket takes the place of the one that leaves. */
  #unfile(entry: Timed): void {
    if (entry.filedTick === -1) return
    const bucket = this.#buckets[entry.filedTick % BUCKETS]
    entry.filedTick = -1
    // A bucket that is being swept has left the ring already: then the sweep sees by `filedTick` that this
    // one is out.
    if (!bucket || bucket[entry.filedPlace] !== entry) return
    this.#filed--
    const last = bucket.pop()
    if (!last || last === entry) return
    bucket[entry.filedPlace] = last
    last.filedPlace = entry.filedPlace
  }

  #holds(tick: number): boolean {
    const bucket = this.#buckets[tick % BUCKETS]
    return bucket !== null && bucket !== undefined && bucket.length > 0
  }

  /** Until the next bucket that holds something. */
  #sleep(): void {
    if (!this.#isStarted) return
    if (this.#filed === 0) return this.#wakeAt(Infinity)
    for (let tick = this.#tick + 1; tick <= this.#tick + BUCKETS; tick++)
      if (this.#holds(tick)) return this.#wakeAt(tick)
    this.#wakeAt(Infinity)
  }

  #wakeAt(tick: number): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#wakeTick = tick
    if (tick === Infinity || this.#isDriven) return
    this.#timer = setTimeout(() => this.#fired(), Math.max(1, Math.ceil(tick * TICK_MS - this.#clock())))
    this.#timer.unref()
  }

  /**
   * A process that was held up may have its timers before it looks at its sockets: what came before a
   * deadline is read first. Sockets are looked at between two immediates.
   */
  #fired(): void {
    const dueMs = this.#wakeTick * TICK_MS
    const atMs = this.#clock()
    if (atMs - dueMs < TICK_MS) return this.wake(atMs)
    setImmediate(() =>
      setImmediate(() => {
        this.#clock()
        this.wake(atMs)
      }),
    )
  }

  /** Meets the deadlines as of `atMs`. */
  wake(atMs: number): void {
    try {
      if (this.#isStarted) this.sweep(atMs)
    } finally {
      this.#sleep() // whatever broke: otherwise no deadline would be met any more
    }
  }

  /** How long nothing has to be swept, at most `mostMs`: for who sweeps by himself and would rather sleep. */
  quietMs(nowMs: number, mostMs: number): number {
    for (let tick = this.#tick + 1; tick * TICK_MS - nowMs < mostMs; tick++) {
      if (this.#holds(tick)) return Math.max(0, tick * TICK_MS - nowMs)
    }
    return mostMs
  }

  /** Expires what is due at `nowMs`. */
  sweep(nowMs: number): void {
    const until = Math.floor(nowMs / TICK_MS)
    // After a long pause each bucket is visited once, not once per tick missed.
    if (until - this.#tick > BUCKETS) this.#tick = until - BUCKETS
    while (this.#tick < until) {
      const at = ++this.#tick % BUCKETS
      const bucket = this.#buckets[at]
      if (!bucket || bucket.length === 0) continue
      this.#buckets[at] = null
      this.#filed -= bucket.length
      for (const entry of bucket) this.#visit(entry, nowMs)
    }
    this.#swept()
  }

  #visit(entry: Timed, nowMs: number): void {
    // removed or filed anew during this sweep
    if (entry.filedTick === -1 || entry.filedTick > this.#tick) return
    entry.filedTick = -1
    if (entry.dueMs === 0) return
    if (entry.dueMs > nowMs) return this.#file(entry, Math.ceil(entry.dueMs / TICK_MS))
    entry.dueMs = 0
    try {
      entry.expire(nowMs)
    } catch (error) {
      tellBug(error) // the others of this sweep have deadlines too
    }
  }
}
