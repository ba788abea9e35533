// What is to be looked at in the rules of a config that was loaded, at its places in the file.
import type { LoadedConfig } from '../../config/load.ts'
import type { Problem } from '../../config/problem.ts'
import type { Steps } from '../../lib/slices.ts'
import { lint } from './lint-rules.ts'

export function* lintWarnings(loaded: LoadedConfig): Steps<readonly Problem[]> {
  const findings = yield* lint(loaded.config)
  return loaded.problemsAt(
    findings.map(({ kind, hint, ...one }) => ({ ...one, severity: 'warning', hint: `${hint} (${kind})` })),
  )
}
