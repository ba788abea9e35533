// Waiting that can be given up.

/** Settles as the promise does, but rejects as soon as it is given up. */
export function unlessAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason as Error)
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([wait, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}
