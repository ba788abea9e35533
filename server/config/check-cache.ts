// Where the step cache stands among those of its rule: what is stored is given without asking the steps
// behind it, and is stored as the steps before it have not changed it.
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

/** Steps that let somebody in, or do not. */
const LETS_IN: ReadonlySet<string> = new Set([
  'api_key',
  'basic_auth',
  'csrf',
  'forward_auth',
  'geo',
  'ip',
  'jwt',
  'oidc',
])
/** Steps that change bodies for each client. */
const CHANGES_BODIES: ReadonlySet<string> = new Set(['compress', 'replace'])

export function checkCachePlace(checked: Checked, path: Path, { middleware }: RuleConfig): void {
  const names = middleware.map((step) => (isOff(step) ? '' : (Object.keys(step)[0] ?? '')))
  const place = names.indexOf('cache')
  if (place === -1) return
  const at = [...path, 'middleware', place]
  const behind = names.slice(place + 1)
  const second = behind.indexOf('cache')
  if (second !== -1)
    checked.report({
      code: 'conflict',
      path: [...path, 'middleware', place + 1 + second],
      found: 'cache a second time',
      allowed: 'one cache in a rule',
    })
  const guard = behind.find((name) => LETS_IN.has(name))
  if (guard !== undefined)
    checked.report({
      code: 'conflict',
      path: at,
      found: `cache before ${guard}: what is stored would be given to those whom that refuses`,
      allowed: `cache behind ${guard}`,
    })
  const changes = behind.find((name) => CHANGES_BODIES.has(name))
  if (changes !== undefined)
    checked.report({
      code: 'conflict',
      path: at,
      found: `cache before ${changes}: answers would be stored as that has made them for one client`,
      allowed: `cache behind ${changes}: answers are stored as servers give them`,
    })
}

const isOff = (step: RuleConfig['middleware'][number]): boolean =>
  Object.values(step).some((one) => typeof one === 'object' && 'mode' in one && one.mode === 'off')
