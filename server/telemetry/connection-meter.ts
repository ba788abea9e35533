// Counts connections: those of any listener while they are open, and those of tcp listeners by what became of
// them. The series of each (listener, backend, server) are looked up once and kept.
import type { Server } from '../backends/server.ts'
import { LABEL_NONE } from '../tables/metrics.ts'
import type { TcpRecord } from './connection-record.ts'
import type { Registry } from './registry.ts'
import type { Counter } from './series.ts'

interface ConnectionSeries {
  readonly labels: readonly [listener: string, backend: string, server: string]
  readonly bytesIn: Counter
  readonly bytesOut: Counter
  /** By result. */
  readonly results: Map<string, Counter>
}

/** Of one listener; a reload makes others. */
type SeriesByServer = WeakMap<Server | typeof NO_SERVER, ConnectionSeries>
const NO_SERVER = {}

/** Hears of the connections of a listener. */
export interface OpenConnections {
  came(): void
  left(): void
}

/** What is counted of one that ended in order. */
const DONE = 'done'

export class ConnectionMeter {
  readonly #registry: Registry
  readonly #byListener = new WeakMap<TcpRecord['listener'], SeriesByServer>()
  readonly #faults = new Map<string, Counter>()
  readonly #open = new Map<string, OpenConnections>()
  /** What metrics call this process. */
  readonly #process: string

  constructor(registry: Registry, process: string) {
    this.#registry = registry
    this.#process = process
  }

  /** Who counts the open connections of a listener, whatever is spoken there. */
  openOf(listener: string): OpenConnections {
    const known = this.#open.get(listener)
    if (known !== undefined) return known
    const total = this.#registry.counter('listener_connections_total', [listener])
    const now = this.#registry.gauge('listener_connections', [listener, this.#process])
    let open = 0
    const made: OpenConnections = {
      came: () => {
        total.add(1)
        now.set(++open)
      },
      left: () => now.set(--open),
    }
    this.#open.set(listener, made)
    return made
  }

  /** Called before counts are read. */
  onRead(count: () => void): void {
    this.#registry.onRead(count)
  }

  /** So many bytes came from a client, and went to it. */
  bytes(one: TcpRecord, cameIn: number, wentOut: number): void {
    const { bytesIn, bytesOut } = this.#seriesOf(one)
    bytesIn.add(cameIn)
    bytesOut.add(wentOut)
  }

  /** Counts a connection that ended. */
  connection(one: TcpRecord): void {
    const { labels, results } = this.#seriesOf(one)
    const result = one.fault ?? DONE
    let counter = results.get(result)
    if (counter === undefined) {
      counter = this.#registry.counter('tcp_connections_total', [...labels, result])
      results.set(result, counter)
    }
    counter.add(1)
    if (one.attempts > 1) this.#retried(one)
    if (one.fault !== null) this.#faultOf(one.fault).add(1)
  }

  /** The last of its attempts was not followed by another. */
  #retried({ backend, attempts, tries }: TcpRecord): void {
    const name = backend === null ? LABEL_NONE : backend.name
    for (const { fault } of tries?.slice(0, attempts - 1) ?? [])
      if (fault !== null) this.#registry.counter('retries_total', [name, fault]).add(1)
  }

  #seriesOf({ listener, backend, server }: TcpRecord): ConnectionSeries {
    let byServer = this.#byListener.get(listener)
    if (byServer === undefined) this.#byListener.set(listener, (byServer = new WeakMap()))
    const known = byServer.get(server ?? NO_SERVER)
    if (known !== undefined) return known
    const name = backend === null ? LABEL_NONE : backend.name
    const labels = [listener.name, name, server === null ? LABEL_NONE : server.name] as const
    const made: ConnectionSeries = {
      labels,
      bytesIn: this.#registry.counter('tcp_bytes_total', [...labels, 'in']),
      bytesOut: this.#registry.counter('tcp_bytes_total', [...labels, 'out']),
      results: new Map(),
    }
    byServer.set(server ?? NO_SERVER, made)
    return made
  }

  #faultOf(code: string): Counter {
    let counter = this.#faults.get(code)
    if (counter === undefined) {
      counter = this.#registry.counter('faults_total', [code])
      this.#faults.set(code, counter)
    }
    return counter
  }
}
