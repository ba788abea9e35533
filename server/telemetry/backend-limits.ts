// Backends that have a limit of what their servers carry together: how much of it is in use. And of all
// backends, how many further attempts have a place in their budgets.
import type { Config } from '../config/schema.ts'
import { CARRIED, RETRIES } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Plan } from '../snapshot/plan.ts'
import type { Totals } from './registry.ts'

export interface BackendLimitFacts {
  readonly backend: string
  /** Over all workers. */
  readonly in_flight: number
  /** As it is written; null: it is not. */
  readonly limit: number | null
  /** As it was found, and whether it holds; left out: none is looked for. */
  readonly adaptive?: { readonly limit: number; readonly mode: 'enforce' | 'shadow' }
}

interface Served {
  readonly running: {
    readonly edition: { readonly config: Pick<Config, 'backends'> }
    readonly plan: Pick<Plan, 'slots'>
  } | null
  readonly board: Scoreboard
}

/** Those of the plan that is served, in the order of the config; left out: there are none. */
export function limitsOf({ running, board }: Served): { limits?: readonly BackendLimitFacts[] } {
  const backends = Object.entries(running?.edition.config.backends ?? {})
  const limits = backends.flatMap(([backend, { max_connections: limit = null, adaptive_limit: words }]) => {
    const slot = running?.plan.slots[backend]?.slot.index
    const mode = words?.mode ?? 'off'
    if ((limit === null && mode === 'off') || slot === undefined) return []
    const adaptive = mode === 'off' ? {} : { adaptive: { limit: board.adaptive.limit(slot), mode } }
    return [{ backend, in_flight: board.gauges.held(slot, CARRIED), limit, ...adaptive }]
  })
  return limits.length === 0 ? {} : { limits }
}

export function gatherBackendLimits(totals: Totals, served: Served): void {
  totals.clear('retries_in_flight')
  for (const [backend, { slot }] of Object.entries(served.running?.plan.slots ?? {}))
    totals.gauge('retries_in_flight', [backend]).set(served.board.gauges.held(slot.index, RETRIES))
  totals.clear('backend_in_flight')
  totals.clear('backend_limit')
  totals.clear('backend_adaptive_limit')
  for (const { backend, in_flight, limit, adaptive } of limitsOf(served).limits ?? []) {
    totals.gauge('backend_in_flight', [backend]).set(in_flight)
    if (limit !== null) totals.gauge('backend_limit', [backend]).set(limit)
    if (adaptive) totals.gauge('backend_adaptive_limit', [backend]).set(adaptive.limit)
  }
}
