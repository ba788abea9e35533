// What operators are told of breakers.
import { openingText } from '../telemetry/circuit-words.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { CircuitDeskParts, CircuitOrderNews } from './circuits/circuit-desk.ts'
import type { CircuitNews } from './circuits/circuit-watch.ts'

/** Tells and counts it. */
export const circuitNews = (totals: Totals): Pick<CircuitDeskParts, 'onNews' | 'onOrder'> => ({
  onNews: (news) => tellCircuit(news, totals),
  onOrder: tellOrder,
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

function tellOrder({ backend, server, wanted, isEnd }: CircuitOrderNews): void {
  const { state, by, reason, untilMs } = wanted
  if (isEnd) return logEvent('info', 'circuit_order_ended', { backend, server, by })
  const until = untilMs === null ? null : new Date(untilMs).toISOString()
  logEvent('info', 'circuit_ordered', { backend, server, state, by, reason, until })
}
