// Counts exchanges at their end. The series of each (listener, rule, server) are looked up once and kept, so
// that an exchange costs a few map reads and additions and builds no string.
import type { Server } from '../backends/server.ts'
import type { StickyResult } from '../backends/sticky.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Listener, Rule, Snapshot, Way } from '../snapshot/snapshot.ts'
import { LABEL_NONE, statusLabel } from '../tables/metrics.ts'
import { METHODS } from '../tables/methods.ts'
import { AttemptMeter } from './attempt-meter.ts'
import type { Registry } from './registry.ts'
import type { Counter, Histogram } from './series.ts'
import { MirrorMeter } from './mirror-meter.ts'
import { SplitMeter } from './split-meter.ts'
import { SubrequestMeter } from './subrequest-meter.ts'

/** Keeps places of so many (listener, rule, server); beyond, it begins again. */
const PLACES_MAX = 20_000
/** Statuses are below it: method and status make one number. */
const STATUS_END = 1024
/** RFC 9110 §15.2.2: behind it lies a tunnel, as of a WebSocket. */
const SWITCHING_PROTOCOLS = 101

/** What exchanges of one listener, rule and server are counted in. */
interface ExchangeSeries {
  readonly listener: Listener
  readonly rule: Rule | null
  /** Where it went: the same rule may lead to several backends. */
  readonly to: Way | null
  readonly server: Server | null
  readonly labels: readonly [listener: string, rule: string, backend: string, server: string]
  readonly seconds: Histogram
  readonly ofServer: Histogram | null
  readonly bytesIn: Histogram
  readonly bytesOut: Histogram
  readonly requests: Map<number, Counter>
  lastKey: number
  lastStickyResult: StickyResult
  lastSticky: Counter | null
  lastRequests: Counter | null
}

/** Servers may leave a snapshot that stays: nothing here is to hold them. */
type SeriesByServer = WeakMap<Server | Way | typeof NO_SERVER, ExchangeSeries>
type SeriesByExchange = Map<Listener, Map<Rule | null, SeriesByServer>>
const NO_SERVER = {}

/** Counts exchanges into a registry. */
export class ExchangeMeter {
  /** Attempts beyond the first are counted as they are made. */
  readonly attempts: AttemptMeter
  readonly subrequests: SubrequestMeter
  readonly splits: SplitMeter
  readonly mirrors: MirrorMeter
  readonly #registry: Registry
  readonly #faults = new Map<string, Counter>()
  /** Exchanges finish on the snapshot they began with, so two may be in use at once. */
  #bySnapshot = new WeakMap<Snapshot, SeriesByExchange>()
  #snapshot: Snapshot | null = null
  #places: SeriesByExchange = new Map()
  #count = 0
  #last: ExchangeSeries | null = null

  constructor(registry: Registry) {
    this.#registry = registry
    this.attempts = new AttemptMeter(registry)
    this.subrequests = new SubrequestMeter(registry)
    this.splits = new SplitMeter(registry)
    this.mirrors = new MirrorMeter(registry)
  }

  /** Counts an exchange that ended. */
  exchange(x: Exchange): void {
    const last = this.#last
    const place =
      last !== null &&
      last.server === x.server &&
      last.to === x.to &&
      last.rule === x.rule &&
      last.listener === x.listener
        ? last
        : this.#find(x)
    const key = x.request.methodId * STATUS_END + x.status
    if (place.lastKey === key && place.lastRequests !== null) place.lastRequests.add(1)
    else this.#requests(place, key).add(1)
    // How long a tunnel (101) stood is no latency.
    if (x.status !== SWITCHING_PROTOCOLS) place.seconds.observe((x.endedMs - x.startedMs) / 1000)
    // What failed before at another server is not this one's time.
    if (x.attempts === 1 && x.fault === null && x.firstByteMs !== 0 && place.ofServer !== null)
      place.ofServer.observe((x.firstByteMs - x.startedMs - x.queueMs) / 1000)
    place.bytesIn.observe(x.bytesIn)
    place.bytesOut.observe(x.bytesOut)
    if (x.fault !== null) this.#fault(x.fault.code).add(1)
    if (x.sticky !== null) this.#sticky(place, x.sticky.result).add(1)
  }

  #sticky(place: ExchangeSeries, result: StickyResult): Counter {
    if (place.lastStickyResult === result && place.lastSticky !== null) return place.lastSticky
    place.lastStickyResult = result
    return (place.lastSticky = this.#registry.counter('sticky_total', [place.labels[2], result]))
  }

  #find(x: Exchange): ExchangeSeries {
    if (x.snapshot !== this.#snapshot) this.#turnTo(x.snapshot)
    const place =
      this.#places
        .get(x.listener)
        ?.get(x.rule)
        ?.get(x.server ?? x.to ?? NO_SERVER) ?? this.#make(x)
    this.#last = place
    return place
  }

  #turnTo(snapshot: Snapshot): void {
    this.#snapshot = snapshot
    this.#places = this.#bySnapshot.get(snapshot) ?? new Map()
    this.#bySnapshot.set(snapshot, this.#places)
  }

  #make(x: Exchange): ExchangeSeries {
    if (++this.#count > PLACES_MAX) {
      this.#count = 1
      this.#bySnapshot = new WeakMap()
      this.#turnTo(x.snapshot)
      this.#places.clear()
    }
    const place = makeSeries(this.#registry, x)
    const ofListener = getOrAdd(this.#places, x.listener, () => new Map<Rule | null, SeriesByServer>())
    const ofRule = getOrAdd(ofListener, x.rule, (): SeriesByServer => new WeakMap())
    ofRule.set(x.server ?? x.to ?? NO_SERVER, place)
    return place
  }

  #requests(place: ExchangeSeries, key: number): Counter {
    let counter = place.requests.get(key)
    if (counter === undefined) {
      const method = METHODS[Math.floor(key / STATUS_END)] ?? 'other'
      counter = this.#registry.counter('requests_total', [
        ...place.labels,
        method,
        statusLabel(key % STATUS_END),
      ])
      place.requests.set(key, counter)
    }
    place.lastKey = key
    place.lastRequests = counter
    return counter
  }

  #fault(code: string): Counter {
    let counter = this.#faults.get(code)
    if (counter === undefined) {
      counter = this.#registry.counter('faults_total', [code])
      this.#faults.set(code, counter)
    }
    return counter
  }
}

function makeSeries(registry: Registry, x: Exchange): ExchangeSeries {
  const backend = backendOf(x)
  const labels = [x.listener.name, x.rule === null ? LABEL_NONE : x.rule.name, backend ?? LABEL_NONE] as const
  return {
    listener: x.listener,
    rule: x.rule,
    to: x.to,
    server: x.server,
    labels: [...labels, x.server === null ? LABEL_NONE : x.server.name],
    seconds: registry.histogram('request_duration_seconds', labels),
    ofServer:
      x.server === null
        ? null
        : registry.histogram('server_response_seconds', [x.server.backend, x.server.name]),
    bytesIn: registry.histogram('request_size_bytes', labels),
    bytesOut: registry.histogram('response_size_bytes', labels),
    requests: new Map(),
    lastKey: -1,
    lastStickyResult: 'hit',
    lastSticky: null,
    lastRequests: null,
  }
}

/** The backend that answered or was to answer; null when the rule has none. */
export function backendOf(x: Exchange): string | null {
  if (x.server !== null) return x.server.backend
  return x.to !== null && x.to.is === 'backend' ? x.to.backend.name : null
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let inner = map.get(key)
  if (inner === undefined) {
    inner = make()
    map.set(key, inner)
  }
  return inner
}
