// What is typed into a form that is not in the draft yet: it outlasts a reload, a way back and a closed
// drawer, until it is added or given up on purpose. Forms with secrets in them keep those to themselves.
import { effect, type Signal, useSignal } from '@preact/signals'
import { useLayoutEffect, useMemo } from 'preact/hooks'
import { isSame } from './merge.ts'
import { me } from './session.ts'

const STORED = 'sluice.form'

const prefixOf = (form: string): string => `${STORED} ${me.peek()?.name ?? ''} ${form} `

/** A field of a form, as it was left in this tab by whoever is signed in. */
export function useKept<T>(form: string, field: string, initial: T): Signal<T> {
  const key = `${prefixOf(form)}${field}`
  const kept = useSignal<T>(useMemo(() => read(key, initial), [key]))
  // From the moment that the field is there to be typed into; other effects come a frame later.
  useLayoutEffect(() => effect(() => write(key, isSame(kept.value, initial) ? null : kept.value)), [key])
  return kept
}

/** It was added, or given up: nothing of it is kept. */
export const forgetForm = (form: string): void => forget(prefixOf(form))

/** Whoever signs out leaves nothing behind. */
export const forgetForms = (): void => forget(STORED)

function forget(prefix: string): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key)
  } catch {
    // Storage is refused: nothing was kept.
  }
}

function read<T>(key: string, initial: T): T {
  try {
    const text = sessionStorage.getItem(key)
    return text === null ? initial : (JSON.parse(text) as T)
  } catch {
    return initial
  }
}

function write(key: string, value: unknown): void {
  try {
    if (value === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Storage is refused or full: it lives as long as the drawer.
  }
}
