// What became of the policies of a backend: retries, hedges and sessions, counted since the gateway was
// started, and how much of the budget of retries is in use now.
import { RetryBudget } from '../../backends/retry-budget.ts'
import { stickyWords } from '../../backends/sticky-words.ts'
import type { Config } from '../../config/schema.ts'
import { familyOf } from '../../lib/server-url.ts'
import { CARRIED } from '../../scoreboard/layout.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { MetricName } from '../../tables/metrics.ts'
import type { Plan } from '../../snapshot/plan.ts'
import { backendCounts, type Counts } from '../../telemetry/backend-counts.ts'
import { waitingOf } from '../../telemetry/backend-limits.ts'
import type { Totals } from '../../telemetry/registry.ts'

export interface PolicyFacts {
  /** What all its servers carry together, and may; left out: they may carry all there is. */
  readonly limit?: { readonly in_flight: number; readonly most: number }
  /** Of that, what waits for answers to begin, and may as adaptive_limit has found; left out: not there. */
  readonly adaptive_limit?: {
    readonly in_flight: number
    readonly most: number
    readonly mode: 'enforce' | 'shadow'
  }
  /** Requests that wait for a server with room, as of the last second. */
  readonly waiting?: number
  /** Left out where nothing is tried again, or no requests are. */
  readonly retries?: {
    /** Further attempts, by what had failed: a fault or a status. */
    readonly by_reason: Counts
    /** Those that the budget let not be made. */
    readonly refused: number
    /** Further attempts that are in flight or wait, and how many may now. */
    readonly under_way: number
    readonly most: number
  }
  /** Attempts beside one that let wait, by outcome; left out: there is no hedging. */
  readonly hedges?: Counts
  /** Requests by what became of their session; left out: sessions do not stay by a cookie. */
  readonly sticky?: Counts
}

export interface PolicyGround {
  readonly totals: Totals
  readonly board: Scoreboard
  readonly config: Pick<Config, 'backends'>
  readonly slots: Plan['slots']
}

/** Of one moment: who asks about many backends has all counted once. */
export class PolicyFigures {
  readonly #ground: PolicyGround
  #waiting: ReadonlyMap<string, number> | null = null
  #counted: ReadonlyMap<MetricName, ReadonlyMap<string, Counts>> | null = null

  constructor(ground: PolicyGround) {
    this.#ground = ground
  }

  of(backend: string): PolicyFacts {
    const options = this.#ground.config.backends[backend]
    if (options === undefined) return {}
    const limit = this.#limit(backend, options)
    if (familyOf(options.servers) !== 'http') return limit
    const isRetried = options.retry.attempts > 1
    return {
      ...limit,
      waiting: (this.#waiting ??= waitingOf(this.#ground.totals)).get(backend) ?? 0,
      ...(isRetried && { retries: this.#retries(backend, options) }),
      ...(isRetried && options.retry.hedge !== undefined && { hedges: this.#of('hedges_total', backend) }),
      ...(BY_COOKIE.includes(stickyWords(options)?.by) && { sticky: this.#of('sticky_total', backend) }),
    }
  }

  #limit(
    backend: string,
    { max_connections: most, adaptive_limit: words }: Config['backends'][string],
  ): Pick<PolicyFacts, 'limit' | 'adaptive_limit'> {
    const { board, slots } = this.#ground
    const slot = slots[backend]?.slot.index
    const mode = words?.mode ?? 'off'
    if (slot === undefined) return {}
    const in_flight = board.gauges.held(slot, CARRIED)
    return {
      ...(most !== undefined && { limit: { in_flight, most } }),
      ...(mode !== 'off' && {
        adaptive_limit: { in_flight: board.adaptive.awaited(slot), most: board.adaptive.limit(slot), mode },
      }),
    }
  }

  #retries(backend: string, { retry }: Config['backends'][string]): NonNullable<PolicyFacts['retries']> {
    const { board, slots } = this.#ground
    const own = slots[backend]
    const budget = new RetryBudget(board, own?.slot.index ?? 0, retry.budget)
    const servers = Object.values(own?.servers ?? {}).map(({ index }) => ({ slot: index }))
    return {
      by_reason: this.#of('retries_total', backend),
      refused: this.#of('retry_budget_exhausted_total', backend)[''] ?? 0,
      under_way: own === undefined ? 0 : budget.inUse,
      most: budget.most(servers),
    }
  }

  #of(metric: (typeof COUNTED)[number], backend: string): Counts {
    this.#counted ??= this.#count()
    return this.#counted.get(metric)?.get(backend) ?? {}
  }

  #count(): ReadonlyMap<MetricName, ReadonlyMap<string, Counts>> {
    const { totals } = this.#ground
    totals.collectAll()
    return new Map(COUNTED.map((name) => [name, backendCounts(totals, name)]))
  }
}

/** Where the gateway has cookies of its own. */
const BY_COOKIE: readonly (string | undefined)[] = ['cookie', 'learn']

const COUNTED = ['retries_total', 'retry_budget_exhausted_total', 'hedges_total', 'sticky_total'] as const
