// Work is done on what a rule leads to: its clients are told so, and when to come again, but for those that
// are let through to look.
import type { Answer } from '../head/answer.ts'
import { unixSeconds } from '../lib/clock.ts'
import { Ranges } from '../lib/ranges.ts'
import { FAULTS } from '../tables/faults.ts'
import type { MaintenanceConfig } from './destination.options.ts'

/** Where nobody says how long it takes. */
const USUAL_S = 300

export class Maintenance {
  /** In s since 1970; null: until the config says otherwise. */
  readonly #untilS: number | null
  readonly #retryAfterS: number | null
  readonly #words: MaintenanceConfig
  readonly #allowed: Ranges
  readonly #now: () => number

  constructor(words: MaintenanceConfig, now: () => number = unixSeconds) {
    this.#words = words
    this.#untilS = words.until === undefined ? null : Date.parse(words.until) / 1000
    this.#retryAfterS = words.retry_after === undefined ? null : Math.ceil(words.retry_after / 1000)
    this.#allowed = Ranges.parse(words.allow)
    this.#now = now
  }

  /** What this client is answered; null: it is let through, or the work is over. */
  answerTo(address: string | null): Answer | null {
    const nowS = this.#now()
    if (this.#untilS !== null && nowS >= this.#untilS) return null
    if (address !== null && this.#allowed.has(address)) return null
    const { message, page } = this.#words
    return {
      status: FAULTS.maintenance.status,
      headers: [['Retry-After', String(this.#secondsLeft(nowS))]],
      body: message ?? '',
      ...(page !== undefined && { page }),
      fault: 'maintenance',
    }
  }

  #secondsLeft(nowS: number): number {
    if (this.#retryAfterS !== null) return this.#retryAfterS
    return this.#untilS === null ? USUAL_S : Math.max(1, Math.ceil(this.#untilS - nowS))
  }
}
