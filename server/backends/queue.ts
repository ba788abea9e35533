// Where exchanges wait while each usable server is full. A place given back in this worker wakes the first
// one at once; those given back in other workers, and servers that come up, are found by looking again every
// 10 ms while anyone waits.
import { tellBug } from '../lib/bug.ts'
import type { Server } from './server.ts'
import type { Tried } from './tried.ts'

/** One who waits. It is told exactly one of the two, unless it is removed before. */
export interface Waiter {
  readonly key: number
  readonly tried: Tried
  /** Where it would go first. */
  readonly preferred?: Server | null
  /** It waits for that one alone, as long as it is in use. */
  readonly isParticular?: boolean
  /** Higher ones are served first; left out: 0. */
  readonly priority?: number
  /** A place at the server has been taken for it. */
  onServer(server: Server): void
  /** It has waited for as long as the config allows. */
  onQueueTimeout(): void
}

const TICK_MS = 10
/** Retries that still find no server, before those behind them are left to the next look. */
const MISSES = 64

/** How waits have ended, in this worker. */
export interface WaitCounts {
  served: number
  timeout: number
  /** Its client had gone, or nothing was wanted any more. */
  left: number
  /** It did not begin: there was no room. */
  full: number
}

const noWaits = (): WaitCounts => ({ served: 0, timeout: 0, left: 0, full: 0 })

/** Those of one priority. */
interface Lane {
  readonly priority: number
  first: Waiting | null
  last: Waiting | null
}

interface Waiting {
  readonly waiter: Waiter
  readonly lane: Lane
  readonly dueMs: number
  before: Waiting | null
  after: Waiting | null
}

export type WaitPick = (key: number, tried: Tried, preferred: Server | null) => Server | null

interface QueueOptions {
  readonly size: number
  readonly timeoutMs: number
  readonly pick: WaitPick
  readonly bell: Bell
}

/** The waiters of one snapshot's backend: by priority, and those of the same first in, first out. */
export class WaitQueue {
  readonly #size: number
  readonly #timeoutMs: number
  readonly #pick: WaitPick
  readonly #bell: Bell
  readonly #places = new Map<Waiter, Waiting>()
  /** The highest priority first. One for each that was ever asked for: as many as rules have. */
  #lanes: Lane[] = []

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

  /** How waits at this backend ended since this was asked last, those of other snapshots too. */
  takeCounts(): WaitCounts {
    return this.#bell.takeCounts()
  }

  /**
   * Joins the queue at `nowMs` (performance.now()); false when it is full. Waiters of older snapshots count
   * too.
   */
  push(waiter: Waiter, nowMs: number): boolean {
    if (this.#bell.length >= this.#size) {
      this.#bell.counts.full++
      return false
    }
    const lane = this.#laneOf(waiter.priority ?? 0)
    const place: Waiting = { waiter, lane, dueMs: nowMs + this.#timeoutMs, before: lane.last, after: null }
    if (lane.last) lane.last.after = place
    else lane.first = place
    lane.last = place
    this.#places.set(waiter, place)
    this.#bell.joined(this, waiter)
    return true
  }

  #laneOf(priority: number): Lane {
    const known = this.#lanes.find((lane) => lane.priority === priority)
    if (known !== undefined) return known
    const lane: Lane = { priority, first: null, last: null }
    this.#lanes = [...this.#lanes, lane].toSorted((a, b) => b.priority - a.priority)
    return lane
  }

  /** The first one of the lanes from `from` on. */
  #firstFrom(from: number): Waiting | null {
    for (let i = from; i < this.#lanes.length; i++) {
      const { first } = this.#lanes[i]!
      if (first !== null) return first
    }
    return null
  }

  #behind({ after, lane }: Waiting): Waiting | null {
    return after ?? this.#firstFrom(this.#lanes.indexOf(lane) + 1)
  }

  /** Leaves the queue; nothing happens to who is not in it. */
  remove(waiter: Waiter): void {
    const place = this.#places.get(waiter)
    if (!place) return
    this.#bell.counts.left++
    this.#unlink(place)
  }

  /** Gives servers to at most `most` waiters, the first ones first; says how many got one. */
  serve(most: number): number {
    let served = 0
    let misses = 0
    let place = this.#firstFrom(0)
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
        this.#bell.counts.served++
        tell(() => waiter.onServer(server))
        place = this.#firstFrom(0) // whoever was told may have changed the queue
        continue
      }
      if (waiter.isParticular === true && preferred !== null) {
        full ??= new Set<Server>()
        full.add(preferred)
        place = this.#behind(place)
        continue
      }
      // Who has tried none may use any server: when it finds no room, nobody does.
      if (isOpenToAll(waiter) || ++misses === MISSES) break
      place = this.#behind(place)
    }
    return served
  }

  /** Sends those away whose time is over: the first ones of each lane, as all may wait for the same time. */
  expire(nowMs: number): void {
    for (const lane of this.#lanes)
      while (lane.first !== null && lane.first.dueMs <= nowMs) {
        const { waiter } = lane.first
        this.#unlink(lane.first)
        this.#bell.counts.timeout++
        tell(() => waiter.onQueueTimeout())
      }
  }

  #unlink(place: Waiting): void {
    const { lane } = place
    if (place.before) place.before.after = place.after
    else lane.first = place.after
    if (place.after) place.after.before = place.before
    else lane.last = place.before
    this.#places.delete(place.waiter)
    this.#bell.left(this, place.waiter)
  }
}

/** Any server would do. */
const isOpenToAll = ({ tried, isParticular }: Waiter): boolean => tried === null && isParticular !== true

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
  /** Waits that ended since this was taken last. */
  counts = noWaits()

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
