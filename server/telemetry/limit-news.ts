// Limits that refuse something, and connections that are refused before they can be named: each kind is
// counted, and told at once, a second later, then every ten seconds, as long as more come, with how often it
// was.
import type { LogEvent } from './log.ts'
import type { Registry } from './registry.ts'
import type { Counter } from './series.ts'

const EVERY_MS = 10_000
/** The first one says that it is so, the second how much it is. */
const FIRST_MS = 1000
/** Proxies that are told apart: there may be as many as addresses. */
const PROXIES_MAX = 256
const NO_HEADER =
  'let this proxy send the PROXY protocol, its health checks too (send-proxy, check-send-proxy), or take its address out of proxy_protocol.trusted'

/** What a limit did, where it refuses nothing. */
const DONE: Readonly<Record<string, string>> = {
  'limits.rate_limits': 'evicted',
  'limits.concurrency': 'uncounted',
  'limits.compress': 'uncompressed',
}

interface Known {
  readonly counter: Counter
  /** The value of the limit, or the proxy, of the last one. */
  last: number | string
  /** Refused since it was told last. */
  refused: number
}

type Tell = (refused: number, known: Known) => void

export class LimitNews {
  readonly #registry: Registry
  readonly #tell: LogEvent
  readonly #later: (act: () => void, ms: number) => void
  /** What was told within the last ten seconds. */
  readonly #known = new Map<string, Known>()

  constructor(registry: Registry, tell: LogEvent, later = laterUnlessOver) {
    this.#registry = registry
    this.#tell = tell
    this.#later = later
  }

  /** The limit at this place of the config, with this value, refused something, or `did` something else. */
  reached(limit: string, value: number, did?: string): void {
    const key = did === undefined ? limit : `${limit} ${did}`
    const known = this.#known.get(key)
    if (known) return count(known, value)
    const counter = this.#registry.counter('limit_refusals_total', [limit])
    const word = did ?? DONE[limit] ?? 'refused'
    this.#begin(key, { counter, last: value, refused: 0 }, (refused, { last }) =>
      this.#tell('warn', 'limit_reached', { limit, value: last, [word]: refused }),
    )
  }

  /** A connection to this listener was closed, as its PROXY header could not be taken. */
  headerRefused(listener: string, reason: string, proxy: string): void {
    // Another proxy with the same mistake is news.
    const own = `${listener} ${reason} ${proxy}`
    const key = this.#known.has(own) || this.#known.size < PROXIES_MAX ? own : `${listener} ${reason}`
    const known = this.#known.get(key)
    if (known) return count(known, proxy)
    const counter = this.#registry.counter('proxy_headers_refused_total', [listener, reason])
    const hint = reason === 'missing' ? NO_HEADER : undefined
    this.#begin(key, { counter, last: proxy, refused: 0 }, (refused, { last }) =>
      this.#tell('warn', 'proxy_header_refused', { listener, reason, proxy: last, refused, hint }),
    )
  }

  /** The first one is told at once, those that follow when their time is over. */
  #begin(key: string, known: Known, tell: Tell): void {
    this.#known.set(key, known)
    count(known, known.last)
    const told = (isFirst: boolean): void => {
      const { refused } = known
      if (refused === 0) return void this.#known.delete(key)
      known.refused = 0
      tell(refused, known)
      this.#later(() => told(false), isFirst ? FIRST_MS : EVERY_MS)
    }
    told(true)
  }
}

function count(known: Known, last: number | string): void {
  known.counter.add(1)
  known.refused++
  known.last = last
}

/** Keeps no process that has nothing else to do. */
function laterUnlessOver(act: () => void, ms: number): void {
  setTimeout(act, ms).unref()
}
