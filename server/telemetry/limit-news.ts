// Limits that refuse something, and connections that are refused before they can be named: each kind is
// counted, and told at once, then at most every ten seconds with how often it was.
import type { MetricName } from '../tables/metrics.ts'
import type { LogEvent } from './log.ts'
import type { Registry } from './registry.ts'
import type { Counter } from './series.ts'

const EVERY_MS = 10_000
const NO_HEADER =
  'let this proxy send the PROXY protocol, its health checks too (send-proxy, check-send-proxy), or take its address out of proxy_protocol.trusted'

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
    const known = this.#known.get(limit) ?? this.#know(limit, 'limit_refusals_total', [limit])
    const refused = this.#countedToTell(known)
    if (refused > 0) this.#tell('warn', 'limit_reached', { limit, value, refused })
  }

  /** A connection to this listener was closed, as its PROXY header could not be taken. */
  headerRefused(listener: string, reason: string, proxy: string): void {
    const key = `${listener} ${reason}`
    const known = this.#known.get(key) ?? this.#know(key, 'proxy_headers_refused_total', [listener, reason])
    const refused = this.#countedToTell(known)
    if (refused === 0) return
    const hint = reason === 'missing' ? NO_HEADER : undefined
    this.#tell('warn', 'proxy_header_refused', { listener, reason, proxy, refused, hint })
  }

  #know(key: string, metric: MetricName, labels: readonly string[]): Known {
    const made = { counter: this.#registry.counter(metric, labels), toldMs: -Infinity, refused: 0 }
    this.#known.set(key, made)
    return made
  }

  /** Counts one more; how many are to be told now, 0: none. */
  #countedToTell(known: Known): number {
    known.counter.add(1)
    known.refused++
    const nowMs = this.#now()
    if (nowMs - known.toldMs < EVERY_MS) return 0
    const { refused } = known
    known.toldMs = nowMs
    known.refused = 0
    return refused
  }
}
