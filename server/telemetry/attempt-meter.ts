// Counts attempts beyond the first of a request: how often, and why. They are few, so that a look into a map
// for each costs nothing.
import type { OverloadCause } from '../http/shedder.ts'
import type { Reason } from '../http/retry.ts'
import type { Registry } from './registry.ts'

/**
 * How an attempt beside another ended: answered first, given up as the other was, failed, given up with its
 * client, or never made (refused: the budget was used up).
 */
export type HedgeOutcome = 'won' | 'lost' | 'failed' | 'given_up' | 'refused'

export class AttemptMeter {
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Another attempt is made. */
  retried(backend: string, reason: Reason): void {
    this.#registry.counter('retries_total', [backend, reason]).add(1)
  }

  /** One that would be made is not, as the budget is used up. */
  exhausted(backend: string): void {
    this.#registry.counter('retry_budget_exhausted_total', [backend]).add(1)
  }

  /** A new exchange is too much: it is not even begun. */
  shed(cause: OverloadCause, decision: 'refused' | 'shadow', priority: number): void {
    this.#registry.counter('overload_shed_total', [cause, decision, String(priority)]).add(1)
  }

  hedged(backend: string, outcome: HedgeOutcome): void {
    this.#registry.counter('hedges_total', [backend, outcome]).add(1)
  }
}
