// How passive health judges: what attempts came to within a window, and by how much a server differs from its
// peers.
import type { PassiveCounts } from '../../scoreboard/passive.ts'

/** A window is looked back over in so many steps. */
export const STEPS = 10

/** What was counted of a server, as it was at the beginning of each step of the window. */
export class PassiveWindow {
  readonly #failures = new Int32Array(STEPS)
  readonly #errors = new Int32Array(STEPS)
  readonly #attempts = new Float64Array(STEPS)
  /** The oldest. */
  #first = 0

  /** Nothing that was counted before is in it. */
  begin({ failures, errors, attempts }: PassiveCounts): void {
    this.#failures.fill(failures)
    this.#errors.fill(errors)
    this.#attempts.fill(attempts)
  }

  /** A step begins, and the oldest leaves the window. */
  step({ failures, errors, attempts }: PassiveCounts): void {
    const at = this.#first
    this.#failures[at] = failures
    this.#errors[at] = errors
    this.#attempts[at] = attempts
    this.#first = (at + 1) % STEPS
  }

  /** Failures within the window, of so many that were counted till now (from 0 again after 2^32). */
  failures(counted: number): number {
    return (counted - (this.#failures[this.#first] ?? 0)) >>> 0
  }

  /** What is within the window of what was counted till now. */
  within({ failures, errors, attempts }: PassiveCounts): PassiveCounts {
    return {
      failures: this.failures(failures),
      errors: (errors - (this.#errors[this.#first] ?? 0)) >>> 0,
      attempts: attempts - (this.#attempts[this.#first] ?? 0),
    }
  }
}

/** Which part of the attempts went well. */
export const successOf = ({ errors, attempts }: Pick<PassiveCounts, 'errors' | 'attempts'>): number =>
  Math.max(0, 1 - errors / attempts)

interface PeerRule {
  readonly min_servers: number
  readonly min_requests: number
  readonly deviation: number
}

/** What peers are measured by. */
export interface Peers {
  readonly mean: number
  /** Who succeeds less often is an outlier. */
  readonly threshold: number
}

/**
 * Envoy's rule: of the servers with enough attempts, if these are enough, the mean less so many standard
 * deviations. Null: there is nothing to compare with.
 */
export function peersOf(all: readonly PassiveCounts[], rule: PeerRule): Peers | null {
  const rates = all.filter(({ attempts }) => attempts >= rule.min_requests).map(successOf)
  if (rates.length < rule.min_servers) return null
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length
  return { mean, threshold: mean - rule.deviation * Math.sqrt(variance) }
}
