// Breakers: words that fit together, and some effect.
import type { BackendConfig } from '../backends/backend.options.ts'
import { formatDuration } from '../lib/durations.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

/** Checks the breaker of a backend. */
export function checkCircuitBreaker(checked: Checked, path: Path, { circuit_breaker }: BackendConfig): void {
  if (circuit_breaker === undefined) return
  const { open_for, open_for_max, max_out, counts, slow, mode } = circuit_breaker
  if (open_for_max < open_for && checked.isWritten([...path, 'open_for_max']))
    checked.report({
      code: 'conflict',
      path: [...path, 'open_for_max'],
      found: `${formatDuration(open_for_max)}, less than open_for (${formatDuration(open_for)})`,
      allowed: 'open_for or longer',
      hint: 'write the same twice for a time that does not grow',
    })
  const isBlind = counts.statuses.length === 0 && counts.faults.length === 0 && slow === undefined
  if (mode !== 'off' && (max_out === 0 || isBlind))
    checked.warn({
      code: 'unused',
      path: [...path, max_out === 0 ? 'max_out' : 'counts'],
      found: max_out === 0 ? '0: no server may be out' : 'no status and no fault that counts',
      allowed: 'a breaker that can open',
      hint: 'mode: shadow tells what it would do',
    })
}
