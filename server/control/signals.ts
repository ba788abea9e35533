// What the operating system tells the supervisor.

export interface SignalActions {
  /** TERM, INT: finish and stop. */
  readonly stop: (signal: string) => void
  /** TERM or INT once more: stop now. */
  readonly stopNow: () => void
  /** HUP: read the config again, reopen the logs. */
  readonly reload: () => void
  /** USR2: hand over to a new binary. */
  readonly handOver: () => void
}

/** Listens to signals until the returned function is called. */
export function onSignals({ stop, stopNow, reload, handOver }: SignalActions): () => void {
  let hasStopped = false
  const onStop = (signal: string): void => {
    if (hasStopped) return stopNow()
    hasStopped = true
    stop(signal)
  }
  const handlers: readonly (readonly [NodeJS.Signals, () => void])[] = [
    ['SIGTERM', () => onStop('SIGTERM')],
    ['SIGINT', () => onStop('SIGINT')],
    ['SIGHUP', reload],
    ['SIGUSR2', handOver],
  ]
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}
