// Wakes who waits for servers of a backend, in the queues of all its snapshots: when a place is given back in
// this worker, and each 10 ms while anyone waits, as others give places back too, and servers come up.
import type { Turns } from './turns.ts'
import { isOpenToAll, noWaits, type WaitCounts, type Waiter } from './waiter.ts'

const TICK_MS = 10

/** A queue, as far as it is woken. */
interface Woken {
  readonly length: number
  serve(most: number): number
  expire(nowMs: number): void
  lastBelow(priority: number): (() => void) | null
  urgency(nowMs: number, ofAnybody: boolean): number
}

/**
 * Wakes the queues of one backend: those of all snapshots that still have waiters, the oldest snapshot first.
 */
export class Bell {
  readonly #now: () => number
  /** Between this worker's queues and those of others; null: there are none. */
  readonly #turns: Turns | null
  /** Queues with waiters, in the order in which they got the first. */
  #queues: Woken[] = []
  #timer: Timer | null = null
  #rings = 0
  /** Waiters. */
  length = 0
  /** Waiters that would take any server: newcomers stand behind them. */
  untried = 0
  /** Waiters are being told right now. */
  isServing = false
  /** Waits that ended since this was taken last. */
  counts = noWaits()

  /** `now` is the clock of `push`. */
  constructor(now: () => number, turns: Turns | null = null) {
    this.#now = now
    this.#turns = turns
  }

  /** Whether the 10 ms tick runs. */
  get isTicking(): boolean {
    return this.#timer !== null
  }

  joined(queue: Woken, waiter: Waiter): void {
    if (this.length++ === 0) this.#turns?.begin()
    if (isOpenToAll(waiter)) this.untried++
    if (queue.length === 1) this.#queues.push(queue)
    this.#timer ??= setInterval(() => this.tick(), TICK_MS)
  }

  left(queue: Woken, waiter: Waiter): void {
    this.length--
    if (isOpenToAll(waiter)) this.untried--
    if (queue.length === 0) this.#queues = this.#queues.filter((one) => one !== queue)
    if (this.length === 0) this.#turns?.end()
    if (this.length > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  /** Sends away whom the queue of the oldest snapshot would that has one; null: none has. */
  lastBelow(priority: number): (() => void) | null {
    for (const queue of this.#queues) {
      const sendAway = queue.lastBelow(priority)
      if (sendAway !== null) return sendAway
    }
    return null
  }

  takeCounts(): WaitCounts {
    const { counts } = this
    this.counts = noWaits()
    return counts
  }

  /** One place has been given back. Rung while waiters are told, it is answered after them. */
  ring(): void {
    this.#rings++
    if (this.isServing) return
    this.isServing = true
    try {
      while (this.#rings > 0) {
        this.#rings--
        if (this.leavesToOthers()) continue
        this.#queues.some((queue) => queue.serve(1) > 0)
      }
    } finally {
      this.#rings = 0
      this.isServing = false
    }
  }

  /** Looks whether anyone's time is over and whether there is room again. */
  tick(): void {
    const nowMs = this.#now()
    for (const queue of this.#queues) queue.expire(nowMs)
    this.#turns?.tell(this.#urgency(nowMs, false))
    if (this.isServing || this.#turns?.isHeldBack(nowMs) === true) return
    this.isServing = true
    try {
      let served = 0
      for (const queue of this.#queues) served += queue.serve(Infinity)
      this.#turns?.looked(nowMs, served)
    } finally {
      this.#rings = 0
      this.isServing = false
    }
  }

  /** Whether a place that is free is for somebody who has waited for longer in another worker. */
  leavesToOthers(): boolean {
    if (this.#turns === null || !this.#turns.areElsewhere) return false
    const nowMs = this.#now()
    return this.#turns.leaves(nowMs, this.#urgency(nowMs, true))
  }

  #urgency(nowMs: number, ofAnybody: boolean): number {
    return this.#queues.reduce((most, queue) => Math.max(most, queue.urgency(nowMs, ofAnybody)), 0)
  }
}
