// What went over each listener: how much is open, how much there was, and what of it failed. Each protocol
// counts what its clients have: connections, flows, allocations.
import { LABEL_NONE } from '../tables/metrics.ts'
import type { MetricName } from '../tables/metrics.ts'
import type { Totals } from './registry.ts'
import { Counter } from './series.ts'

export interface ListenerTotals {
  readonly listener: string
  readonly protocol: string
  /** What is counted here. */
  readonly counts: 'connections' | 'flows' | 'allocations'
  readonly open: number
  /** Since the start of the gateway, those that are open included. */
  readonly total: number
  /**
   * Of http: requests that had a 5xx or no answer; of tcp: connections that ended with a fault; of udp: flows
   * that no server took; of turn: requests that were refused, but for those that every client sends first.
   */
  readonly faults: number
}

type Labels = readonly string[]

interface Kind {
  readonly counts: ListenerTotals['counts']
  readonly open: MetricName
  readonly total: MetricName
  /** It counts what has ended: what is open comes on top. */
  readonly isOfEnded?: true
  readonly faults: MetricName
  /** By the labels of one series. */
  readonly isFault: (labels: Labels) => boolean
}

const CONNECTIONS = {
  counts: 'connections',
  open: 'listener_connections',
  total: 'listener_connections_total',
} as const

const HTTP: Kind = {
  ...CONNECTIONS,
  faults: 'requests_total',
  isFault: ([, , , , , status = '']) => status.startsWith('5') || status === LABEL_NONE,
}
const TCP: Kind = {
  ...CONNECTIONS,
  faults: 'tcp_connections_total',
  isFault: ([, , , result]) => result !== 'done',
}
const UDP: Kind = {
  counts: 'flows',
  open: 'udp_flows',
  total: 'udp_flows_total',
  isOfEnded: true,
  faults: 'udp_flows_total',
  isFault: ([, , , end]) => end === 'refused' || end === 'server_down',
}
const TURN: Kind = {
  counts: 'allocations',
  open: 'turn_allocations',
  total: 'turn_allocations_total',
  faults: 'turn_faults_total',
  // Each client is asked first for its credential (401), and now and then for a newer nonce (438).
  isFault: ([, , code]) => code !== '401' && code !== '438',
}
const BY_PROTOCOL: Readonly<Record<string, Kind>> = { http: HTTP, https: HTTP, udp: UDP, turn: TURN }

/** In the order of the config. */
export function listenerTotals(
  totals: Totals,
  listeners: Readonly<Record<string, { readonly protocol: string }>>,
): readonly ListenerTotals[] {
  totals.collectAll()
  const sums = new Sums(totals)
  return Object.entries(listeners).map(([listener, { protocol }]) => {
    const kind = BY_PROTOCOL[protocol] ?? TCP
    const open = sums.of(kind.open, listener)
    return {
      ...{ listener, protocol, counts: kind.counts, open },
      total: sums.of(kind.total, listener) + (kind.isOfEnded === true ? open : 0),
      faults: sums.of(kind.faults, listener, kind.isFault),
    }
  })
}

/** Sums of metrics by their first label, each made once: a family may have thousands of series. */
class Sums {
  readonly #totals: Totals
  readonly #made = new Map<string, ReadonlyMap<string, number>>()

  constructor(totals: Totals) {
    this.#totals = totals
  }

  of(name: MetricName, listener: string, isWanted: ((labels: Labels) => boolean) | null = null): number {
    const key = `${name}${isWanted === null ? '' : ' faults'}`
    const made = this.#made.get(key) ?? this.#sum(name, isWanted)
    this.#made.set(key, made)
    return made.get(listener) ?? 0
  }

  #sum(name: MetricName, isWanted: ((labels: Labels) => boolean) | null): ReadonlyMap<string, number> {
    const sums = new Map<string, number>()
    const counters = [...(this.#totals.families.get(name)?.series.values() ?? [])].filter(
      (series) => series instanceof Counter,
    )
    for (const { labels, value } of [...counters, ...this.#totals.gaugesOf(name)]) {
      const [listener = ''] = labels
      if (isWanted === null || isWanted(labels)) sums.set(listener, (sums.get(listener) ?? 0) + value)
    }
    return sums
  }
}
