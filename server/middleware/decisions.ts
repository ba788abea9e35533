// What a step that limits something decides, counted.
import type { MetricName } from '../tables/metrics.ts'
import type { Counter } from '../telemetry/series.ts'
import type { StepWorld } from './middleware.ts'

type Decision = 'allowed' | 'refused' | 'shadow' | 'uncounted' | 'held' | 'full' | 'delayed'

/** Counts them by the rule; a series is there once there is something to count. */
export class Decisions {
  readonly #metric: MetricName
  readonly #world: Pick<StepWorld, 'counter' | 'rule'>
  readonly #counters = new Map<Decision, Counter>()

  constructor(metric: MetricName, world: Pick<StepWorld, 'counter' | 'rule'>) {
    this.#metric = metric
    this.#world = world
  }

  count(decision: Decision): void {
    let counter = this.#counters.get(decision)
    if (counter === undefined) {
      counter = this.#world.counter(this.#metric, [decision, this.#world.rule])
      this.#counters.set(decision, counter)
    }
    counter.add(1)
  }
}
