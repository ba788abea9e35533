// Passive health of a backend: its times are in order, and something takes servers out.
import type { PassiveHealthConfig } from '../backends/passive-health.options.ts'
import { formatDuration } from '../lib/durations.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

/** Whether it takes servers out of use. */
export const takesOut = (passive: PassiveHealthConfig | undefined): boolean => passive?.mode === 'enforce'

export function checkPassive(checked: Checked, path: Path, passive: PassiveHealthConfig | undefined): void {
  if (passive === undefined) return
  const { cooldown, cooldown_max: most, failures, faults_in_a_row: inARow, success_rate: rate } = passive
  if (cooldown > most) {
    // Whichever of them was written.
    const key = checked.isWritten([...path, 'cooldown']) ? 'cooldown' : 'cooldown_max'
    checked.report({
      code: 'conflict',
      path: [...path, key],
      found: `a cooldown of ${formatDuration(cooldown)}, and at most ${formatDuration(most)}`,
      allowed: 'a cooldown_max that is no shorter than cooldown',
      hint: `write ${checked.spelled({ cooldown_max: formatDuration(cooldown) })}`,
    })
  }
  if (passive.mode !== 'off' && failures === 0 && inARow === 0 && rate === false)
    checked.report({
      code: 'conflict',
      path,
      found: '"passive_health" by which no server is ever out',
      allowed: '"failures" or "faults_in_a_row" above 0, or "success_rate"',
      hint: 'leave it out, or write mode: off',
    })
}
