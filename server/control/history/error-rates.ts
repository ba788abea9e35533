// How many requests of backends are answered with 5xx, now and in the hour before. Few have any: only those
// are looked at closely.
import { COUNTED } from '../../tables/figures.ts'
import type { FigureHistory } from './figure-history.ts'
import { queried, type SeriesColumns } from './query.ts'
import { TEN_MINUTES } from './remembered.ts'

export interface Rate {
  readonly requests: number
  readonly errors: number
}

export interface Rates {
  /** The last five minutes. */
  readonly lately: Rate
  /** The hour before those, as far as it is known. */
  readonly before: Rate
  /** Ms since 1970: since when errors go on without a minute between that had none. */
  readonly sinceMs: number
}

const ERRORS = COUNTED.indexOf('server_errors')
const HOUR_S = 3600
const STEP_S = 60
const LATELY_STEPS = 5
/** A backend that had none for so long is not looked at any more. */
const SUSPECT_S = 300
/** The ones with the most errors. */
const SUSPECTS_MAX = 20
const AGAIN_MS = 5000
/** Of the level that counts whole minutes. */
const MINUTES = TEN_MINUTES - 1

export class ErrorRates {
  readonly #history: FigureHistory
  readonly #wallMs: () => number
  /** When errors of a backend were seen last, in seconds of the history's clock; and how many. */
  readonly #suspects = new Map<string, { readonly atS: number; readonly errors: number }>()
  #known: { readonly atMs: number; readonly rates: ReadonlyMap<string, Rates> } | null = null

  constructor(history: FigureHistory, wallMs: () => number) {
    this.#history = history
    this.#wallMs = wallMs
  }

  /** Of backends with errors of late; as of the last seconds. */
  lately(): ReadonlyMap<string, Rates> {
    const nowMs = this.#wallMs()
    if (this.#known !== null && Math.abs(nowMs - this.#known.atMs) < AGAIN_MS) return this.#known.rates
    this.#suspect()
    const worst = [...this.#suspects].toSorted(([, a], [, b]) => b.errors - a.errors).slice(0, SUSPECTS_MAX)
    const rates = new Map(worst.map(([name]) => [name, this.#ratesOf(name, nowMs)] as const))
    this.#known = { atMs: nowMs, rates }
    return rates
  }

  /** Requests of a backend in the last minute; null: nothing is known of it. */
  perMinute(name: string): number | null {
    const asked = { kind: 'backend', name, windowS: STEP_S, stepS: 1 } as const
    const [series] = queried(this.#history, asked, this.#wallMs()).series
    const requests = series?.columns.requests
    return requests === undefined ? null : sum(requests)
  }

  #suspect(): void {
    const { nowS } = this.#history
    for (const one of this.#history.all('backend')) {
      const errors = one.cells(TEN_MINUTES)[ERRORS]!
      if (errors > 0 || one.cells(MINUTES)[ERRORS]! > 0) {
        const known = this.#suspects.get(one.name)
        // Those of the same ten minutes are no new ones.
        if (known?.errors !== errors) this.#suspects.set(one.name, { atS: nowS, errors })
      }
    }
    for (const [name, { atS }] of this.#suspects) if (nowS - atS > SUSPECT_S) this.#suspects.delete(name)
  }

  #ratesOf(name: string, nowMs: number): Rates {
    const asked = { kind: 'backend', name, windowS: HOUR_S, stepS: STEP_S } as const
    const { series } = queried(this.#history, asked, nowMs)
    const requests = column(series, 'requests')
    const errors = column(series, 'server_errors')
    const from = Math.max(0, requests.length - LATELY_STEPS)
    const rate = (begin: number, end: number): Rate => ({
      requests: sum(requests.slice(begin, end)),
      errors: sum(errors.slice(begin, end)),
    })
    const steps = requests.length
    return {
      lately: rate(from, steps),
      before: rate(0, from),
      sinceMs: nowMs - runOf(errors) * STEP_S * 1000,
    }
  }
}

type Numbers = readonly (number | null)[]

/** One that was zero throughout is left out of what is answered. */
function column([series]: readonly SeriesColumns[], name: 'requests' | 'server_errors'): Numbers {
  return series?.columns[name] ?? []
}

/** For how many minutes, at the end, each had some. The one that is under way may have none yet. */
function runOf(errors: Numbers): number {
  const before = errors.slice(0, -1).toReversed()
  const run = before.findIndex((one) => (one ?? 0) === 0)
  return Math.max(1, run === -1 ? before.length : run)
}

const sum = (numbers: Numbers): number => numbers.reduce<number>((all, one) => all + (one ?? 0), 0)
