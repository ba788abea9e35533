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

/** Resolves once it was done, or given up. Several calls wait for one answer. */
export function want(kind: Wanted): Promise<boolean> {
  const now = wanted.peek()
  if (now !== null && (now.kind === kind || now.kind === 'sign-in')) return now.done
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const settle = (isDone: boolean): void => {
    if (wanted.peek()?.done === promise) wanted.value = null
    resolve(isDone)
  }
  wanted.value = { kind, done: promise, settle }
  return promise
}
