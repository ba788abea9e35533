// Holding still what is read: while the page is paused each figure stays what it was.
import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/** Since when, by this browser's clock; null: it goes on. */
export const pausedAt = signal<number | null>(null)

/** The value, or while paused the one that there was. */
export function useStill<T>(value: T): T {
  const kept = useRef(value)
  if (pausedAt.value === null || kept.current === null) kept.current = value
  return kept.current
}

/** Nobody comes back to a page that stands still without a word. */
export function useGoesOn(): ReadonlySignal<number | null> {
  useEffect(() => () => void (pausedAt.value = null), [])
  return pausedAt
}
