// What a person orders of a server, apart from the config: plain values, and when they end.
import type { OrderFacts } from '../../telemetry/server-health.ts'

/** A server of a backend, as the config has it: another URL is another server. */
export interface ServerPlace {
  readonly backend: string
  readonly server: string
  readonly url: string
}

/** Of each kind a server has one order at most: one does not touch the others. */
export type OrderKind = OrderFacts['kind']

/**
 * `admin`: drain or maintenance (ready is no order). `weight`: in place of that of the config. `health`: up
 * or down, in place of what checks say. `circuit`: its breaker open or closed, whatever attempts come to.
 */
export type OrderValue = OrderFacts['value']

export interface Order {
  readonly kind: OrderKind
  readonly value: OrderValue
  readonly reason: string | null
  readonly by: string
  /** Ms since 1970; it ends by itself at `untilMs`, null: it does not. */
  readonly sinceMs: number
  readonly untilMs: number | null
}

/** Why there is another order, or none any more. */
export type OrderCause = 'asked' | 'until' | 'gone'

export interface OrderNews extends ServerPlace {
  readonly kind: OrderKind
  /** Null: none, from now on. */
  readonly order: Order | null
  readonly was: Order | null
  readonly cause: OrderCause
  /** What is under way there is ended. */
  readonly endsConnections: boolean
}

export interface Given {
  readonly place: ServerPlace
  readonly kind: OrderKind
  /** Null: what was ordered is taken back. */
  readonly value: OrderValue | null
  readonly reason: string | null
  readonly by: string
  /** Ms since 1970; when it ends by itself, null: it does not. */
  readonly sinceMs: number
  readonly untilMs: number | null
  readonly endsConnections?: boolean
}

/** An order as it is kept over restarts. */
export type KeptOrder = ServerPlace & Order

/** Where orders are kept. What throws has kept nothing. */
export interface OrderStore {
  all(): readonly KeptOrder[]
  keep(order: KeptOrder): void
  forget(place: ServerPlace, kind: OrderKind): void
}

/** What a person may write as a reason. */
export const REASON_MAX = 500

/**
 * An order after a restart: how long it goes on, and from when to when, as of now. The clock may have been
 * set back meanwhile, so that it seems to be given in the future: then nobody knows how much of its time is
 * left, but never more than all of it.
 */
export function resumed(order: KeptOrder, nowMs: number): KeptOrder {
  const { sinceMs, untilMs } = order
  if (nowMs >= sinceMs) return order
  return { ...order, sinceMs: nowMs, untilMs: untilMs === null ? null : nowMs + (untilMs - sinceMs) }
}

/** What is told of it. */
export const orderFacts = ({ kind, value, reason, by, sinceMs, untilMs }: Order): OrderFacts => ({
  kind,
  value,
  reason,
  by,
  since: new Date(sinceMs).toISOString(),
  until: untilMs === null ? null : new Date(untilMs).toISOString(),
})

/** A server by its backend, name and URL. */
export const identityOf = ({ backend, server, url }: ServerPlace): string => `${backend}\n${server}\n${url}`
