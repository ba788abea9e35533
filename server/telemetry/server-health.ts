// How one server is, as documents tell it: what checks and requests found, and what a person has ordered.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  adminOf,
  STATE_DOWN,
  STATE_UP,
  weightOf,
} from '../scoreboard/states.ts'
import { CLOSED, OPEN } from '../scoreboard/circuits.ts'
import { WHOLE } from '../scoreboard/shares.ts'
import { circuitReason, type CircuitState, circuitState } from './circuit-words.ts'
import { failingSince, faultReason } from './attempts.ts'
import { type Operational, operationalReason } from './operational.ts'

/** Of a server: drain gets no new work, maintenance none at all. */
export type AdminState = 'ready' | 'drain' | 'maintenance'

/** What a person has ordered of a server. */
export interface OrderFacts {
  /**
   * `weight`: in place of that of the config; `health`: up or down, in place of what checks say; `circuit`:
   * its breaker, in place of what attempts come to.
   */
  readonly kind: 'admin' | 'weight' | 'health' | 'circuit'
  readonly value: 'drain' | 'maintenance' | 'up' | 'down' | 'open' | 'closed' | number
  readonly reason: string | null
  readonly by: string
  /** As RFC 3339; it ends by itself at `until`, null: it does not. */
  readonly since: string
  readonly until: string | null
}

/** A server, and where its cells are. */
export interface ServerFacts {
  readonly backend: string
  readonly server: string
  readonly url: string
  /** That of the config. */
  readonly weight: number
  readonly slot: number
  /** Whether it has a health check. */
  readonly isChecked: boolean
  /** How its breaker takes part; null: it has none. */
  readonly breaker: 'enforce' | 'shadow' | null
  /** It gets its weight step by step as it comes up. */
  readonly isStartedSlowly?: boolean | undefined
  /** How its weight follows what it does; left out: it does not. */
  readonly dynamicWeights?: 'enforce' | 'shadow' | undefined
  /** Why it is not up; null when nobody said. */
  readonly reason: string | null
  /** What a person has ordered of it, where that is known: not to workers. */
  readonly orders?: readonly OrderFacts[] | undefined
  /** It gets requests although it is down, as panic_threshold says. */
  readonly isPanic?: boolean
}

type ServerState = Operational | 'draining' | 'maintenance'

export interface ServerHealth {
  readonly url: string
  readonly healthy: boolean
  /** Of its breaker; Closed where it has none. */
  readonly circuit_state: CircuitState
  readonly weight: number
  readonly active_connections: number
  readonly backend: string
  readonly server: string
  /** How it is used: its administrative state unless that is ready, else its operational one. */
  readonly state: ServerState
  /** Why it gets no new work, or how its last requests failed; null: nothing is wrong with it. */
  readonly reason: string | null
  readonly admin: AdminState
  /** What its checks say, or a person in their place. */
  readonly operational: Operational
  /** Why it is that, how requests to it fail, how far its slow start is; null: its checks pass. */
  readonly operational_reason: string | null
  /** Only where another one is in force. */
  readonly configured_weight?: number
  /** Only while it has less of its weight, as it came up lately: what part of that. */
  readonly slow_start?: number
  /** Only where weights follow what servers do: its weight by that, or what it would be (shadow). */
  readonly dynamic_weight?: number
  /** Only where that is not in force, as dynamic weights are in shadow mode. */
  readonly dynamic_weight_shadow?: true
  /** Only where it gets requests although it is down (panic_threshold). */
  readonly panic?: true
  /** Only where something is ordered of it, in what the supervisor answers. */
  readonly orders?: readonly OrderFacts[]
}

/** At `nowS` (seconds since 1970). */
export function serverHealth(
  {
    backend,
    server,
    url,
    weight,
    slot,
    isChecked,
    breaker,
    isStartedSlowly,
    dynamicWeights,
    reason,
    orders,
    isPanic,
  }: ServerFacts,
  board: Scoreboard,
  nowS: number,
): ServerHealth {
  const known = stateName(board.state(slot))
  const found = known === 'up' && !isChecked ? 'unchecked' : known
  const ordered = board.order(slot)
  const admin = adminName(ordered)
  const failing = faultReason(failingSince(board, slot, nowS))
  const circuit = breaker === null ? CLOSED : board.circuits.state(slot)
  const tripped =
    breaker === 'enforce' && circuit !== CLOSED ? circuitReason(board, slot, heldOpen(orders)) : null
  // Behind a breaker that is not closed it has not begun.
  const isIn = known === 'up' && tripped === null
  const warmth = isStartedSlowly && isIn ? warmthOf(board, slot) : undefined
  const inForce = weightOf(ordered, weight)
  return {
    url,
    // Who is not checked is as well as its last requests fared.
    healthy:
      admin === 'ready' &&
      (tripped === null || circuit !== OPEN) &&
      (found === 'up' || (found === 'unchecked' && failing === null)),
    circuit_state: circuitState(circuit),
    weight: inForce,
    active_connections: board.inFlight(slot),
    backend,
    server,
    state: STATE_OF_ADMIN[admin] ?? found,
    reason: admin !== 'ready' ? orderReason(orders) : known === 'up' ? (tripped ?? failing) : reason,
    admin,
    operational: found,
    operational_reason: operationalReason({
      operational: found,
      told: reason,
      failing,
      slowStart: warmth?.slow_start,
    }),
    ...(inForce !== weight && { configured_weight: weight }),
    ...warmth,
    ...(dynamicWeights && { dynamic_weight: Math.round(inForce * board.shares.merit(slot)) / WHOLE }),
    ...(dynamicWeights === 'shadow' && { dynamic_weight_shadow: true as const }),
    ...(isPanic && known === 'down' && { panic: true as const }),
    ...(orders && { orders }),
  }
}

function warmthOf({ shares }: Scoreboard, slot: number): Pick<ServerHealth, 'slow_start'> {
  const hundredths = shares.warmth(slot)
  return hundredths === WHOLE ? {} : { slow_start: hundredths / WHOLE }
}

const STATE_OF_ADMIN: Readonly<Partial<Record<AdminState, ServerState>>> = {
  drain: 'draining',
  maintenance: 'maintenance',
}

const adminName = (order: number): AdminState =>
  ({ [ADMIN_DRAIN]: 'drain', [ADMIN_MAINTENANCE]: 'maintenance' } as const)[adminOf(order)] ?? 'ready'

/** "disk swap (ana)": workers do not know it. */
function orderReason(orders: readonly OrderFacts[] = []): string | null {
  const order = orders.find(({ kind }) => kind === 'admin')
  if (order === undefined) return null
  return order.reason === null ? `by ${order.by}` : `${order.reason} (${order.by})`
}

/** Who holds its breaker open, as far as that is known; undefined: nobody. */
const heldOpen = (orders: readonly OrderFacts[] = []): OrderFacts | undefined =>
  orders.find(({ kind, value }) => kind === 'circuit' && value === 'open')

function stateName(state: number): 'up' | 'down' | 'starting' {
  if (state === STATE_UP) return 'up'
  return state === STATE_DOWN ? 'down' : 'starting'
}
