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
  if (slowStart !== undefined && algorithm === 'first_available')
    checked.report({
      code: 'conflict',
      path: [...path, 'slow_start'],
      found: '"slow_start" with algorithm first_available',
      allowed: 'another algorithm: this one knows no shares, and fills one server after the other',
    })
}
