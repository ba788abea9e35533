// Counts copies of requests, and what differs in their answers. They are few beside the requests, so that a
// look into a map for each costs nothing.
import type { MirrorDifference } from '../rules/mirroring.ts'
import type { Registry } from './registry.ts'

export type MirrorOutcome =
  | 'same'
  | 'differs'
  | 'answered'
  | 'failed'
  | 'cut'
  | 'body_too_long'
  | 'full'
  | 'upgrade'

export class MirrorMeter {
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** A request that was to be copied. */
  over(rule: string, backend: string, outcome: MirrorOutcome): void {
    this.#registry.counter('mirror_requests_total', [rule, backend, outcome]).add(1)
  }

  differs(rule: string, what: MirrorDifference): void {
    this.#registry.counter('mirror_differences_total', [rule, what]).add(1)
  }
}
