// What is remembered of what was counted, in memory and on disk. Data only.
import { METRICS } from './metrics.ts'

export const COUNTED = [
  'requests',
  /** Answered with 4xx. */
  'client_errors',
  /** Answered with 5xx. */
  'server_errors',
  /** Ended with no answer. */
  'aborted',
  /** Of clients (gateway), of tcp listeners, flows, allocations. */
  'connections',
  /** Exchanges, connections and flows that ended with a fault; of backends and servers: failed attempts. */
  'faults',
  'bytes_in',
  'bytes_out',
  /** The most at a time. */
  'active',
] as const
export type Counted = (typeof COUNTED)[number]

export const ACTIVE = COUNTED.indexOf('active')

/** Upper bounds of latencies in seconds; one more bucket is for what took longer. */
export const BOUNDS_S: readonly number[] = METRICS.request_duration_seconds.buckets
const BUCKETS = BOUNDS_S.length + 1
/** Numbers of one time: the columns that are counted, then the buckets. */
export const CELLS = COUNTED.length + BUCKETS

/** Whose figures they are. */
export const FIGURE_KINDS = ['gateway', 'listener', 'rule', 'backend', 'server'] as const
export type FigureKind = (typeof FIGURE_KINDS)[number]

/** What was counted in ten minutes. */
export interface TenMinutesOf {
  readonly kind: FigureKind
  /** Of a server: `BACKEND/SERVER`; of the gateway: nothing. */
  readonly name: string
  readonly cells: Float64Array
}

export const TEN_MINUTES_S = 600
