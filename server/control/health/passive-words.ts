// What passive health says of a server that it has taken out.
import type { PassiveHealthConfig } from '../../backends/passive-health.options.ts'
import { formatDuration } from '../../lib/durations.ts'
import { FAULT_CODES } from '../../tables/faults.ts'

export type OutRule = 'failures' | 'faults_in_a_row' | 'success_rate'

/** What was found when a server was taken out. */
export interface PassiveFigures {
  readonly rule: OutRule
  /** Within the window, of how many attempts. */
  readonly failures: number
  readonly attempts: number
  readonly inARow: number
  /** Of success_rate: which part went well, here and on average. */
  readonly success: number | null
  readonly mean: number | null
  /** As workers wrote it: a fault, or a status; 0: nothing. */
  readonly last: number
}

/** A server that is out, or would be. */
export interface PassiveOut extends PassiveFigures {
  readonly reason: string
  readonly forMs: number
  readonly untilMs: number
  /** Since the first time. */
  readonly times: number
}

/** What failed last: the code of a fault, or "status 503"; null: nothing yet. */
export function lastWord(last: number): string | null {
  if (last === 0) return null
  return last < 0 ? `status ${-last}` : (FAULT_CODES[last - 1] ?? null)
}

/** "passive: 5 failures in 30s (last connect_refused), out for 1m, the 2nd time". */
export function passiveReason(
  figures: PassiveFigures,
  forMs: number,
  times: number,
  { window }: Pick<PassiveHealthConfig, 'window'>,
): string {
  const last = lastWord(figures.last)
  const found: Readonly<Record<OutRule, string>> = {
    failures: `${figures.failures} failures in ${formatDuration(window)}`,
    faults_in_a_row: `${figures.inARow} failures in a row`,
    success_rate: `${percent(figures.success)} of ${figures.attempts} attempts went well, ${percent(figures.mean)} with its peers`,
  }
  const by = last === null || figures.rule === 'success_rate' ? '' : ` (last ${last})`
  const again = times > 1 ? `, the ${ordinal(times)} time` : ''
  return `passive: ${found[figures.rule]}${by}, out for ${formatDuration(forMs)}${again}`
}

const percent = (part: number | null): string => `${Math.floor((part ?? 0) * 1000) / 10} %`

function ordinal(n: number): string {
  const tens = n % 100
  if (tens >= 11 && tens <= 13) return `${n}th`
  return `${n}${['th', 'st', 'nd', 'rd'][n % 10] ?? 'th'}`
}
