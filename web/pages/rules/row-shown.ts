// A row of the list.
import type { BackendState } from './backend-state.ts'
import type { ShownRule } from './shown-rules.ts'

export interface RowShown {
  readonly one: ShownRule
  /** From 1, of those of this listener. */
  readonly number: number
  /** The rule that takes all of it, with its number where it is of this listener; null: none does. */
  readonly shadowedBy: { readonly name: string; readonly place: number | null } | null
  readonly backend: BackendState | null
}
