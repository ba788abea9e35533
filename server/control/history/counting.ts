// Which of what workers count belongs to which of what is remembered: for each series of a metric that is
// found out once.
import { COUNTED, type Counted, type FigureKind as Kind } from '../../tables/figures.ts'
import { LABEL_NONE } from '../../tables/metrics.ts'
import type { MetricName } from '../../tables/metrics.ts'
import type { Series } from '../../telemetry/series.ts'
import type { Remembered } from './remembered.ts'

/** Finds what is remembered under a name, or makes it. */
export type Find = (kind: Kind, name: string) => Remembered
type Labels = readonly string[]
type Names = { readonly [K in Exclude<Kind, 'gateway'>]?: string | undefined }
/** What a change of a series is counted to. */
type Count = (change: number | readonly number[]) => void
type Maker = (labels: Labels, hands: Hands) => Count

interface Hands {
  readonly find: Find
  /** Something was counted to it. */
  readonly mark: (one: Remembered) => void
}

const at = (column: Counted): number => COUNTED.indexOf(column)
/** The sum of a histogram stands behind its buckets. */
const sumOf = (change: readonly number[]): number => change.at(-1) ?? 0

/** All that these labels name; where there is none of a kind, that is left out. */
function named({ find }: Hands, { listener, rule, backend, server }: Names): Remembered[] {
  const is = (label: string | undefined): label is string => label !== undefined && label !== LABEL_NONE
  return [
    find('gateway', ''),
    ...(is(listener) ? [find('listener', listener)] : []),
    ...(is(rule) ? [find('rule', rule)] : []),
    ...(is(backend) ? [find('backend', backend)] : []),
    ...(is(backend) && is(server) ? [find('server', `${backend}/${server}`)] : []),
  ]
}

/** Counts a number to all of these, in these columns. */
function counter(hands: Hands, all: readonly Remembered[], ...columns: readonly Counted[]): Count {
  const places = columns.map(at)
  return (change) => {
    for (const one of all) {
      for (const place of places) one.add(place, change as number)
      hands.mark(one)
    }
  }
}

/** By its status; 499 is what is told of clients that left. */
function requests([listener, rule, backend, server, , status = '']: Labels, hands: Hands): Count {
  const all = named(hands, { listener, rule, backend, server })
  if (status === LABEL_NONE || status === '499') return counter(hands, all, 'requests', 'aborted')
  if (status.startsWith('4')) return counter(hands, all, 'requests', 'client_errors')
  return status.startsWith('5')
    ? counter(hands, all, 'requests', 'server_errors')
    : counter(hands, all, 'requests')
}

function durations([listener, rule, backend]: Labels, hands: Hands): Count {
  const all = named(hands, { listener, rule, backend })
  return (change) => {
    for (const one of all) {
      one.addBuckets(change as readonly number[])
      hands.mark(one)
    }
  }
}

/** Of servers the scoreboard knows the bytes. */
const sizes =
  (column: Counted): Maker =>
  ([listener, rule, backend], hands) => {
    const count = counter(hands, named(hands, { listener, rule, backend }), column)
    return (change) => count(sumOf(change as readonly number[]))
  }

const bytes = (labels: Names, isIn: boolean, hands: Hands): Count =>
  counter(hands, named(hands, labels), isIn ? 'bytes_in' : 'bytes_out')

/** Of the gateway the scoreboard counts connections, and faults_total what failed. */
function connections(labels: Names, hasFailed: boolean, hands: Hands): Count {
  const [, listener, ...others] = named(hands, labels)
  const counts = [
    ...(listener === undefined ? [] : [counter(hands, [listener], 'connections', ...fault(hasFailed))]),
    counter(hands, others, 'connections'),
  ]
  return (change) => {
    for (const count of counts) count(change)
  }
}

const fault = (hasFailed: boolean): Counted[] => (hasFailed ? ['faults'] : [])

const MAKERS: Partial<Record<MetricName, Maker>> = {
  requests_total: requests,
  request_duration_seconds: durations,
  server_response_seconds: ([backend, server], hands) => {
    const one = hands.find('server', `${backend}/${server}`)
    return (change) => {
      one.addBuckets(change as readonly number[])
      hands.mark(one)
    }
  },
  request_size_bytes: sizes('bytes_in'),
  response_size_bytes: sizes('bytes_out'),
  faults_total: (_, hands) => counter(hands, [hands.find('gateway', '')], 'faults'),
  tcp_connections_total: ([listener, backend, server, result], hands) =>
    connections({ listener, backend, server }, result !== 'done', hands),
  tcp_bytes_total: ([listener, backend, , direction], hands) =>
    bytes({ listener, backend }, direction === 'in', hands),
  udp_flows_total: ([listener, backend, server, end], hands) =>
    connections({ listener, backend, server }, end === 'refused' || end === 'server_down', hands),
  udp_bytes_total: ([listener, direction], hands) => bytes({ listener }, direction === 'in', hands),
  turn_allocations_total: ([listener], hands) => connections({ listener }, false, hands),
  turn_bytes_total: ([listener, , direction], hands) => bytes({ listener }, direction === 'to_peer', hands),
  // Each client is asked first for its credential (401), and now and then for a newer nonce (438).
  turn_faults_total: ([listener, , code], hands) =>
    code === '401' || code === '438'
      ? () => {}
      : counter(hands, named(hands, { listener }).slice(1), 'faults'),
}

/** For Totals.onCounted. */
export function heardBy(hands: Hands): (series: Series, change: number | readonly number[]) => void {
  return (series, change) => {
    let count = series.heard
    if (count === undefined) series.heard = count = MAKERS[series.family.name]?.(series.labels, hands) ?? null
    count?.(change)
  }
}
