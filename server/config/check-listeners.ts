// Listeners: each address once, and what each protocol asks of its own.
import { type Binds, bindsOf, unixPathOf } from '../lib/bind.ts'
import { kindOfRule, type RuleKind, ruleKindOf } from '../lib/rule-kind.ts'
import type { Checked } from './checked.ts'
import { checkBinds } from './check-binds.ts'
import { checkFamily } from './check-family.ts'
import { checkLoops } from './check-loops.ts'
import { checkTurnBehind } from './check-turn-behind.ts'
import { checkByProtocol } from './listener-protocols.ts'
import { openAddresses } from './open-address.ts'
import type { Config } from './schema.ts'
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
  const ruled = ruledListeners(checked.config)
  const ledTo = new Set(checked.config.rules.map(({ listener }) => listener))
  for (const [name, options] of Object.entries(listeners)) {
    const path = ['listeners', name]
    // A problem was reported of anything else.
    if (checked.written(path)?.is !== 'map') continue
    if ('backend' in options && options.backend !== undefined) {
      checked.resolve('backend', options.backend, [...path, 'backend'])
      checkFamily(checked, [...path, 'backend'], options.backend, [name])
    }
    if (options.protocol === 'https') checkTurnBehind(checked, path, options)
    checkUnix(checked, path, options)
    if (options.bind.length === 0) {
      if (ledTo.has(name)) warnOfAddress(checked, path)
      else reportNoBind(checked, path)
    }
    checkByProtocol(checked, { name, path, options, open, isRuled: ruled.has(name) })
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

/** Said of how clients come to an address, and heeded there alone. */
const OF_ADDRESS: Readonly<Record<string, string>> = {
  proxy_protocol: 'write it at the tls listener that leads here: who the client is comes along',
  steer: 'remove it: workers share who comes to the tls listener that leads here',
}

function warnOfAddress(checked: Checked, path: Path): void {
  for (const [key, hint] of Object.entries(OF_ADDRESS))
    if (checked.isWritten([...path, key]))
      checked.warn({
        code: 'unused',
        path: [...path, key],
        found: `"${key}" on a listener without "bind", to which nobody comes by himself`,
        allowed: 'it beside "bind"',
        hint,
      })
}

function reportNoBind(checked: Checked, path: Path): void {
  if (checked.isWritten([...path, 'bind']) || checked.isBroken('rules')) return
  checked.report({
    code: 'missing-key',
    path,
    found: 'no "bind", and no rule of a tls listener that leads here',
    allowed: '"bind", an address and port',
    hint: `write ${checked.spelled({ bind: '0.0.0.0:443' })}`,
  })
}

/** Listeners that have a rule. */
export function ruledListeners({
  rules,
  listeners,
}: Pick<Config, 'rules' | 'listeners'>): ReadonlySet<string> {
  const ruled = new Set<string>()
  const all: Record<RuleKind, string[]> = { http: [], tls: [] }
  for (const [name, { protocol }] of Object.entries(listeners)) {
    const kind = ruleKindOf(protocol)
    if (kind !== null) all[kind].push(name)
  }
  const isForAll = { http: false, tls: false }
  for (const rule of rules) {
    if (rule.match.listener.length === 0) isForAll[kindOfRule(rule, listeners)] = true
    for (const name of rule.match.listener) ruled.add(name)
  }
  for (const kind of ['http', 'tls'] as const)
    if (isForAll[kind]) for (const name of all[kind]) ruled.add(name)
  return ruled
}
