// Bugs as events of this process.
import { tellBugsTo } from '../lib/bug.ts'
import { logEvent } from './log.ts'

/** Tells exceptions as events `bug`; `left_out` counts those of the same kind that were not told. */
export function logBugs(process?: string): void {
  tellBugsTo((error, leftOut) =>
    logEvent('error', 'bug', {
      ...(process === undefined ? {} : { process }),
      error: error instanceof Error ? error.stack : String(error),
      ...(leftOut === 0 ? {} : { left_out: leftOut }),
    }),
  )
}
