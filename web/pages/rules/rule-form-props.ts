// What all parts of a rule's form are given.
import type { JsonMap } from '../../data/merge.ts'
import type { ListenerRow } from '../../data/rule-words.ts'
import type { BackendState } from './backend-state.ts'

export interface RuleFormProps {
  readonly rule: JsonMap
  /** As it is written, where the rule is a draft of it. */
  readonly was?: JsonMap | undefined
  readonly listeners: readonly ListenerRow[]
  readonly backends: ReadonlyMap<string, BackendState>
  /** By JSON pointer into the rule. */
  readonly errors: Readonly<Record<string, string>>
  readonly isDisabled: boolean
  /** Told a merge patch of what was changed, and of nothing else. */
  readonly onPatch: (patch: JsonMap) => void
}
