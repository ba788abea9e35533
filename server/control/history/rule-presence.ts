// Since when rules are there: one that has not matched since yesterday's change is another matter than one
// that has not in a month.
interface Rules {
  readonly rules: readonly { readonly name: string }[]
}

export class RulePresence {
  #config: Rules | null = null
  /** Ms of a clock that is never set. */
  #sinceMs = new Map<string, number>()

  /** The config that is served, as often as one likes: it is looked through when it is another one. */
  look(config: Rules, nowMs: number): void {
    if (this.#config === config) return
    this.#config = config
    const before = this.#sinceMs
    this.#sinceMs = new Map(config.rules.map(({ name }) => [name, before.get(name) ?? nowMs]))
  }

  /** Null: there is no such rule, or nobody looked yet. */
  sinceMs(rule: string): number | null {
    return this.#sinceMs.get(rule) ?? null
  }
}
