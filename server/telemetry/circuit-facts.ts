// A breaker with its figures, as documents tell it.
import type { CircuitBreakerConfig } from '../backends/circuit-breaker.options.ts'
import { CLOSED, HALF_OPEN, OPEN, type OpeningReason, SLICES } from '../scoreboard/circuits.ts'
import { PERMITS } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { circuitReason } from './circuit-words.ts'

/** What a person has ordered of a breaker; times as RFC 3339. */
export interface CircuitOrderFacts {
  readonly state: 'open' | 'closed'
  readonly by: string
  readonly reason: string | null
  readonly since: string
  readonly until: string | null
}

export interface CircuitFacts {
  readonly state: 'closed' | 'open' | 'half_open'
  readonly mode: CircuitBreakerConfig['mode']
  /** Since when it is as it is; null: it was never anything else. */
  readonly since: string | null
  /** Why it is not closed. */
  readonly reason: string | null
  /** When it will be half-open; null: it is not open, or a person keeps it so. */
  readonly half_open_at: string | null
  /** Attempts within its window. */
  readonly window: { readonly requests: number; readonly failed: number; readonly slow: number }
  readonly failed_in_a_row: number
  /** Attempts that are under way while it is half-open, and how many may be. */
  readonly let_through: number
  readonly half_open_requests: number
  /** How many of them went well, and how many close it. */
  readonly went_well: number
  readonly half_open_successes: number
  /** The last opening; null: none yet. */
  readonly opening: {
    readonly reason: OpeningReason
    readonly requests: number
    readonly failed: number
    readonly slow: number
    readonly failed_in_a_row: number
    readonly open_ms: number
    /** How often in a row. */
    readonly times: number
  } | null
  readonly openings: number
  /** How often it stayed closed as too many servers were out. */
  readonly held_back: number
  readonly ordered: CircuitOrderFacts | null
}

interface CircuitGround {
  readonly options: CircuitBreakerConfig
  /** That of the machine, and the wall's, in ms. */
  readonly clocks: { readonly machineMs: number; readonly wallMs: number }
  readonly ordered: CircuitOrderFacts | null
}

const NAMES = { [CLOSED]: 'closed', [OPEN]: 'open', [HALF_OPEN]: 'half_open' } as const

export function circuitFacts(
  slot: number,
  board: Pick<Scoreboard, 'circuits' | 'gauges'>,
  { options, clocks, ordered }: CircuitGround,
): CircuitFacts {
  const { machineMs, wallMs } = clocks
  const { circuits, gauges } = board
  const state = circuits.state(slot)
  const opening = circuits.opening(slot)
  const openings = circuits.serial(slot)
  const agoMs = ((machineMs | 0) - circuits.sinceMs(slot)) | 0
  const sinceMs = wallMs - Math.max(0, agoMs)
  const window = { total: 0, failed: 0, slow: 0 }
  circuits.read(slot, Math.floor(machineMs / (options.window / SLICES)) + 1, window)
  const staysOpen = state !== OPEN || ordered !== null
  return {
    state: NAMES[state as keyof typeof NAMES] ?? 'open',
    mode: options.mode,
    since: openings === 0 ? null : new Date(sinceMs).toISOString(),
    reason: circuitReason(board, slot, ordered?.state === 'open' ? ordered : null),
    half_open_at: staysOpen ? null : new Date(sinceMs + opening.openMs).toISOString(),
    window: { requests: window.total, failed: window.failed, slow: window.slow },
    failed_in_a_row: circuits.row.length(slot),
    let_through: gauges.held(slot, PERMITS),
    half_open_requests: options.half_open_requests,
    went_well: state === HALF_OPEN ? circuits.good(slot) : 0,
    half_open_successes: options.half_open_successes,
    opening: openings === 0 ? null : openingFacts(opening),
    openings,
    held_back: circuits.held(slot),
    ordered,
  }
}

const openingFacts = ({
  reason,
  total,
  failed,
  slow,
  inARow,
  openMs,
  times,
}: ReturnType<Scoreboard['circuits']['opening']>): NonNullable<CircuitFacts['opening']> => ({
  reason,
  requests: total,
  failed,
  slow,
  failed_in_a_row: inARow,
  open_ms: openMs,
  times,
})
