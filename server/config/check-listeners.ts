// Listeners: each address once, and each leads somewhere.
import { parseBind } from '../lib/bind.ts'
import { canonicalAddress } from '../lib/ranges.ts'
import type { ListenerConfig } from '../http/listener.options.ts'
import type { Checked } from './check.ts'
import type { Path } from './tree.ts'
import { isStandIn } from './walk.ts'

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
      hint: 'write listeners: { web: { bind: "0.0.0.0:8080" } }',
    })
  checkBinds(checked)
  const ruled = ruledListeners(checked)
  for (const [name, listener] of Object.entries(listeners)) {
    const path = ['listeners', name]
    checkLimits(checked, path, listener)
    if (listener.backend !== undefined) checked.resolve('backend', listener.backend, [...path, 'backend'])
    checkDestination(checked, path, listener, ruled === 'all' || ruled.has(name))
  }
}

interface Address {
  readonly path: Path
  readonly bind: string
  readonly host: string
}

function checkBinds(checked: Checked): void {
  const { listeners, admin } = checked.config
  const binds = Object.entries(listeners).map(([name, { bind }]) => ({
    path: ['listeners', name, 'bind'],
    bind,
  }))
  if (admin !== false) binds.push({ path: ['admin', 'bind'], bind: admin.bind })
  const byPort = new Map<number, Address[]>()
  for (const { path, bind } of binds) {
    if (isStandIn(bind)) continue
    const { host, port } = parseBind(bind)
    // Port 0 is another one each time.
    if (port === 0) continue
    const address = { path, bind, host: canonicalAddress(host) ?? host.toLowerCase() }
    const others = byPort.get(port) ?? []
    const other = others.find((one) => overlaps(one.host, address.host))
    if (other !== undefined) reportTwice(checked, address, other)
    byPort.set(port, [...others, address])
  }
}

function reportTwice(checked: Checked, address: Address, other: Address): void {
  const isAdmins = address.path[0] === 'admin' && !checked.isWritten(['admin', 'bind'])
  const [shown, taken] = isAdmins ? [other, address] : [address, other]
  const owner = taken.path[0] === 'admin' ? 'the admin listener' : `listener "${taken.path[1]}"`
  checked.report({
    code: 'duplicate',
    path: shown.path,
    found: checked.said(shown.path, shown.bind),
    allowed: 'an address and port of its own',
    hint: `${owner} is at ${checked.quoted(taken.path, taken.bind)}${taken.path[0] === 'admin' ? '; move it with admin: { bind: … }' : ''}`,
  })
}

/** Whether two sockets cannot both be open on one port. "::" takes v4 as well. */
function overlaps(a: string, b: string): boolean {
  if (a === b || a === '::' || b === '::') return true
  if (a === '0.0.0.0') return !b.includes(':')
  if (b === '0.0.0.0') return !a.includes(':')
  const [x, y] = [loopbacksOf(a), loopbacksOf(b)]
  return x.some((one) => y.includes(one))
}

const loopbacksOf = (host: string): readonly string[] =>
  host === 'localhost' ? ['127.0.0.1', '::1'] : [host]

/** Listeners that have a rule. */
function ruledListeners({ config }: Checked): 'all' | ReadonlySet<string> {
  const ruled = new Set<string>()
  for (const { match } of config.rules) {
    if (match.listener.length === 0) return 'all'
    for (const name of match.listener) ruled.add(name)
  }
  return ruled
}

function checkDestination(checked: Checked, path: Path, { backend }: ListenerConfig, isRuled: boolean): void {
  if (checked.isBroken('rules') || isRuled !== (backend !== undefined)) return
  if (isRuled)
    checked.report({
      code: 'conflict',
      path: [...path, 'backend'],
      found: 'a backend beside rules that are for this listener too',
      allowed: 'a backend only where there are no rules',
      hint: `end the rules with one that matches everything: { name: everything, backend: ${checked.isSubstituted([...path, 'backend']) ? 'NAME' : backend} }`,
    })
  else
    checked.report({
      code: 'conflict',
      path,
      found: 'a listener without rules and without backend',
      allowed: 'a rule that is for it, or "backend"',
      hint: 'add "backend: NAME" to it',
    })
}

function checkLimits(checked: Checked, path: Path, { limits }: ListenerConfig): void {
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
