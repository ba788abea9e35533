// When another attempt is made, and how long exchanges may take: what can never come to be.
import type { BackendConfig } from '../backends/backend.options.ts'
import { formatDuration } from '../lib/durations.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

/** An answer below it is no failure. */
const FIRST_STATUS = 400

/** Checks `retry` of a backend of http servers. */
export function checkRetry(checked: Checked, path: Path, { retry, servers, timeouts }: BackendConfig): void {
  const here = [...path, 'retry']
  const { statuses, attempts, hedge, timeout } = retry
  const isList = checked.written([...here, 'statuses'])?.is === 'list'
  for (const [place, range] of statuses.entries())
    if (Number(range.split('-')[0]) < FIRST_STATUS) {
      const at = [...here, 'statuses', ...(isList ? [place] : [])]
      checked.report({
        code: 'wrong-value',
        path: at,
        found: `${checked.said(at, range)}, with answers that are none of a failure`,
        allowed: 'statuses from 400 on',
        hint: 'what is tried again is never seen by the client',
      })
    }
  for (const key of ['statuses', 'hedge'] as const)
    if (attempts === 1 && checked.isWritten([...here, key]))
      checked.warn({
        code: 'conflict',
        path: [...here, key],
        found: `"${key}" where there is one attempt`,
        allowed: 'attempts: 2 or more',
        hint: 'attempts counts the first try too',
      })
  if (hedge !== undefined && servers.length === 1)
    checked.warn({
      code: 'conflict',
      path: [...here, 'hedge'],
      found: '"hedge" with one server',
      allowed: 'at least two servers',
      hint: 'the other attempt is always made at another server',
    })
  if (timeout !== undefined) checkWithin(checked, [...here, 'timeout'], timeout, timeouts.total)
}

/** Checks what a rule says of times. */
export function checkRuleTimeouts(
  checked: Checked,
  path: Path,
  { timeouts, backend, split, nearest }: Pick<RuleConfig, 'timeouts' | 'backend' | 'split' | 'nearest'>,
): void {
  const here = [...path, 'timeouts']
  if (timeouts === undefined) return
  if (backend === undefined && split === undefined && nearest === undefined)
    return checked.report({
      code: 'conflict',
      path: here,
      found: '"timeouts" in a rule without backend',
      allowed: 'it in a rule that leads to a backend',
      hint: 'an answer of our own waits for nobody',
    })
  if (timeouts.attempt !== undefined)
    checkWithin(checked, [...here, 'attempt'], timeouts.attempt, timeouts.total)
}

/** Part of a time that is over sooner. */
function checkWithin(checked: Checked, path: Path, partMs: number, totalMs: number | undefined): void {
  if (totalMs === undefined || totalMs === 0 || partMs < totalMs) return
  checked.warn({
    code: 'conflict',
    path,
    found: `${checked.said(path, formatDuration(partMs))}, within a total of ${formatDuration(totalMs)}`,
    allowed: 'less than the total',
    hint: 'the exchange is over before the attempt is, and no other is made',
  })
}
