// Listeners: each address once, and what each protocol asks of its own.
import { type Binds, bindsOf, unixPathOf } from '../lib/bind.ts'
import type { Checked } from './checked.ts'
import { checkBinds } from './check-binds.ts'
import { checkFamily } from './check-family.ts'
import { checkLoops } from './check-loops.ts'
import { checkByProtocol } from './listener-protocols.ts'
import { openAddresses } from './open-address.ts'
import { isStandIn } from './stand-in.ts'
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
  const open = openAddresses(checked.config)
  checkBinds(checked, open)
  checkLoops(checked, open)
  const ruled = ruledListeners(checked)
  for (const [name, options] of Object.entries(listeners)) {
    const path = ['listeners', name]
    // A problem was reported of anything else.
    if (checked.written(path)?.is !== 'map') continue
    if ('backend' in options && options.backend !== undefined) {
      checked.resolve('backend', options.backend, [...path, 'backend'])
      checkFamily(checked, [...path, 'backend'], options.backend, [name])
    }
    checkUnix(checked, path, options)
    checkByProtocol(checked, { name, path, options, open, isRuled: ruled === 'all' || ruled.has(name) })
  }
}

/** What is said of Unix sockets is for some. */
function checkUnix(checked: Checked, path: Path, options: Binds): void {
  if (
    options.unix === undefined ||
    bindsOf(options).some((bind) => unixPathOf(bind) !== null || isStandIn(bind))
  )
    return
  checked.warn({
    code: 'conflict',
    path: [...path, 'unix'],
    found: 'who may connect to Unix sockets, of which "bind" has none',
    allowed: 'both, or neither',
    hint: 'write one as "unix:/run/sluice/NAME.sock" in "bind"',
  })
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
