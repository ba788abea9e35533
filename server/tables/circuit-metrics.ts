// Metrics of breakers: rows of the table of all metrics. Data only.
import { counter, gauge } from './metric-row.ts'

export const CIRCUIT_METRICS = {
  circuit_breaker_state: gauge(
    'How the breaker of a server is: 0 closed, 1 open, 2 half-open. Servers that have none are left out.',
    'backend',
    'server',
  ),
  circuit_openings_total: counter(
    'How often the breaker of a server opened, by why: failure_ratio, failures_in_a_row, slow, half_open (one that was let through failed), manual or unknown (the worker that opened it died).',
    'backend',
    'server',
    'reason',
  ),
  circuit_held_total: counter(
    'How often a breaker stayed closed as too many servers of its backend were out (max_out).',
    'backend',
    'server',
  ),
  circuit_shadow_attempts_total: counter(
    'Attempts at a server that its breaker would not have let through, had it not been in shadow mode.',
    'backend',
    'server',
  ),
} as const
