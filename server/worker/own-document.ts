// What listeners with status_endpoints answer.
import { inUse } from '../backends/usable.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { OwnDocument, Snapshot } from '../snapshot/snapshot.ts'
import type { ServerFacts } from '../telemetry/server-health.ts'
import { healthDocument, metricsDocument, serversOfSnapshot } from '../telemetry/documents.ts'

export interface DocumentFacts {
  readonly snapshot: Snapshot | null
  readonly board: Scoreboard
  /** It drains, or soon will: whoever looks is to send clients elsewhere. */
  readonly isLeaving: boolean
}

/** The status and the text of one. */
export function ownDocument(
  which: OwnDocument,
  { snapshot, board, isLeaving }: DocumentFacts,
): { readonly status: number; readonly body: string } {
  const places = snapshot === null ? [] : placesOf(snapshot, board)
  if (which === 'metrics') return { status: 200, body: `${JSON.stringify(metricsDocument(places, board))}\n` }
  const health = healthDocument(places, board)
  const isHealthy = health.healthy && !isLeaving
  return { status: isHealthy ? 200 : 503, body: `${JSON.stringify({ ...health, healthy: isHealthy })}\n` }
}

/** With those that are used though they are down. */
function placesOf(snapshot: Snapshot, board: Scoreboard): readonly ServerFacts[] {
  const places = serversOfSnapshot(snapshot)
  const may = [...snapshot.backends.values()].filter(({ options }) => options.panic_threshold > 0)
  if (may.length === 0) return places
  const used = new Set(may.flatMap(({ servers, options }) => inUse(servers, board, options).usable))
  const slots = new Set([...used].map(({ slot }) => slot))
  return places.map((one) => ({ ...one, isPanic: slots.has(one.slot) }))
}
