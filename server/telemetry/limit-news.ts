// Limits that refuse something: each is counted by where it is set, and told at once, then at most every ten
// seconds with how often it was.
import type { LogEvent } from './log.ts'
import type { Registry } from './registry.ts'
import type { Counter } from './series.ts'

const EVERY_MS = 10_000

interface Known {
  readonly counter: Counter
  toldMs: number
  /** Refused since it was told last. */
  refused: number
}

export class LimitNews {
  readonly #registry: Registry
  readonly #tell: LogEvent
  readonly #now: () => number
  readonly #known = new Map<string, Known>()

  constructor(registry: Registry, tell: LogEvent, now: () => number) {
    this.#registry = registry
    this.#tell = tell
    this.#now = now
  }

  /** The limit at this place of the config, with this value, has refused something. */
  reached(limit: string, value: number): void {
    let known = this.#known.get(limit)
    if (known === undefined) {
      const counter = this.#registry.counter('limit_refusals_total', [limit])
      known = { counter, toldMs: -Infinity, refused: 0 }
      this.#known.set(limit, known)
    }
    known.counter.add(1)
    known.refused++
    const nowMs = this.#now()
    if (nowMs - known.toldMs < EVERY_MS) return
    this.#tell('warn', 'limit_reached', { limit, value, refused: known.refused })
    known.toldMs = nowMs
    known.refused = 0
  }
}
