import type { ProblemCode } from '../../config/problem.ts'
import type { Path } from '../../config/tree.ts'
import type { IgnorableWarning } from '../../rules/rule.options.ts'

/** Something to look at in a config that is valid. */
export interface LintFinding {
  readonly kind: IgnorableWarning
  readonly code: ProblemCode
  readonly path: Path
  readonly found: string
  readonly allowed: string
  readonly hint: string | null
}
