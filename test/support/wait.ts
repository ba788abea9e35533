// Waiting for what is to happen, never for time to pass. The only timers of the tests stand in this folder.

/**
 * How long a wait lasts before it fails. No verdict hangs on it: it only ends waits for what will never come,
 * on a machine as busy as it likes. Below the runner's own limit (test/preload.ts), which would end the
 * servers of other tests as well.
 */
export const PATIENCE_MS = 60_000

export interface WaitOptions {
  /** Instead of the patience, for who does something else when it is over: sends again, kills. */
  readonly forMs?: number
  /** Named in the failure. */
  readonly what?: string
  readonly everyMs?: number
  /** Of what takes as long as the machine takes: it waits on for as long as this is another number. */
  readonly progress?: () => number
}

/**
 * Resolves with the first value of `condition` that is neither false, null nor undefined; rejects at the
 * deadline.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { forMs = PATIENCE_MS, what = condition.toString(), everyMs = 4, progress = () => 0 }: WaitOptions = {},
): Promise<NonNullable<Exclude<T, false>>> {
  let deadline = performance.now() + forMs
  let before = progress()
  for (;;) {
    const value = await condition()
    if (value !== false && value !== null && value !== undefined)
      return value as NonNullable<Exclude<T, false>>
    if (performance.now() >= deadline) {
      const now = progress()
      if (now === before) throw new Error(`Waited ${forMs} ms in vain for ${what}.`)
      before = now
      deadline = performance.now() + forMs
    }
    await pause(everyMs)
  }
}

/** The same promise, but rejected when it has not settled in time; with `progress` as `waitFor` has it. */
export async function within<T>(promise: Promise<T>, what: string, progress = () => 0): Promise<T> {
  let timer: Timer | undefined
  const late = new Promise<never>((_, reject) => {
    const wait = (before: number): void => {
      timer = setTimeout(() => {
        const now = progress()
        if (now === before) reject(new Error(`Waited ${PATIENCE_MS} ms in vain for ${what}.`))
        else wait(now)
      }, PATIENCE_MS)
    }
    wait(progress())
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * True when `condition` stays true for this long: for "and nothing more happens", where there is no event to
 * wait for.
 */
export async function staysTrue(condition: () => boolean, forMs: number): Promise<boolean> {
  const deadline = performance.now() + forMs
  while (performance.now() < deadline) {
    if (!condition()) return false
    await pause(4)
  }
  return condition()
}

/** Lets time pass. Only for cutting bytes into segments and for polling, both here in support. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}

/** A gate that a script waits at until the test opens it. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

/** A closed gate. */
export function makeGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: () => resolve() }
}
