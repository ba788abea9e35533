// How rules fare: how often each has matched, when last, and how long its requests take. It is read from what
// is counted and remembered anyway.
import type { Totals } from '../../telemetry/registry.ts'
import { Counter, type Series } from '../../telemetry/series.ts'
import { LABEL_OTHER, METRICS } from '../../tables/metrics.ts'
import type { FigureHistory } from './figure-history.ts'
import { queried } from './query.ts'
import type { RulePresence } from './rule-presence.ts'
import { type StepCounts, stepCounts } from './step-counts.ts'

export interface RuleFacts {
  /** Requests since the gateway was started, as they end; null: there are too many rules to know of each. */
  readonly matches: number | null
  /** RFC 3339, to the second; null: never, or that is not known. */
  readonly last_match: string | null
  /**
   * Since when it has not matched: since the start of the gateway, or since it is there. Null: it has
   * matched, or that is not known.
   */
  readonly unmatched_since: string | null
  /** Of the last ten minutes, the highest of any ten seconds; null: there was no request. */
  readonly p99_ms: number | null
  /** As often as in the last minute; null where it is not known of each. */
  readonly matches_per_min: number | null
  /** What its steps have decided since the start of the gateway; left out: nothing. */
  readonly steps?: StepCounts
}

const WINDOW_S = 600
const RATE_S = 60
/** Of the minute the last step is not over: the shorter it is, the less that matters. */
const RATE_STEP_S = 10
const RULE = METRICS.requests_total.labels.indexOf('rule')

interface Counted {
  readonly count: number
  readonly lastS: number
}

export interface RuleFiguresParts {
  readonly totals: Totals
  readonly history: FigureHistory
  /** Ms since 1970. */
  readonly wallMs: number
  readonly presence: Pick<RulePresence, 'sinceMs'>
}

/** Of one moment: who asks about thousands of rules has them counted once. */
export class RuleFigures {
  readonly #history: FigureHistory
  readonly #totals: Totals
  readonly #wallMs: number
  readonly #presence: Pick<RulePresence, 'sinceMs'>
  #counted: Counts | null = null
  #steps: ReadonlyMap<string, StepCounts> | null = null

  constructor({ totals, history, wallMs, presence }: RuleFiguresParts) {
    this.#totals = totals
    this.#history = history
    this.#wallMs = wallMs
    this.#presence = presence
  }

  /** As `matches` of `of`. */
  matches(rule: string): number | null {
    const { byRule, isComplete } = this.#all()
    return byRule.get(rule)?.count ?? (isComplete ? 0 : null)
  }

  of(rule: string): RuleFacts {
    const lastS = this.#all().byRule.get(rule)?.lastS
    const asked = { kind: 'rule', name: rule, windowS: WINDOW_S, stepS: WINDOW_S } as const
    const [series] = queried(this.#history, asked, this.#wallMs).series
    const matches = this.matches(rule)
    const steps = (this.#steps ??= stepCounts(this.#totals)).get(rule)
    const sinceMs = matches === 0 ? this.#presence.sinceMs(rule) : null
    return {
      matches,
      last_match: lastS === undefined ? null : this.#timeOf(lastS),
      unmatched_since: sinceMs === null ? null : this.#timeOf(sinceMs / 1000),
      p99_ms: series?.columns.p99_ms?.at(-1) ?? null,
      matches_per_min: matches === null ? null : this.#perMinute(rule),
      ...(steps !== undefined && { steps }),
    }
  }

  #perMinute(rule: string): number {
    const asked = { kind: 'rule', name: rule, windowS: RATE_S, stepS: RATE_STEP_S } as const
    const { series, step_s: stepS, last_s: lastS } = queried(this.#history, asked, this.#wallMs)
    const counts = series[0]?.columns.requests ?? []
    const sum = counts.reduce<number>((all, count) => all + (count ?? 0), 0)
    const seconds = Math.max(1, (RATE_S / stepS - 1) * stepS + lastS)
    return Math.round((sum / seconds) * 60)
  }

  #all(): Counts {
    return (this.#counted ??= countedBy(this.#totals))
  }

  #timeOf(second: number): string {
    // Both are seconds of the clock that is never set.
    const agoS = Math.max(0, this.#history.nowS - Math.floor(second))
    return new Date(Math.floor(this.#wallMs / 1000 - agoS) * 1000).toISOString()
  }
}

interface Counts {
  readonly byRule: ReadonlyMap<string, Counted>
  /** One that is not there has not matched. */
  readonly isComplete: boolean
}

function countedBy(totals: Totals): Counts {
  totals.collectAll()
  const counted = new Map<string, Counted>()
  const { series: all, sweptS } = totals.families.get('requests_total') ?? NOTHING
  // Without room for more, a metric counts some together, or forgets those that were silent for an hour.
  let isComplete = sweptS === 0
  for (const series of all.values()) {
    if (series.labels.every((label) => label === LABEL_OTHER)) isComplete = false
    const rule = series.labels[RULE] ?? ''
    const known = counted.get(rule)
    if (!(series instanceof Counter) || series.value === 0) continue
    const { value, touchedS } = series
    counted.set(rule, {
      count: (known?.count ?? 0) + value,
      lastS: Math.max(known?.lastS ?? touchedS, touchedS),
    })
  }
  return { byRule: counted, isComplete }
}

const NOTHING = { series: new Map<string, Series>(), sweptS: 0 }
