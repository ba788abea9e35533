// Code that comes only when it is wanted: the gateway may be another version by then, or not be reached.
import { useEffect, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { Note } from './messages.tsx'

export interface OnDemand<T> {
  /** Null: it has not come, or is not wanted yet. */
  readonly value: T | null
  readonly hasFailed: boolean
  readonly again: () => void
}

/** Loads what `load`, which stays the same, gives, once it is wanted; what has come stays. */
export function useOnDemand<T>(load: () => Promise<T>, isWanted = true): OnDemand<T> {
  const [now, setNow] = useState<{ readonly value: T | null; readonly hasFailed: boolean }>(NOTHING)
  const [tries, setTries] = useState(0)
  const isThere = now.value !== null
  useEffect(() => {
    if (!isWanted || isThere) return
    let isGone = false
    const told = (next: typeof now): void => void (isGone || setNow(next))
    setNow(NOTHING)
    load().then(
      (value) => told({ value, hasFailed: false }),
      () => told({ value: null, hasFailed: true }),
    )
    return () => void (isGone = true)
  }, [isWanted, isThere, tries])
  return { ...now, again: () => setTries((before) => before + 1) }
}

const NOTHING = { value: null, hasFailed: false } as const

export const WHY_NOT_COME =
  'Its code did not come: the gateway is not reached, or has been replaced by another version since this page was opened. Where trying does not help, reload the page; your draft is kept.'

/** In place of it. `what`: “The code to scan”. */
export function NotCome({ what, onAgain }: { readonly what: string; readonly onAgain: () => void }) {
  return (
    <Note
      state="down"
      title={`${what} could not be loaded`}
      actions={<Button onPress={onAgain}>Try again</Button>}
    >
      {WHY_NOT_COME}
    </Note>
  )
}
