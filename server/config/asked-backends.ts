// Backends that steps ask, beside those that rules lead to.
import { familyOf } from '../lib/server-url.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

/** Names of those that the steps of a rule ask. */
export const askedBackends = ({ middleware }: Pick<RuleConfig, 'middleware'>): string[] =>
  middleware.flatMap(({ forward_auth: step }) => step?.backend ?? [])

export function checkAsked(checked: Checked, path: Path, { middleware }: RuleConfig): void {
  for (const [place, { forward_auth: step }] of middleware.entries()) {
    if (step === undefined) continue
    const here = [...path, 'middleware', place, 'forward_auth', 'backend']
    checked.resolve('backend', step.backend, here)
    const { backends } = checked.config
    const { servers = [] } = Object.hasOwn(backends, step.backend) ? (backends[step.backend] ?? {}) : {}
    const known = servers.filter(({ url }) => !isStandIn(url))
    if (known.length === 0 || familyOf(known) === 'http') continue
    checked.report({
      code: 'conflict',
      path: here,
      found: `${checked.quoted(here, step.backend)}, a backend of ${familyOf(known)} servers`,
      allowed: 'a backend whose servers are http:// or https://',
    })
  }
}
