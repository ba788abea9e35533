// What is counted. Series are looked up once, so that counting a datagram is an addition.
import type { MetricName } from '../../tables/metrics.ts'
import type { Registry } from '../../telemetry/registry.ts'
import type { Counter, Gauge } from '../../telemetry/series.ts'
import { METHODS } from '../bytes/stun.ts'

/** Why an allocation ended. */
export type EndReason =
  | 'expired'
  | 'refreshed_to_zero'
  | 'connection_closed'
  | 'ended_by_admin'
  | 'listener_removed'
  | 'stopped'

/** Why something that came in was not relayed or answered. */
export type DropReason =
  | 'no_allocation'
  | 'no_channel'
  | 'no_permission'
  | 'refused_peer'
  | 'bandwidth'
  | 'slow_client'
  | 'not_sent'
  | 'unauthenticated'
  | 'malformed'

const METHOD_LABELS: ReadonlyMap<number, string> = new Map(
  Object.entries(METHODS).map(([name, method]) => [method, name.toLowerCase()]),
)

/** Counters of one metric whose first labels are settled, by the last one. */
class CountersBy<K extends string | number> {
  readonly #registry: Registry
  readonly #name: MetricName
  readonly #labels: readonly string[]
  readonly #byKey = new Map<K, Counter>()

  constructor(registry: Registry, name: MetricName, ...labels: string[]) {
    this.#registry = registry
    this.#name = name
    this.#labels = labels
  }

  add(key: K, label: string = String(key)): void {
    let counter = this.#byKey.get(key)
    if (counter === undefined) {
      counter = this.#registry.counter(this.#name, [...this.#labels, label])
      this.#byKey.set(key, counter)
    }
    counter.add(1)
  }
}

/** Of a listener. */
export class ListenerMeter {
  readonly #requests: CountersBy<number>
  readonly #dropped: CountersBy<DropReason>
  readonly #refused: CountersBy<string>
  readonly #connections: Gauge
  connections = 0

  constructor(registry: Registry, listener: string) {
    this.#requests = new CountersBy(registry, 'turn_requests_total', listener)
    this.#dropped = new CountersBy(registry, 'turn_dropped_total', listener)
    this.#refused = new CountersBy(registry, 'turn_refused_peers_total', listener)
    this.#connections = registry.gauge('turn_connections', [listener])
  }

  request(method: number): void {
    // Of the numbers that nobody has given a meaning, one series.
    const label = METHOD_LABELS.get(method)
    this.#requests.add(label === undefined ? -1 : method, label ?? 'other')
  }

  drop(reason: DropReason): void {
    this.#dropped.add(reason)
  }

  /** `range`: the word of the range that the peer is in. */
  refusePeer(range: string): void {
    this.#refused.add(range)
  }

  connected(change: 1 | -1): void {
    this.connections += change
    this.#connections.set(this.connections)
  }
}

/** Of a listener and a realm. */
export class RealmMeter {
  readonly bytesToPeer: Counter
  readonly bytesToClient: Counter
  readonly packetsToPeer: Counter
  readonly packetsToClient: Counter
  readonly #registry: Registry
  readonly #labels: readonly [string, string]
  readonly #now = new Map<string, number>()
  readonly #began: CountersBy<string>
  readonly #ended: CountersBy<EndReason>
  readonly #faults: CountersBy<number>

  constructor(registry: Registry, listener: string, realm: string) {
    this.#registry = registry
    this.#labels = [listener, realm]
    this.bytesToPeer = registry.counter('turn_bytes_total', [listener, realm, 'to_peer'])
    this.bytesToClient = registry.counter('turn_bytes_total', [listener, realm, 'to_client'])
    this.packetsToPeer = registry.counter('turn_packets_total', [listener, realm, 'to_peer'])
    this.packetsToClient = registry.counter('turn_packets_total', [listener, realm, 'to_client'])
    this.#began = new CountersBy(registry, 'turn_allocations_total', listener, realm)
    this.#ended = new CountersBy(registry, 'turn_allocations_ended_total', listener, realm)
    this.#faults = new CountersBy(registry, 'turn_faults_total', listener, realm)
  }

  began(transport: string): void {
    this.#began.add(transport)
    this.#change(transport, 1)
  }

  ended(transport: string, reason: EndReason): void {
    this.#ended.add(reason)
    this.#change(transport, -1)
  }

  /** A client came back by another transport. */
  moved(from: string, to: string): void {
    this.#change(from, -1)
    this.#change(to, 1)
  }

  fault(code: number): void {
    this.#faults.add(code)
  }

  #change(transport: string, change: 1 | -1): void {
    const now = (this.#now.get(transport) ?? 0) + change
    this.#now.set(transport, now)
    this.#registry.gauge('turn_allocations', [...this.#labels, transport]).set(now)
  }
}
