// What the tester tells the list beside it.
import { signal } from '@preact/signals'

/** The rule that takes the tested request; null: none, or nothing is tested. */
export const winner = signal<string | null>(null)
