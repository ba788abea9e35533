// What the person at the screen is asked for while a call waits: to sign in anew, or to say the password once
// more. The shell shows a dialog over the page; whatever was entered below it stays.
import { signal } from '@preact/signals'

export type Wanted = 'sign-in' | 'step-up'

interface Asking {
  readonly kind: Wanted
  /** Whether it was done. */
  readonly done: Promise<boolean>
  readonly settle: (isDone: boolean) => void
}

/** Null: nothing is wanted. */
export const wanted = signal<Asking | null>(null)

/** When somebody said "not now" last. */
let givenUpMs = Number.NEGATIVE_INFINITY

/**
 * Resolves once it was done, or given up. Several calls wait for one answer, and one that began (`sinceMs` of
 * performance.now()) before somebody gave up has that answer too: it was on its way.
 */
export function want(kind: Wanted, sinceMs = performance.now()): Promise<boolean> {
  const now = wanted.peek()
  if (now !== null && (now.kind === kind || now.kind === 'sign-in')) return now.done
  if (now === null && sinceMs < givenUpMs) return Promise.resolve(false)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const settle = (isDone: boolean): void => {
    if (wanted.peek()?.done === promise) wanted.value = null
    if (!isDone) givenUpMs = performance.now()
    resolve(isDone)
  }
  wanted.value = { kind, done: promise, settle }
  return promise
}
