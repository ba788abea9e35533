// Bugs as events of this process.
import { tellBug, tellBugsTo } from '../lib/bug.ts'
import { finishEvents, logEvent } from './log.ts'

/** Tells exceptions as events `bug`; `left_out` counts those of the same kind that were not told. */
export function logBugs(name?: string): void {
  tellBugsTo((error, leftOut) =>
    logEvent('error', 'bug', {
      ...(name === undefined ? {} : { process: name }),
      error: error instanceof Error ? error.stack : String(error),
      ...(leftOut === 0 ? {} : { left_out: leftOut }),
    }),
  )
}

/**
 * An exception that nobody could contain ends this process, and is told first: Bun itself would wait for
 * whoever reads stderr.
 */
export function endOnBugs(name?: string): void {
  logBugs(name)
  const end = async (error: unknown): Promise<void> => {
    tellBug(error)
    await finishEvents()
    process.exit(1)
  }
  process.on('uncaughtException', (error) => void end(error))
  process.on('unhandledRejection', (error) => void end(error))
}
