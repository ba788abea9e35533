// Who carries what part of a backend's load: groups of servers, and servers that come up.
import type { BackendConfig } from '../backends/backend.options.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

export function checkShares(checked: Checked, path: Path, backend: BackendConfig): void {
  const { servers, algorithm, failover_below: failoverBelow, slow_start: slowStart } = backend
  for (const [index, { backup, group }] of servers.entries()) {
    if (!backup || group === undefined) continue
    checked.report({
      code: 'conflict',
      path: [...path, 'servers', index, 'group'],
      found: `group ${group} of a backup`,
      allowed: 'one of them: backups stand behind all groups',
      hint: 'leave "group" out, or "backup"',
    })
  }
  const groups = new Set(servers.filter(({ backup }) => !backup).map(({ group = 1 }) => group))
  if (failoverBelow !== undefined && groups.size < 2)
    checked.warn({
      code: 'conflict',
      path: [...path, 'failover_below'],
      found: '"failover_below" where all servers are of one group',
      allowed: 'servers of several groups, or no "failover_below"',
      hint: `write ${checked.spelled({ group: 2 })} to those that stand behind the others`,
    })
  checkDynamicWeights(checked, path, backend)
  if (slowStart !== undefined && algorithm === 'first_available')
    checked.report({
      code: 'conflict',
      path: [...path, 'slow_start'],
      found: '"slow_start" with algorithm first_available',
      allowed: 'another algorithm: this one knows no shares, and fills one server after the other',
    })
}

/** By what keys are spread, or what goes by times itself. */
const WITHOUT_DYNAMIC: Readonly<Partial<Record<BackendConfig['algorithm'], string>>> = {
  hash: 'keys would move each second',
  ip_hash: 'keys would move each second',
  first_available: 'this one knows no shares, and fills one server after the other',
  least_response_time: 'this one goes by times and failures itself',
}

function checkDynamicWeights(checked: Checked, path: Path, backend: BackendConfig): void {
  const { algorithm, dynamic_weights: words } = backend
  if (words === undefined || words.mode === 'off') return
  const here = [...path, 'dynamic_weights']
  const why = WITHOUT_DYNAMIC[algorithm]
  if (why !== undefined)
    checked.report({
      code: 'conflict',
      path: here,
      found: `"dynamic_weights" with algorithm ${algorithm}`,
      allowed: `another algorithm: ${why}`,
    })
  const by = keyOf(backend.sticky)
  if (by !== null)
    checked.report({
      code: 'conflict',
      path: here,
      found: `"dynamic_weights" with sessions by ${by}`,
      allowed: 'sessions by a cookie: others are spread by weights, and would move each second',
    })
}

/** What sessions are known by, where that is no cookie. */
function keyOf(sticky: BackendConfig['sticky']): 'header' | 'client_ip' | null {
  if (typeof sticky !== 'object') return null
  return sticky.header !== undefined ? 'header' : sticky.client_ip === true ? 'client_ip' : null
}
