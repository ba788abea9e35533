// What was counted of turn listeners since the start of the gateway.
import type { MetricName } from '../../tables/metrics.ts'
import type { Totals } from '../../telemetry/registry.ts'
import { Counter } from '../../telemetry/series.ts'

type Counts = Readonly<Record<string, number>>

/** Of a listener; by a word each, what never happened is left out. */
export interface TurnFigures {
  readonly allocations: {
    /** As of the last second, by the transport of their clients. */
    readonly open: Counts
    readonly total: Counts
    /** By why. */
    readonly ended: Counts
  }
  /** Of clients by TCP and TLS, as of the last second. */
  readonly connections: number
  /** to_peer, to_client. */
  readonly bytes: Counts
  readonly packets: Counts
  /** By method. */
  readonly requests: Counts
  /** Requests that were answered with an error, by its code. */
  readonly refused: Counts
  /** Peers that nobody may reach, by what their addresses are. */
  readonly refused_peers: Counts
  /** What was not relayed or not answered, by why. */
  readonly dropped: Counts
}

/** By the listeners that are named. */
export function turnFigures(totals: Totals, listeners: readonly string[]): Record<string, TurnFigures> {
  totals.collectAll()
  const read = (name: MetricName): ReadonlyMap<string, Record<string, number>> => byLastLabel(totals, name)
  const [open, total] = [read('turn_allocations'), read('turn_allocations_total')]
  const [ended, connections] = [read('turn_allocations_ended_total'), read('turn_connections')]
  const [bytes, packets] = [read('turn_bytes_total'), read('turn_packets_total')]
  const [requests, refused] = [read('turn_requests_total'), read('turn_faults_total')]
  const [peers, dropped] = [read('turn_refused_peers_total'), read('turn_dropped_total')]
  return Object.fromEntries(
    listeners.map((name) => [
      name,
      {
        allocations: {
          open: open.get(name) ?? {},
          total: total.get(name) ?? {},
          ended: ended.get(name) ?? {},
        },
        connections: connections.get(name)?.[name] ?? 0,
        bytes: bytes.get(name) ?? {},
        packets: packets.get(name) ?? {},
        requests: requests.get(name) ?? {},
        refused: refused.get(name) ?? {},
        refused_peers: peers.get(name) ?? {},
        dropped: dropped.get(name) ?? {},
      },
    ]),
  )
}

/** Sums by the first label, the listener, and the last one: whatever its realm was called. */
function byLastLabel(totals: Totals, name: MetricName): ReadonlyMap<string, Record<string, number>> {
  const sums = new Map<string, Record<string, number>>()
  const counters = [...(totals.families.get(name)?.series.values() ?? [])].filter(
    (series) => series instanceof Counter,
  )
  for (const { labels, value } of [...counters, ...totals.gaugesOf(name)]) {
    const [listener = '', word = ''] = [labels[0], labels.at(-1)]
    const own = sums.get(listener) ?? {}
    own[word] = (own[word] ?? 0) + value
    sums.set(listener, own)
  }
  return sums
}
