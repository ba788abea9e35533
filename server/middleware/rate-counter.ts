// What a rate limit counts in: token buckets (scoreboard/buckets.ts) or sliding windows
// (scoreboard/windows.ts), told in requests and milliseconds.
import type { Buckets, Limit } from '../scoreboard/buckets.ts'
import type { KeyTable } from '../scoreboard/key-table.ts'
import type { Window, Windows } from '../scoreboard/windows.ts'
import type { RateLimitConfig } from './rate-limit.options.ts'

/** Where all counts are. */
export interface RateBoard {
  readonly buckets: Buckets
  readonly windows: Windows
}

type Rate = Pick<RateLimitConfig, 'algorithm' | 'requests' | 'per' | 'burst'>

/** The counts of one limit, each with a key of its own. */
export interface RateCounter {
  readonly table: KeyTable
  /** What is counted is forgotten after so many ms. */
  readonly forgottenMs: number
  /** Takes so many. How many are left; below zero: none was taken, and there is room in so many ms. */
  take(key: string, cost: number, nowMs: number): number
  /** What `take` would say, where nothing is taken: how many there are before it. */
  check(key: string, cost: number, nowMs: number): number
  /** How many are left of a key, without taking any. */
  left(key: string, nowMs: number): number
  /** In how many ms all of a key are there again, if none is taken. */
  wholeMs(key: string, nowMs: number): number
  /** How many are taken of a key now; -1: nothing of it is known. */
  used(key: string, nowMs: number): number
  /** Where nothing of a key is known, it begins with so many taken. */
  start(key: string, used: number, nowMs: number): void
}

/** Those of this name: the same in all processes, and after a reload that leaves the rate alone. */
export function rateCounter(board: RateBoard, name: string, rate: Rate): RateCounter {
  const { requests, per, burst = requests } = rate
  if (rate.algorithm === 'sliding_window')
    return new Counted(board.windows, board.windows.window(name, { requests, perMs: per }))
  const { buckets } = board
  return new Filled(buckets, buckets.limit(name, { tokens: requests, perMs: per, burst }))
}

class Filled implements RateCounter {
  readonly table: Buckets
  readonly forgottenMs: number
  readonly #limit: Limit

  constructor(table: Buckets, limit: Limit) {
    this.table = table
    this.forgottenMs = limit.burstUnits / limit.unitsPerMs
    this.#limit = limit
  }

  take(key: string, cost: number, nowMs: number): number {
    const { token, unitsPerMs } = this.#limit
    const left = this.table.take(this.#limit, key, nowMs, cost * token)
    // The last unit may be one that the clock has rounded.
    return left >= 0 ? Math.floor(left / token) : Math.min(-1, (left + 1) / unitsPerMs)
  }

  check(key: string, cost: number, nowMs: number): number {
    const { burstUnits, token, unitsPerMs } = this.#limit
    const units = burstUnits - this.#missing(key, nowMs)
    return units >= cost * token
      ? Math.floor(units / token)
      : Math.min(-1, (units - cost * token + 1) / unitsPerMs)
  }

  left(key: string, nowMs: number): number {
    const { burstUnits, token } = this.#limit
    return Math.floor((burstUnits - this.#missing(key, nowMs)) / token)
  }

  wholeMs(key: string, nowMs: number): number {
    return this.#missing(key, nowMs) / this.#limit.unitsPerMs
  }

  used(key: string, nowMs: number): number {
    const missing = this.table.missing(this.#limit, key, nowMs)
    return missing < 0 ? -1 : missing / this.#limit.token
  }

  start(key: string, used: number, nowMs: number): void {
    this.table.start(this.#limit, key, nowMs, Math.ceil(used * this.#limit.token))
  }

  #missing(key: string, nowMs: number): number {
    return Math.max(0, this.table.missing(this.#limit, key, nowMs))
  }
}

class Counted implements RateCounter {
  readonly table: Windows
  readonly forgottenMs: number
  readonly #window: Window

  constructor(table: Windows, window: Window) {
    this.table = table
    this.forgottenMs = window.perMs + window.sliceMs
    this.#window = window
  }

  take(key: string, cost: number, nowMs: number): number {
    const left = this.table.take(this.#window, key, nowMs, cost)
    return left >= 0 ? left : -this.table.waitMs(this.#window, key, nowMs, cost)
  }

  check(key: string, cost: number, nowMs: number): number {
    const left = this.left(key, nowMs)
    return left >= cost ? left : -this.table.waitMs(this.#window, key, nowMs, cost)
  }

  left(key: string, nowMs: number): number {
    const { requests } = this.#window
    return Math.max(0, requests - Math.max(0, this.used(key, nowMs)))
  }

  wholeMs(key: string, nowMs: number): number {
    if (this.used(key, nowMs) <= 0) return 0
    return this.table.waitMs(this.#window, key, nowMs, this.#window.requests)
  }

  used(key: string, nowMs: number): number {
    return this.table.counted(this.#window, key, nowMs)
  }

  start(key: string, used: number, nowMs: number): void {
    if (used > 0) this.table.start(this.#window, key, nowMs, Math.ceil(used))
  }
}

/** A counter that goes on from one of another rate, which a reload has ended. */
export class HandedOver implements RateCounter {
  readonly table: KeyTable
  readonly forgottenMs: number
  readonly #counter: RateCounter
  readonly #untilMs: number
  #before: RateCounter | null

  constructor(counter: RateCounter, before: RateCounter, nowMs: number) {
    this.table = counter.table
    this.forgottenMs = counter.forgottenMs
    this.#counter = counter
    // What that one goes on from is as good as over.
    this.#before = before instanceof HandedOver ? before.#counter : before
    this.#untilMs = nowMs + before.forgottenMs
  }

  take(key: string, cost: number, nowMs: number): number {
    if (this.#before !== null) this.#handOver(this.#before, key, nowMs)
    return this.#counter.take(key, cost, nowMs)
  }

  check(key: string, cost: number, nowMs: number): number {
    if (this.#before !== null) this.#handOver(this.#before, key, nowMs)
    return this.#counter.check(key, cost, nowMs)
  }

  left(key: string, nowMs: number): number {
    return this.#counter.left(key, nowMs)
  }

  wholeMs(key: string, nowMs: number): number {
    return this.#counter.wholeMs(key, nowMs)
  }

  used(key: string, nowMs: number): number {
    return this.#counter.used(key, nowMs)
  }

  start(key: string, used: number, nowMs: number): void {
    this.#counter.start(key, used, nowMs)
  }

  /** A key that has nothing here yet begins with what it has used there. */
  #handOver(before: RateCounter, key: string, nowMs: number): void {
    if (nowMs > this.#untilMs) {
      this.#before = null
      return
    }
    if (this.#counter.used(key, nowMs) >= 0) return
    const used = before.used(key, nowMs)
    if (used > 0) this.#counter.start(key, used, nowMs)
  }
}
