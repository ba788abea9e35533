// A connection that was refused before a backend was chosen for it: what is told of it, once.
import type { Accepted } from '../accept/entry.ts'
import { nowMs } from '../lib/clock.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { OpenConnection } from './connections.ts'

export class RefusedConnection implements OpenConnection {
  readonly listener: { readonly name: string }
  readonly backend = null
  readonly server = null
  readonly client: string
  readonly askedFor: string | null
  readonly tls: Accepted['tls']
  /** What stands in it is a part of why it was refused, where it was. */
  readonly certificate = null
  readonly fault: FaultCode
  readonly detail: string | null
  readonly tries = null
  readonly bytesIn = 0
  readonly bytesOut = 0
  countedIn = 0
  countedOut = 0
  readonly queueMs = 0
  readonly connectMs = 0
  readonly attempts = 0
  readonly startedMs: number
  endedMs = nowMs

  constructor(listener: { readonly name: string }, from: Accepted, why: Refusal) {
    this.listener = listener
    this.client = from.address
    this.askedFor = from.askedFor
    this.tls = from.tls
    this.fault = why.fault
    this.detail = why.detail
    this.startedMs = why.sinceMs
  }

  stop(): void {}
}

export interface Refusal {
  readonly fault: FaultCode
  readonly detail: string | null
  /** When it came. */
  readonly sinceMs: number
}
