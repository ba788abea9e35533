// What a backend says of further attempts, prepared: what is asked per attempt is a look into a table.
import { FAULTS, FAULT_CODES, type FaultCode, faultPlace } from '../tables/faults.ts'
import { statusTable } from '../lib/status-ranges.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { LatencyDigest } from './latency-digest.ts'
import { RetryBudget } from './retry-budget.ts'
import type { RetryConfig } from './retry.options.ts'

export interface HedgePolicy {
  /** From 0.5 to 0.999. */
  readonly quantile: number
  readonly leastMs: number
  readonly most: number
}

/** What a backend had before under the same name: what was measured goes on. */
type Before = Pick<RetryPolicy, 'hedge' | 'latency'> | null

/** Times in ms. */
export class RetryPolicy {
  readonly attempts: number
  readonly backoffMs: number
  readonly backoffMaxMs: number
  /** By status: 1 where it is tried again; null: none is. */
  readonly statuses: Uint8Array | null
  /** By the place of a fault: 1 where it may be. */
  readonly faults: Uint8Array
  readonly retryAfterMaxMs: number
  readonly hedge: HedgePolicy | null
  /** How many further attempts may be at once. */
  readonly budget: RetryBudget
  /** How long answers take; null: nobody asks. */
  readonly latency: LatencyDigest | null

  constructor(words: RetryConfig, board: Scoreboard, slot: number, before: Before) {
    const { hedge } = words
    this.attempts = words.attempts
    this.backoffMs = words.backoff
    this.backoffMaxMs = words.backoff_max
    this.statuses = words.statuses.length === 0 ? null : statusTable(words.statuses)
    this.faults = faultTable(words.faults)
    this.retryAfterMaxMs = words.retry_after_max
    this.hedge = hedge === undefined ? null : { ...hedge, leastMs: hedge.after }
    this.budget = new RetryBudget(board, slot, words.budget)
    this.latency = hedge === undefined ? null : latencyOf(hedge, before)
  }
}

const latencyOf = ({ quantile }: { readonly quantile: number }, before: Before): LatencyDigest =>
  before?.hedge?.quantile === quantile && before.latency !== null
    ? before.latency
    : new LatencyDigest(quantile)

/** Faults of servers that are repeated only where they are named: the next server may well do the same. */
const ONLY_NAMED: ReadonlySet<FaultCode> = new Set([
  'response_timeout',
  'server_stalled',
  'server_malformed',
  'server_head_too_large',
  'server_truncated',
])

/** What the word `default` stands for among faults. */
export const DEFAULT_FAULTS = FAULT_CODES.filter(
  (code) => FAULTS[code].side === 'server' && !ONLY_NAMED.has(code),
)

function faultTable(words: RetryConfig['faults']): Uint8Array {
  const table = new Uint8Array(FAULT_CODES.length)
  for (const word of words)
    for (const code of word === 'default' ? DEFAULT_FAULTS : [word]) table[faultPlace(code)] = 1
  return table
}
