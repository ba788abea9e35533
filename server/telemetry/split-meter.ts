// Counts which part of a split requests go to. Series are kept beside the split, so that a request costs an
// addition.
import type { Registry } from './registry.ts'
import type { Counter } from './series.ts'

interface SplitOf {
  readonly parts: readonly { readonly name: string }[]
}

interface Sent {
  readonly place: number
  /** In place of a part that has no server in use. */
  readonly isInstead: boolean
}

export class SplitMeter {
  readonly #registry: Registry
  readonly #counters = new WeakMap<SplitOf, Counter[]>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  sent(rule: string, split: SplitOf, { place, isInstead }: Sent): void {
    let counters = this.#counters.get(split)
    if (counters === undefined) this.#counters.set(split, (counters = []))
    const at = 2 * place + (isInstead ? 1 : 0)
    let counter = counters[at]
    if (counter === undefined) {
      const labels = [rule, split.parts[place]?.name ?? '', isInstead ? 'instead' : 'own']
      counters[at] = counter = this.#registry.counter('split_requests_total', labels)
    }
    counter.add(1)
  }
}
