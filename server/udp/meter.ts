// What is counted of a udp listener: with each datagram by plain additions, at the end of a flow by name.
import type { DatagramCounters } from '../sockets/udp/counters.ts'
import { LABEL_NONE } from '../tables/metrics.ts'
import type { Registry } from '../telemetry/registry.ts'
import type { Counter } from '../telemetry/series.ts'
import type { FlowEnd, FlowRecord } from './flow-record.ts'

/** Why a datagram went no further; those behind the line are of the sockets, whichever listener's. */
export type DropReason =
  | 'too_long'
  | 'denied'
  | 'rate_limited'
  | 'flow_limit'
  | 'descriptor_limit'
  | 'no_server'
  | 'circuit_open'
  | 'server_full'
  | 'dns_failed'
  | 'unresolved'
  | 'copies_full'
  | 'refused'
  | 'buffer_full'
  | 'not_sent'
  | 'draining'

const OF_SOCKETS: readonly (readonly [keyof DatagramCounters, string])[] = [
  ['truncated', 'truncated'],
  ['misdirected', 'misdirected'],
  ['full', 'client_buffer_full'],
  ['tooLong', 'client_too_long'],
  ['unsent', 'client_not_sent'],
]

export class UdpMeter {
  readonly #registry: Registry
  readonly #process: string
  readonly #listeners = new Map<string, ListenerMeter>()

  constructor(registry: Registry, process: string) {
    this.#registry = registry
    this.#process = process
  }

  of(listener: string): ListenerMeter {
    let meter = this.#listeners.get(listener)
    if (meter === undefined) {
      meter = new ListenerMeter(this.#registry, listener, this.#process)
      this.#listeners.set(listener, meter)
    }
    return meter
  }

  /** What the sockets themselves count, brought up to date each time the registry is read. */
  watch(counters: DatagramCounters): void {
    this.#registry.onRead(() => {
      for (const [name, reason] of OF_SOCKETS)
        if (counters[name] > 0)
          this.#registry.counter('udp_dropped_total', [LABEL_NONE, reason]).set(counters[name])
    })
  }
}

export class ListenerMeter {
  readonly datagramsIn: Counter
  readonly datagramsOut: Counter
  readonly bytesIn: Counter
  readonly bytesOut: Counter
  readonly #registry: Registry
  readonly #listener: string
  readonly #drops = new Map<DropReason, Counter>()
  #flows = 0
  /** The series of the latest flow that ended: mostly that of the next. */
  #ended: Counter | null = null
  #endedOf: readonly [backend: string, server: string | null, end: FlowEnd] = ['', null, 'idle']

  constructor(registry: Registry, listener: string, process: string) {
    this.#registry = registry
    this.#listener = listener
    this.datagramsIn = registry.counter('udp_datagrams_total', [listener, 'in'])
    this.datagramsOut = registry.counter('udp_datagrams_total', [listener, 'out'])
    this.bytesIn = registry.counter('udp_bytes_total', [listener, 'in'])
    this.bytesOut = registry.counter('udp_bytes_total', [listener, 'out'])
    const flows = registry.gauge('udp_flows', [listener, process])
    registry.onRead(() => {
      if (flows.value !== this.#flows) flows.set(this.#flows)
    })
  }

  began(): void {
    this.#flows++
  }

  ended({ listener, backend, serverName, end, fault }: FlowRecord): void {
    this.#flows--
    const [ofBackend, ofServer, ofEnd] = this.#endedOf
    if (this.#ended === null || ofServer !== serverName || ofEnd !== end || ofBackend !== backend) {
      const labels = [listener, backend, serverName ?? LABEL_NONE, end]
      this.#ended = this.#registry.counter('udp_flows_total', labels)
      this.#endedOf = [backend, serverName, end]
    }
    this.#ended.add(1)
    if (fault !== null) this.#registry.counter('faults_total', [fault]).add(1)
  }

  dropped(reason: DropReason): void {
    let counter = this.#drops.get(reason)
    if (counter === undefined) {
      counter = this.#registry.counter('udp_dropped_total', [this.#listener, reason])
      this.#drops.set(reason, counter)
    }
    counter.add(1)
  }
}
