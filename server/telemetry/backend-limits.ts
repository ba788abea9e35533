// Backends that have a limit of what their servers carry together: how much of it is in use, and who waits.
// And of all backends, how many further attempts have a place in their budgets.
import type { Config } from '../config/schema.ts'
import { CARRIED, RETRIES } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Plan } from '../snapshot/plan.ts'
import { type OverloadFacts, overloadOf } from './overload-facts.ts'
import type { Totals } from './registry.ts'

export interface BackendLimitFacts {
  readonly backend: string
  /** Over all workers. */
  readonly in_flight: number
  /** As it is written; null: it is not. */
  readonly limit: number | null
  /** Exchanges that wait for a server with room, as of the last second. */
  readonly waiting: number
  /**
   * What waits for answers to begin, how much may as it was found, and whether that holds; left out: none is
   * looked for.
   */
  readonly adaptive?: {
    readonly in_flight: number
    readonly limit: number
    readonly mode: 'enforce' | 'shadow'
  }
}

interface Served {
  readonly running: {
    readonly edition: { readonly config: Pick<Config, 'backends' | 'overload'> }
    readonly plan: Pick<Plan, 'slots'>
  } | null
  readonly board: Scoreboard
  readonly totals: Totals
}

/** What metrics tell of limits: nothing where there is nothing to tell. */
interface LimitsNow {
  /** Those of the plan that is served, in the order of the config. */
  readonly limits?: readonly BackendLimitFacts[]
  readonly overload?: OverloadFacts
}

export function limitsOf(served: Served): LimitsNow {
  const { running, board, totals } = served
  const backends = Object.entries(running?.edition.config.backends ?? {})
  const waits = waitingOf(totals)
  const limits = backends.flatMap(([backend, { max_connections: limit = null, adaptive_limit: words }]) => {
    const slots = running?.plan.slots[backend]
    const mode = words?.mode ?? 'off'
    const isLimited = limit !== null || mode !== 'off'
    const waiting = waits.get(backend) ?? 0
    if ((!isLimited && waiting === 0) || slots === undefined) return []
    const { slot, servers } = slots
    const adaptive = mode === 'off' ? {} : { adaptive: adaptiveOf(board, slot.index, mode) }
    // What all servers carry is counted only where it is limited.
    const in_flight = isLimited
      ? board.gauges.held(slot.index, CARRIED)
      : Object.values(servers).reduce((all, { index }) => all + board.inFlight(index), 0)
    return [{ backend, in_flight, limit, waiting, ...adaptive }]
  })
  return { ...(limits.length > 0 && { limits }), ...overloadOf(served) }
}

const adaptiveOf = (
  { adaptive }: Scoreboard,
  slot: number,
  mode: 'enforce' | 'shadow',
): NonNullable<BackendLimitFacts['adaptive']> => ({
  in_flight: adaptive.awaited(slot),
  limit: adaptive.limit(slot),
  mode,
})

/** Exchanges that wait for a server with room at all workers, by backend; one that is not there has none. */
export function waitingOf(totals: Totals): ReadonlyMap<string, number> {
  const waiting = new Map<string, number>()
  for (const { labels, value } of totals.gaugesOf('queue_length')) {
    const backend = labels[0] ?? ''
    if (value > 0) waiting.set(backend, (waiting.get(backend) ?? 0) + value)
  }
  return waiting
}

export function gatherBackendLimits(served: Served): void {
  const { totals } = served
  totals.clear('retries_in_flight')
  for (const [backend, { slot }] of Object.entries(served.running?.plan.slots ?? {}))
    totals.gauge('retries_in_flight', [backend]).set(served.board.gauges.held(slot.index, RETRIES))
  totals.clear('backend_in_flight')
  totals.clear('backend_limit')
  totals.clear('backend_adaptive_limit')
  totals.clear('backend_adaptive_in_flight')
  for (const { backend, in_flight, limit, adaptive } of limitsOf(served).limits ?? []) {
    if (limit === null && adaptive === undefined) continue
    totals.gauge('backend_in_flight', [backend]).set(in_flight)
    if (limit !== null) totals.gauge('backend_limit', [backend]).set(limit)
    if (adaptive === undefined) continue
    totals.gauge('backend_adaptive_limit', [backend]).set(adaptive.limit)
    totals.gauge('backend_adaptive_in_flight', [backend]).set(adaptive.in_flight)
  }
}
