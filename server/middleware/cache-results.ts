// What the cache did, counted by rule and told in the log.
import type { CacheResult } from '../cache/result.ts'
import type { Judged } from '../cache/draft.ts'
import type { Visit } from '../cache/visit.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Counter } from '../telemetry/series.ts'
import type { StepWorld } from './middleware.ts'

export class Results {
  readonly #world: Pick<StepWorld, 'counter' | 'rule'>
  readonly #counters = new Map<CacheResult, Counter>()

  constructor(world: Pick<StepWorld, 'counter' | 'rule'>) {
    this.#world = world
  }

  count(x: Exchange, result: CacheResult): void {
    x.cache = result
    let counter = this.#counters.get(result)
    if (counter === undefined) {
      counter = this.#world.counter('cache_requests_total', [result, this.#world.rule])
      this.#counters.set(result, counter)
    }
    counter.add(1)
  }
}

/** RFC 9211 §2: why it was not answered here, and what came of it. */
export function saidOf(
  { server }: Exchange,
  { status }: ResponseHead,
  { why, draft }: Visit,
  judged: Judged | null,
): string {
  const came = server === null ? '' : `; fwd-status=${status}`
  if (draft !== null) return `${why}${came}; stored`
  return `${why}${came}${typeof judged === 'string' ? `; detail=${judged}` : ''}`
}
