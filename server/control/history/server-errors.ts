// How the last requests of servers were answered, with 5xx or well: of who answers each of them so, and is
// neither checked nor judged by a policy, nothing else tells.
import { COUNTED } from '../../tables/figures.ts'
import type { Rate } from './error-rates.ts'
import type { FigureHistory } from './figure-history.ts'
import { queried } from './query.ts'
import { TEN_MINUTES } from './remembered.ts'

/** As many, the latest ones, are looked at where there are as many; none that are older. */
export const LAST_REQUESTS = 20
const OLDEST_S = 300

const ERRORS = COUNTED.indexOf('server_errors')
/** Of the level that counts whole minutes. */
const MINUTES = TEN_MINUTES - 1
const AGAIN_MS = 1000

export class ServerErrors {
  readonly #history: FigureHistory
  readonly #wallMs: () => number
  /** By "backend/server": when errors were seen last, in seconds of the history's clock; and how many. */
  readonly #suspects = new Map<string, { readonly atS: number; readonly errors: number }>()
  #lookedMs = -Infinity

  constructor(history: FigureHistory, wallMs: () => number) {
    this.#history = history
    this.#wallMs = wallMs
  }

  /** Servers with errors of late, as "backend/server": only those few are looked at closely. */
  suspects(): ReadonlySet<string> {
    const nowMs = this.#wallMs()
    if (Math.abs(nowMs - this.#lookedMs) >= AGAIN_MS) {
      this.#lookedMs = nowMs
      this.#look()
    }
    return new Set(this.#suspects.keys())
  }

  #look(): void {
    const { nowS } = this.#history
    for (const one of this.#history.all('server')) {
      const errors = one.cells(TEN_MINUTES)[ERRORS]!
      const isOfNow = one.cells(MINUTES)[ERRORS]! > 0
      if (errors === 0 && !isOfNow) continue
      // Those of the same ten minutes are no new ones.
      if (this.#suspects.get(one.name)?.errors !== errors) this.#suspects.set(one.name, { atS: nowS, errors })
    }
    for (const [name, { atS }] of this.#suspects) if (nowS - atS > OLDEST_S) this.#suspects.delete(name)
  }

  /** Its last requests, by whole seconds; null: it had none lately. */
  last(backend: string, server: string): Rate | null {
    const asked = { kind: 'server', name: `${backend}/${server}`, windowS: OLDEST_S, stepS: 1 } as const
    const [series] = queried(this.#history, asked, this.#wallMs()).series
    const { requests = [], server_errors: failed = [] } = series?.columns ?? {}
    const sum = { requests: 0, errors: 0 }
    for (let i = requests.length - 1; i >= 0 && sum.requests < LAST_REQUESTS; i--) {
      sum.requests += requests[i] ?? 0
      sum.errors += failed[i] ?? 0
    }
    return sum.requests === 0 ? null : sum
  }
}
