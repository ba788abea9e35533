// Where exchanges wait while each usable server is full. A place given back in this worker wakes the first
// one at once; those given back in other workers, and servers that come up, are found by looking again every
// 10 ms while anyone waits.
import { tellBug } from '../lib/bug.ts'
import type { Server } from './server.ts'

/** One who waits. It is told exactly one of the two, unless it is removed before. */
export interface Waiter {
  readonly key: number
  readonly tried: number
  /** Where it would go first. */
  readonly preferred?: Server | null
  /** It waits for that one alone, as long as it is in use. */
  readonly isParticular?: boolean
  /** A place at the server has been taken for it. */
  onServer(server: Server): void
  /** It has waited for as long as the config allows. */
  onQueueTimeout(): void
}

const TICK_MS = 10
/** Retries that still find no server, before those behind them are left to the next look. */
const MISSES = 64

interface Waiting {
  readonly waiter: Waiter
  readonly dueMs: number
  before: Waiting | null
  after: Waiting | null
}

export type WaitPick = (key: number, tried: number, preferred: Server | null) => Server | null

interface QueueOptions {
  readonly size: number
  readonly timeoutMs: number
  readonly pick: WaitPick
  readonly bell: Bell
}

/** The waiters of one snapshot's backend, first in, first out. */
export class WaitQueue {
  readonly #size: number
  readonly #timeoutMs: number
  readonly #pick: WaitPick
  readonly #bell: Bell
  readonly #places = new Map<Waiter, Waiting>()
  #first: Waiting | null = null
  #last: Waiting | null = null

  constructor({ size, timeoutMs, pick, bell }: QueueOptions) {
    this.#size = size
    this.#timeoutMs = timeoutMs
    this.#pick = pick
    this.#bell = bell
  }

  /** Waiters of this snapshot. */
  get length(): number {
    return this.#places.size
  }

  /**
   * Joins the queue at `nowMs` (performance.now()); false when it is full. Waiters of older snapshots count
   * too.
   */
  push(waiter: Waiter, nowMs: number): boolean {
    if (this.#bell.length >= this.#size) return false
    const place: Waiting = { waiter, dueMs: nowMs + this.#timeoutMs, before: this.#last, after: null }
    if (this.#last) this.#last.after = place
    else this.#first = place
    this.#last = place
    this.#places.set(waiter, place)
    this.#bell.joined(this, waiter)
    return true
  }

  /** Leaves the queue; nothing happens to who is not in it. */
  remove(waiter: Waiter): void {
    const place = this.#places.get(waiter)
    if (place) this.#unlink(place)
  }

  /** Gives servers to at most `most` waiters, the first ones first; says how many got one. */
  serve(most: number): number {
    let served = 0
    let misses = 0
    let place = this.#first
    /** Those that somebody waits for in particular, and that have no room: for others there may be some. */
    let full: Set<Server> | null = null
    while (place !== null && served < most) {
      const { waiter } = place
      const { preferred = null } = waiter
      const isHopeless =
        full !== null && preferred !== null && waiter.isParticular === true && full.has(preferred)
      const server = isHopeless ? null : this.#pick(waiter.key, waiter.tried, preferred)
      if (server !== null) {
        this.#unlink(place)
        served++
        tell(() => waiter.onServer(server))
        place = this.#first // whoever was told may have changed the queue
        continue
      }
      if (waiter.isParticular === true && preferred !== null) {
        full ??= new Set<Server>()
        full.add(preferred)
        place = place.after
        continue
      }
      // Who has tried none may use any server: when it finds no room, nobody does.
      if (isOpenToAll(waiter) || ++misses === MISSES) break
      place = place.after
    }
    return served
  }

  /** Sends those away whose time is over: the first ones, as all may wait for the same time. */
  expire(nowMs: number): void {
    while (this.#first !== null && this.#first.dueMs <= nowMs) {
      const { waiter } = this.#first
      this.#unlink(this.#first)
      tell(() => waiter.onQueueTimeout())
    }
  }

  #unlink(place: Waiting): void {
    if (place.before) place.before.after = place.after
    else this.#first = place.after
    if (place.after) place.after.before = place.before
    else this.#last = place.before
    this.#places.delete(place.waiter)
    this.#bell.left(this, place.waiter)
  }
}

/** Any server would do. */
const isOpenToAll = ({ tried, isParticular }: Waiter): boolean => tried === 0 && isParticular !== true

/** A bug in one exchange must not cost those behind it their turn, nor the one whose end made room. */
function tell(news: () => void): void {
  try {
    news()
  } catch (error) {
    tellBug(error)
  }
}

/**
 * Wakes the queues of one backend: those of all snapshots that still have waiters, the oldest snapshot first.
 */
export class Bell {
  readonly #now: () => number
  /** Queues with waiters, in the order in which they got the first. */
  #queues: WaitQueue[] = []
  #timer: Timer | null = null
  #rings = 0
  /** Waiters. */
  length = 0
  /** Waiters that would take any server: newcomers stand behind them. */
  untried = 0
  /** Waiters are being told right now. */
  isServing = false

  /** `now` is the clock of `push`. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether the 10 ms tick runs. */
  get isTicking(): boolean {
    return this.#timer !== null
  }

  joined(queue: WaitQueue, waiter: Waiter): void {
    this.length++
    if (isOpenToAll(waiter)) this.untried++
    if (queue.length === 1) this.#queues.push(queue)
    this.#timer ??= setInterval(() => this.tick(), TICK_MS)
  }

  left(queue: WaitQueue, waiter: Waiter): void {
    this.length--
    if (isOpenToAll(waiter)) this.untried--
    if (queue.length === 0) this.#queues = this.#queues.filter((one) => one !== queue)
    if (this.length > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  /** One place has been given back. Rung while waiters are told, it is answered after them. */
  ring(): void {
    this.#rings++
    if (this.isServing) return
    this.isServing = true
    try {
      while (this.#rings > 0) {
        this.#rings--
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
    if (this.isServing) return
    this.isServing = true
    try {
      for (const queue of this.#queues) queue.serve(Infinity)
    } finally {
      this.#rings = 0
      this.isServing = false
    }
  }
}
