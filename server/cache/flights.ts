// Requests that are under way for answers to be stored, and those that wait for one of them rather than ask
// the same again.
import { type Purge, purgedBy } from './purge.ts'

/**
 * What one that waits hears:
 *   look  the answer is stored, or freshened: it may be for it too
 *   lead  who was under way has gone: it is to ask in its place
 *   pass  the answer is for nobody else, or lets wait too long: it is to ask by itself
 */
export type Heard = 'look' | 'lead' | 'pass'

export interface Waiter {
  /** Told once. Who is to lead has the flight from then on. */
  heard(what: Heard, flight: Flight): void
}

/** A request under way, whoever makes it. */
export interface Flight {
  readonly key: string
  readonly place: string
  /** A purge has named it meanwhile: what comes is not stored. */
  isVoid: boolean
  waiters: Set<Waiter>
  timer: ReturnType<typeof setTimeout> | null
}

/** Keys whose answers were for one client only, lately: nobody waits for those. */
const PASSING_MAX = 4096
const PASSING_MS = 10_000

export class Flights {
  /** Those that others wait for, by key. */
  readonly #leading = new Map<string, Flight>()
  readonly #all = new Set<Flight>()
  readonly #passing = new Map<string, number>()

  /** How many are under way. */
  get size(): number {
    return this.#all.size
  }

  /** A request is under way. Others may wait for it, where they wait for none of its key yet. */
  begin(key: string, place: string): Flight {
    const flight: Flight = { key, place, isVoid: false, waiters: new Set(), timer: null }
    this.#all.add(flight)
    if (!this.#leading.has(key)) this.#leading.set(key, flight)
    return flight
  }

  /** The one that others wait for; null: none is, or its answers are for one client only. */
  leading(key: string, nowMs: number): Flight | null {
    const flight = this.#leading.get(key)
    if (flight === undefined) return null
    const untilMs = this.#passing.get(key)
    if (untilMs === undefined) return flight
    if (nowMs < untilMs) return null
    this.#passing.delete(key)
    return flight
  }

  /** Waits for it: all that do, so many ms from the first one on. */
  wait(flight: Flight, waiter: Waiter, mostMs: number): void {
    flight.waiters.add(waiter)
    flight.timer ??= setTimeout(() => this.#tell(flight, 'pass'), mostMs)
  }

  /** Its answer is stored. */
  stored(flight: Flight): void {
    this.#end(flight)
    this.#passing.delete(flight.key)
    this.#tell(flight, 'look')
  }

  /** Its answer is for nobody else. `isUsual`: and so will others be, for a while. */
  notStored(flight: Flight, nowMs: number, isUsual: boolean): void {
    this.#end(flight)
    if (isUsual) this.#remember(flight.key, nowMs + PASSING_MS)
    this.#tell(flight, 'pass')
  }

  #remember(key: string, untilMs: number): void {
    this.#passing.delete(key)
    if (this.#passing.size >= PASSING_MAX) {
      const [first] = this.#passing.keys()
      if (first !== undefined) this.#passing.delete(first)
    }
    this.#passing.set(key, untilMs)
  }

  /**
   * It was given up before anything was known: the first that waits asks in its place, the others wait on.
   */
  givenUp(flight: Flight): void {
    const [first] = flight.waiters
    if (first === undefined) return this.#end(flight)
    flight.waiters.delete(first)
    first.heard('lead', flight)
  }

  /** What is under way for what a purge names is not stored. By its tags nothing is known of it yet. */
  purge(purge: Purge): void {
    this.#passing.clear()
    for (const flight of this.#all) {
      if (purge.is !== 'tag' && !purgedBy(purge, flight.place, flight.key)) continue
      flight.isVoid = true
      // Who comes from now on is not to get what was asked for before.
      if (this.#leading.get(flight.key) === flight) this.#leading.delete(flight.key)
    }
  }

  #end(flight: Flight): void {
    this.#all.delete(flight)
    if (this.#leading.get(flight.key) === flight) this.#leading.delete(flight.key)
    if (flight.timer !== null && flight.waiters.size === 0) this.#stopTimer(flight)
  }

  #tell(flight: Flight, what: 'look' | 'pass'): void {
    this.#stopTimer(flight)
    const { waiters } = flight
    flight.waiters = new Set()
    for (const waiter of waiters) waiter.heard(what, flight)
  }

  #stopTimer(flight: Flight): void {
    if (flight.timer !== null) clearTimeout(flight.timer)
    flight.timer = null
  }
}
