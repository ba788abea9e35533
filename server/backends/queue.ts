// Where exchanges wait while each usable server is full. A place given back in this worker wakes the first
// one at once (bell.ts).
import { tellBug } from '../lib/bug.ts'
import type { Bell } from './bell.ts'
import type { Server } from './server.ts'
import type { Tried } from './tried.ts'
import { urgencyOf } from './turns.ts'
import { isOpenToAll, type SentAway, type WaitCounts, type Waiter } from './waiter.ts'

/** Retries that still find no server, before those behind them are left to the next look. */
const MISSES = 64

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
   * Joins the queue at `nowMs` (performance.now()); false when it is full of those who are no lower. Waiters
   * of older snapshots count too.
   */
  push(waiter: Waiter, nowMs: number): boolean {
    const { priority = 0 } = waiter
    const isFull = this.#bell.length >= this.#size
    const sendLowerAway = isFull ? this.#bell.lastBelow(priority) : null
    if (isFull && sendLowerAway === null) {
      this.#bell.counts.full++
      return false
    }
    const lane = this.#laneOf(priority)
    const dueMs = nowMs + this.#timeoutMs
    const place: Waiting = { waiter, lane, dueMs, before: lane.last, after: null }
    if (lane.last) lane.last.after = place
    else lane.first = place
    lane.last = place
    this.#places.set(waiter, place)
    this.#bell.joined(this, waiter)
    sendLowerAway?.()
    return true
  }

  /** Sends away who came last of the lowest priority; null: none is below this one. */
  lastBelow(priority: number): (() => void) | null {
    const { last = null, priority: lowest = priority } =
      this.#lanes.findLast((lane) => lane.last !== null) ?? {}
    return last !== null && lowest < priority ? () => this.#sendAway(last, 'queue_full') : null
  }

  #sendAway(place: Waiting, why: SentAway): void {
    this.#unlink(place)
    this.#bell.counts[why === 'queue_full' ? 'full' : 'timeout']++
    tell(() => place.waiter.onSentAway(why))
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

  /**
   * How urgent the wait of its first one is (turns.ts); 0: nobody waits. Of those who would take any server,
   * or of anybody.
   */
  urgency(nowMs: number, ofAnybody: boolean): number {
    let looks = 0
    for (let place = this.#firstFrom(0); place !== null && looks < MISSES; place = this.#behind(place)) {
      looks++
      if (!ofAnybody && !isOpenToAll(place.waiter)) continue
      return urgencyOf(place.lane.priority, nowMs - place.dueMs + this.#timeoutMs)
    }
    return 0
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
      while (lane.first !== null && lane.first.dueMs <= nowMs) this.#sendAway(lane.first, 'queue_timeout')
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

/** A bug in one exchange must not cost those behind it their turn, nor the one whose end made room. */
function tell(news: () => void): void {
  try {
    news()
  } catch (error) {
    tellBug(error)
  }
}
