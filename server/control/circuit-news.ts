// What operators are told of breakers.
import { openingText } from '../telemetry/circuit-words.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { CircuitDeskParts, CircuitState } from './circuits/circuit-desk.ts'
import type { CircuitNews } from './circuits/circuit-watch.ts'
import type { Order, OrderNews, ServerPlace } from './orders/order.ts'

/** Tells and counts it. */
export const circuitNews = (totals: Totals): Pick<CircuitDeskParts, 'onNews'> => ({
  onNews: (news) => tellCircuit(news, totals),
})

function tellCircuit(news: CircuitNews, totals: Totals): void {
  const { backend, server, mode } = news
  const place = { backend, server, ...(mode === 'shadow' && { mode }) }
  switch (news.is) {
    case 'opened': {
      const { reason, total: requests, failed, slow, inARow, openMs, times } = news.opening
      totals.counter('circuit_openings_total', [backend, server, reason]).add(1)
      const figures = { requests, failed, slow, failed_in_a_row: inARow, open_ms: openMs, times }
      return logEvent('warn', 'circuit_opened', {
        ...place,
        reason,
        why: openingText(news.opening),
        ...figures,
      })
    }
    case 'half_open':
      return logEvent('info', 'circuit_half_open', place)
    case 'closed':
      return logEvent('info', 'circuit_closed', place)
    case 'held':
      return logEvent('warn', 'circuit_held', { ...place, max_out: news.maxOut })
  }
}

/** What a person wants of a breaker. */
export interface CircuitWanted {
  readonly state: CircuitState
  readonly reason: string | null
  readonly by: string
  /** Ms since 1970; when it ends by itself, null: until it is taken back. */
  readonly sinceMs: number
  readonly untilMs: number | null
}

/** A person has ordered something of a breaker, or has it as attempts fare again. */
export function tellCircuitOrder(
  { backend, server }: Pick<ServerPlace, 'backend' | 'server'>,
  { state, by, reason, untilMs }: Omit<CircuitWanted, 'sinceMs'>,
): void {
  const until = untilMs === null ? null : new Date(untilMs).toISOString()
  logEvent('info', 'circuit_ordered', { backend, server, state, by, reason, until })
}

/** Of an order that is new, or over by itself: who takes one back is told of by whoever asked. */
export function tellCircuitNews({ backend, server, order, was, cause }: OrderNews): void {
  if (order !== null) return tellCircuitOrder({ backend, server }, wantedIn(order))
  if (cause === 'asked') return
  const facts = { backend, server, by: was?.by ?? null, why: CIRCUIT_ENDED[cause] }
  logEvent('info', 'circuit_order_ended', facts)
}

const wantedIn = ({ value, by, reason, untilMs }: Order): Omit<CircuitWanted, 'sinceMs'> => ({
  state: value === 'open' ? 'open' : 'closed',
  ...{ by, reason, untilMs },
})

const CIRCUIT_ENDED = {
  until: 'its time is over',
  gone: 'the config has this breaker no more',
} as const
