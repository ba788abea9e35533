// A server of which something is ordered: where it is, and what of it is in force.
import { ADMIN_DRAIN, ADMIN_MAINTENANCE, ADMIN_READY, packOrder } from '../../scoreboard/states.ts'
import type { PlanBody } from '../processes/worker.ts'
import type { Order, OrderKind, ServerPlace } from './order.ts'
import { backendIn, type Slot } from './places.ts'

export interface Held {
  readonly order: Order
  /** On the clock that only goes on: the other one may be set back. */
  readonly endsMs: number
}

export interface Ordered {
  place: ServerPlace
  /** Null: the plan that is served does not name it. */
  slot: Slot | null
  /** Since when. */
  leftMs: number
  /** Since when it has no breaker of which something could be ordered; null: it has one. */
  noBreakerMs: number | null
  readonly held: Map<OrderKind, Held>
}

/** An order in force, and the record of its server on the scoreboard. */
export interface Placed {
  readonly place: ServerPlace
  readonly slot: number
  readonly order: Order
}

/**
 * What comes back by then is as it was: a change may be taken back, by a person or by itself, and a file be
 * saved in two steps.
 */
export const GONE_AFTER_MS = 600_000

const ADMIN: Readonly<Record<string, number>> = {
  drain: ADMIN_DRAIN,
  maintenance: ADMIN_MAINTENANCE,
}

/** As it stands on the scoreboard, where breakers have cells of their own. */
export function packedOf(held: Ordered['held']): number {
  const admin = ADMIN[String(held.get('admin')?.order.value)] ?? ADMIN_READY
  const weight = held.get('weight')?.order.value
  return packOrder(admin, typeof weight === 'number' ? weight : null)
}

/** Kinds whose time is over since what they are of is gone from the config. */
export function goneOf({ slot, leftMs, noBreakerMs, held }: Ordered, nowMs: number): OrderKind[] {
  const beforeMs = nowMs - GONE_AFTER_MS
  if (slot === null && leftMs <= beforeMs) return [...held.keys()]
  return held.has('circuit') && noBreakerMs !== null && noBreakerMs <= beforeMs ? ['circuit'] : []
}

/** Orders that do something now. */
export const inForce = ({ held, noBreakerMs }: Ordered): Order[] =>
  Array.from(held.values(), ({ order }) => order).filter(
    ({ kind }) => kind !== 'circuit' || noBreakerMs === null,
  )

/** Whether its servers have breakers. */
export function hasBreakers(plan: Pick<PlanBody, 'config'> | null, backend: string): boolean {
  const breaker = backendIn(plan, backend)?.circuit_breaker
  return breaker !== undefined && breaker.mode !== 'off'
}
