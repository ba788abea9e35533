// Listeners: each address once, and each http one leads somewhere.
import type { HttpListenerConfig } from '../http/listener.options.ts'
import type { Checked } from './checked.ts'
import { checkBinds, openAddresses } from './check-binds.ts'
import { checkLoops } from './check-loops.ts'
import { checkTurn } from './check-turn.ts'
import type { Path } from './tree.ts'

/** Checks listeners, and the admin listener beside them. */
export function checkListeners(checked: Checked): void {
  const { listeners } = checked.config
  const written = checked.written(['listeners'])
  if (written === null || (written.is === 'map' && written.entries.size === 0))
    checked.report({
      code: 'missing-key',
      path: ['listeners'],
      found: 'no listener',
      allowed: 'at least one',
      hint: `write ${checked.spelled({ listeners: { web: { bind: '0.0.0.0:8080' } } })}`,
    })
  const open = openAddresses(checked)
  checkBinds(checked, open)
  checkLoops(checked, open)
  const ruled = ruledListeners(checked)
  for (const [name, listener] of Object.entries(listeners)) {
    const path = ['listeners', name]
    // A problem was reported of anything else.
    if (checked.written(path)?.is !== 'map') continue
    if (listener.protocol === 'turn') {
      checkTurn(checked, open, name, listener)
      continue
    }
    checkLimits(checked, path, listener)
    checkStatusPaths(checked, path, listener)
    if (listener.backend !== undefined) checked.resolve('backend', listener.backend, [...path, 'backend'])
    checkDestination(checked, path, listener, ruled === 'all' || ruled.has(name))
  }
}

/** Listeners that have a rule. */
function ruledListeners({ config }: Checked): 'all' | ReadonlySet<string> {
  const ruled = new Set<string>()
  for (const { match } of config.rules) {
    if (match.listener.length === 0) return 'all'
    for (const name of match.listener) ruled.add(name)
  }
  return ruled
}

function checkDestination(
  checked: Checked,
  path: Path,
  { backend }: HttpListenerConfig,
  isRuled: boolean,
): void {
  if (checked.isBroken('rules') || isRuled !== (backend !== undefined)) return
  if (isRuled)
    checked.report({
      code: 'conflict',
      path: [...path, 'backend'],
      found: 'a backend beside rules that are for this listener too',
      allowed: 'a backend only where there are no rules',
      hint: `end the rules with one that matches everything: { ${checked.spelled({ name: 'everything', backend: checked.isSubstituted([...path, 'backend']) ? 'NAME' : (backend ?? 'NAME') })} }`,
    })
  else
    checked.report({
      code: 'conflict',
      path,
      found: 'a listener without rules and without backend',
      allowed: 'a rule that is for it, or "backend"',
      hint: `add ${checked.spelled({ backend: 'NAME' })} to it`,
    })
}

function checkLimits(checked: Checked, path: Path, { limits }: HttpListenerConfig): void {
  const here = [...path, 'limits', 'target']
  if (limits.target <= limits.head || !checked.isWritten(here)) return
  checked.report({
    code: 'conflict',
    path: here,
    found: checked.said(here, limits.target),
    allowed: `at most limits.head, ${checked.said([...path, 'limits', 'head'], limits.head)}`,
    hint: 'the target is a part of the head',
  })
}

function checkStatusPaths(checked: Checked, path: Path, { status_endpoints }: HttpListenerConfig): void {
  const { health, metrics } = status_endpoints
  if (metrics === undefined || health !== metrics) return
  checked.report({
    code: 'conflict',
    path: [...path, 'status_endpoints', 'metrics'],
    found: 'the path of "health"',
    allowed: 'a path of its own',
    hint: 'write /_health and /_metrics',
  })
}
