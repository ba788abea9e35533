// How fast bytes may go: when those that somebody has may leave. Who asks for some has them booked, waits
// that long and sends them; so all that share a rate, in whichever worker, get it in turn, and none is woken
// for nothing.
import type { Buckets, Limit } from '../scoreboard/buckets.ts'

export interface Pace {
  /** Books so many bytes. In how many ms they may leave; below zero: none were booked, ask again then. */
  ask(bytes: number, nowMs: number): number
  /** How many are best asked for at a time. */
  readonly slice: number
}

/** What a rate brings in this time goes at once: fewer wakings, and nobody sees it. */
const SLICE_MS = 50
const SLICE_LEAST = 512
const SLICE_MOST = 64 * 1024

const sliceOf = (bytesPerS: number): number =>
  Math.floor(Math.min(SLICE_MOST, Math.max(SLICE_LEAST, (bytesPerS * SLICE_MS) / 1000)))

/** Of one body alone. */
export class OwnPace implements Pace {
  readonly slice: number
  readonly #perMs: number
  readonly #burstMs: number
  /** When all that was booked has had its time. */
  #atMs = 0

  constructor(bytesPerS: number, burst: number) {
    this.slice = sliceOf(bytesPerS)
    this.#perMs = bytesPerS / 1000
    this.#burstMs = burst / this.#perMs
  }

  ask(bytes: number, nowMs: number): number {
    this.#atMs = Math.max(this.#atMs, nowMs) + bytes / this.#perMs
    return Math.max(0, this.#atMs - this.#burstMs - nowMs)
  }
}

/** Tokens of the buckets of a shared rate are so many bytes. */
const TOKEN_BYTES = 1024
/** So much of the rate may be booked ahead. */
const DEBT_MS = 60_000
const AGAIN_MS = 1000

/** The limit of a rate that many share. */
export const paceLimit = (buckets: Buckets, name: string, bytesPerS: number, burst: number): Limit =>
  buckets.limit(`pace\0${name}`, {
    tokens: bytesPerS / TOKEN_BYTES,
    perMs: 1000,
    burst: Math.max(1, burst / TOKEN_BYTES),
    debtMs: DEBT_MS,
  })

/** Of all that have the key, over all workers. */
export class SharedPace implements Pace {
  readonly slice: number
  readonly #buckets: Buckets
  readonly #limit: Limit
  readonly #key: string
  readonly #evicted: () => void

  constructor(buckets: Buckets, limit: Limit, key: string, evicted: () => void) {
    this.slice = sliceOf((limit.tokens * TOKEN_BYTES * 1000) / limit.perMs)
    this.#buckets = buckets
    this.#limit = limit
    this.#key = key
    this.#evicted = evicted
  }

  ask(bytes: number, nowMs: number): number {
    const { token, unitsPerMs, burstUnits, mostUnits } = this.#limit
    const left = this.#buckets.book(this.#limit, this.#key, nowMs, Math.ceil((bytes * token) / TOKEN_BYTES))
    if (this.#buckets.lastEvicted) this.#evicted()
    if (left < burstUnits - mostUnits) return -AGAIN_MS
    return Math.max(0, -left / unitsPerMs)
  }
}

/** Both hold. */
export class BothPaces implements Pace {
  readonly slice: number
  readonly #one: Pace
  readonly #other: Pace

  constructor(one: Pace, other: Pace) {
    this.slice = Math.min(one.slice, other.slice)
    this.#one = one
    this.#other = other
  }

  ask(bytes: number, nowMs: number): number {
    const [one, other] = [this.#one.ask(bytes, nowMs), this.#other.ask(bytes, nowMs)]
    return one < 0 || other < 0 ? Math.min(one, other) : Math.max(one, other)
  }
}
