// Counts requests that the gateway itself sends to a backend, apart from those of clients.
import type { Registry } from './registry.ts'

/** What for. */
export type SubrequestPurpose = 'mirror' | 'forward_auth' | 'cache' | 'error_page'
export type SubrequestOutcome = 'answered' | 'failed' | 'timed_out' | 'too_large' | 'cancelled' | 'refused'

export class SubrequestMeter {
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** One is over, or (refused) was not begun. */
  over(purpose: SubrequestPurpose, backend: string, outcome: SubrequestOutcome, ms: number): void {
    this.#registry.counter('subrequests_total', [purpose, backend, outcome]).add(1)
    if (outcome === 'answered')
      this.#registry.histogram('subrequest_duration_seconds', [purpose, backend]).observe(ms / 1000)
  }
}
