// What the operating system tells the supervisor.
import { releaseSignals } from '../lib/signals.ts'

export interface SignalActions {
  /** TERM, INT, QUIT: finish and stop. */
  readonly stop: (signal: string) => void
  /** Any of them once more: stop now. */
  readonly stopNow: () => void
  /** HUP: read the config again, reopen the logs. */
  readonly reload: () => void
  /** USR1: reopen the logs. */
  readonly reopenLogs: () => void
  /** USR2: hand over to the program as its file is now. */
  readonly handOver: () => void
}

/** Listens to signals until the returned function is called. */
export function onSignals({ stop, stopNow, reload, reopenLogs, handOver }: SignalActions): () => void {
  let hasStopped = false
  const onStop = (signal: string): void => {
    if (hasStopped) return stopNow()
    hasStopped = true
    stop(signal)
  }
  const handlers: readonly (readonly [NodeJS.Signals, () => void])[] = [
    ['SIGTERM', () => onStop('SIGTERM')],
    ['SIGINT', () => onStop('SIGINT')],
    ['SIGQUIT', () => onStop('SIGQUIT')],
    ['SIGHUP', reload],
    ['SIGUSR1', reopenLogs],
    ['SIGUSR2', handOver],
  ]
  for (const [signal, handler] of handlers) process.on(signal, handler)
  releaseSignals()
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}
