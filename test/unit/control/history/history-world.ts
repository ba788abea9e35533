// A history with a clock of the test's own: workers count, seconds pass.
import { FigureHistory } from '../../../../server/control/history/figure-history.ts'
import type { Remembered } from '../../../../server/control/history/remembered.ts'
import { BOUNDS_S, type TenMinutesOf } from '../../../../server/tables/figures.ts'
import { Totals } from '../../../../server/telemetry/registry.ts'

/** Begins in the middle of ten minutes. */
export const WALL_MS = Date.UTC(2026, 0, 2, 3, 5, 0)

export class HistoryWorld {
  /** Of the clock that is never set. */
  nowMs = 500
  wallMs = WALL_MS
  isWatched = false
  readonly totals = new Totals(() => this.nowMs / 1000)
  readonly tenMinutes: { beganS: number; all: readonly TenMinutesOf[] }[] = []
  /** How many were counted in each second. */
  readonly seconds: number[] = []
  measure: (history: FigureHistory) => void = () => {}
  #due: { readonly atMs: number; readonly act: () => void } | null = null
  readonly history = new FigureHistory({
    totals: this.totals,
    nowMs: () => this.nowMs,
    wallMs: () => this.wallMs,
    measure: (history) => this.measure(history),
    onSecond: (counted: readonly Remembered[]) => void this.seconds.push(counted.length),
    isWatched: () => this.isWatched,
    onTenMinutes: (beganS, all) => void this.tenMinutes.push({ beganS, all }),
    later: (ms, act) => {
      this.#due = { atMs: this.nowMs + ms, act }
      return () => void (this.#due = null)
    },
  })

  /** Whether it waits for anything. */
  get isWaiting(): boolean {
    return this.#due !== null
  }

  /** Time passes; both clocks go on. `each` happens in the middle of each second. */
  pass(seconds: number, each: () => void = () => {}): void {
    for (let i = 0; i < seconds; i++) {
      each()
      const untilMs = this.nowMs + 1000
      while (this.#due !== null && this.#due.atMs <= untilMs) {
        const { atMs, act } = this.#due
        this.#due = null
        this.#set(Math.max(this.nowMs, atMs))
        act()
      }
      this.#set(untilMs)
    }
  }

  /** Both clocks go on, and nobody had the time to look. */
  stall(seconds: number): void {
    this.#set(this.nowMs + seconds * 1000)
  }

  /** A worker tells of requests that took so long. */
  requests(
    count: number,
    { ms = 8, status = '200', rule = 'all', bytes = 0, server = 'http://a' } = {},
  ): void {
    const labels = ['web', rule, 'api']
    const buckets = [...BOUNDS_S.map(() => 0), 0, (count * ms) / 1000]
    const place = BOUNDS_S.findIndex((bound) => ms / 1000 <= bound)
    buckets[place < 0 ? BOUNDS_S.length : place] = count
    this.totals.merge([
      ['requests_total', [...labels, server, 'GET', status], count],
      ['request_duration_seconds', labels, buckets],
      ['server_response_seconds', ['api', server], buckets],
      ['response_size_bytes', labels, [...Array.from({ length: 13 }, () => 0), bytes]],
    ])
  }

  #set(ms: number): void {
    this.wallMs += ms - this.nowMs
    this.nowMs = ms
  }
}
