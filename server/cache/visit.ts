// What a cache remembers of one request until its end.
import type { Asked } from './asked.ts'
import type { Collect } from './collect.ts'
import type { Entry } from './entry.ts'
import type { Flight, Heard, Waiter } from './flights.ts'
import type { StoredHead } from './stored-head.ts'
import type { RequestEdits, Selecting } from './vary.ts'

/** An answer that is to be stored once all of it is here. */
export interface Draft {
  readonly head: StoredHead
  readonly selecting: readonly Selecting[]
  readonly answeredMs: number
  readonly tags: readonly string[]
}

export class Visit implements Waiter {
  /** '' : it goes past the cache. */
  key = ''
  place = ''
  asked: Asked | null = null
  /** A step has found out who asks. */
  isKnown = false
  /** Its answer is one of the gateway itself. */
  isOurs = false
  /** It may change what is stored: its method is not safe. */
  isUnsafe = false
  /** Its answer comes from the store. */
  isGiven = false
  /** Stored, and its server is asked about it. */
  stale: Entry | null = null
  /** That its server knows it has: it was asked with its validators. */
  isAskedAbout = false
  flight: Flight | null = null
  draft: Draft | null = null
  collect: Collect | null = null
  askedMs = 0
  /** Of the request when it was asked by: what steps behind the cache make of it was not looked at. */
  seen: RequestEdits = null
  /** Why it is asked, as Cache-Status says it. */
  why = ''
  /** Who is told when it has waited for another; null: it does not. */
  told: ((what: Heard) => void) | null = null
  waitsFor: Flight | null = null
  /** Its exchange is over. */
  isOver = false

  heard(what: Heard, flight: Flight): void {
    const { told } = this
    this.told = this.waitsFor = null
    if (what === 'lead') this.flight = flight
    told?.(what)
  }
}
