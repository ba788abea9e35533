// What is told of a request, and what it is told from.
import type { Config } from '../../config/schema.ts'
import type { FaultCode } from '../../tables/faults.ts'
import type { ExplainedBackend, ServerStates } from './explain-backend.ts'
import type { PlacedRule, RulesTrace } from './explain-rules.ts'
import type { ExplainedShare } from './explain-share.ts'
import type { ExplainedNearest } from './explain-nearest.ts'
import type { ExplainedSplit } from './explain-split.ts'
import type { ExplainedStep } from './explain-steps.ts'
import type { PortsOf } from './find-listener.ts'

/** What is explained from. */
export interface Ground {
  readonly config: Config
  readonly states: ServerStates
  readonly portsOf: PortsOf
  /** Whoever asks has the config itself, with all that is filled in. */
  readonly tellsAll?: boolean
}

export interface Explained {
  readonly request: {
    readonly method: string
    readonly scheme: string
    readonly host: string
    readonly path: string
    readonly query: string
    readonly client: string
  }
  readonly listener: { readonly name: string; readonly why: string }
  /** What becomes of it; `answered`: by a step of the rule, which is no refusal. */
  readonly outcome: 'refused' | 'no_rule' | 'own_document' | 'redirect' | 'respond' | 'answered' | 'backend'
  /** Of an answer of ours; null: a server's. */
  readonly status: number | null
  readonly fault: FaultCode | null
  readonly detail: string | null
  /** Null: no rule was asked, or none takes it. */
  readonly rule: PlacedRule | null
  /** Null: no rule was asked, or nobody wants to know. */
  readonly trace: RulesTrace | null
  /** What parameters of the rule's path stand for, by their names. */
  readonly captures: Readonly<Record<string, string>>
  readonly middleware: readonly ExplainedStep[]
  /** Of a redirect. */
  readonly location: string | null
  /** Fields of an answer of ours, or those that steps of the rule add to one of a server. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Of a rule that takes only a part of what it matches; null: it takes all. */
  readonly share: ExplainedShare | null
  /** Of a rule with several backends; null: it has none. */
  readonly split: ExplainedSplit | null
  /** Where copies of so many of a hundred of its requests go; null: nowhere. */
  readonly mirror: { readonly backend: string; readonly percent: number } | null
  /** As a server gets it; null: none does. */
  readonly sent: ExplainedSent | null
  /** Of a rule with regions; null: it has none. */
  readonly nearest: ExplainedNearest | null
  readonly backend: ExplainedBackend | null
}

export interface ExplainedSent {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly host: string
  /** Fields that steps and the rewrite of the rule set or add. */
  readonly set: readonly (readonly [name: string, value: string])[]
  /** Names of those of the client that they take away, in lower case. */
  readonly removed: readonly string[]
  /** All of them, as steps leave them. */
  readonly fields: readonly (readonly [name: string, value: string])[]
}
