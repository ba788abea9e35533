// A backend in the one word that a rule's badge and the choice of a backend say.
export interface BackendState {
  /** `draft`: only the draft has it. */
  readonly state: 'up' | 'warn' | 'down' | 'draft'
  /** For a badge. */
  readonly word: string
  readonly up: number
  readonly servers: number
}
