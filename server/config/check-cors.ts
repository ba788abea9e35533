// What keeps preflights from the step that answers them: browsers send them as OPTIONS.
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

export function checkCorsPlace(checked: Checked, path: Path, { match, middleware }: RuleConfig): void {
  if (!middleware.some((step) => step.cors !== undefined)) return
  if (match.method.length === 0 || match.method.includes('OPTIONS')) return
  checked.warn({
    code: 'unreachable',
    path: [...path, 'match', 'method'],
    found: 'methods without OPTIONS for a rule with cors, which no preflight reaches',
    allowed: 'OPTIONS among them',
  })
}
