// What each drawer of this page is given.
import type { ListenerRow } from '../../data/rule-words.ts'
import type { Address } from './address.ts'
import type { BackendState } from './backend-state.ts'
import type { Target } from './moving.ts'
import type { ShownRule } from './shown-rules.ts'

export interface Drawn {
  /** All rules, and those of the listener that is shown. */
  readonly all: readonly ShownRule[]
  readonly own: readonly ShownRule[]
  readonly listener: ListenerRow | null
  readonly listeners: readonly ListenerRow[]
  readonly backends: ReadonlyMap<string, BackendState>
  readonly address: Address
  /** All that a form begins with is known. */
  readonly isReady: boolean
  /** Who looks may, and the draft is none of text. */
  readonly mayEdit: boolean
  readonly move: (id: string, target: Target) => void
}
