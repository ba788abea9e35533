// What is found in a config once it is read and sound: tests that fail, which stand against it, and what is
// to be looked at in its rules.
import type { LoadedConfig } from '../../config/load.ts'
import type { Problem } from '../../config/problem.ts'
import type { Steps } from '../../lib/slices.ts'
import { failedTests } from './config-tests.ts'
import { lintWarnings } from './lint-warnings.ts'

export interface Found {
  readonly failed: readonly Problem[]
  readonly warnings: readonly Problem[]
}

export function* lookThrough(loaded: LoadedConfig): Steps<Found> {
  return { failed: yield* failedTests(loaded), warnings: yield* lintWarnings(loaded) }
}
