// What keeps preflights from the step that answers them: browsers send them as OPTIONS, and without
// credentials.
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

/** Steps that ask who somebody is. */
const ASKS_WHO: ReadonlySet<string> = new Set([
  'api_key',
  'basic_auth',
  'csrf',
  'forward_auth',
  'jwt',
  'oidc',
])

export function checkCorsPlace(checked: Checked, path: Path, { match, middleware }: RuleConfig): void {
  const names = middleware.map((step) => Object.keys(step)[0] ?? '')
  const place = names.indexOf('cors')
  if (place === -1) return
  const before = names.slice(0, place).find((name) => ASKS_WHO.has(name))
  if (before !== undefined)
    checked.warn({
      code: 'conflict',
      path: [...path, 'middleware', place],
      found: `cors behind ${before}, which refuses preflights: they carry no credentials`,
      allowed: `cors before ${before}`,
    })
  if (match.method.length === 0 || match.method.includes('OPTIONS')) return
  checked.warn({
    code: 'unreachable',
    path: [...path, 'match', 'method'],
    found: 'methods without OPTIONS for a rule with cors, which no preflight reaches',
    allowed: 'OPTIONS among them',
  })
}
