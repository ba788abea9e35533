// What listeners with status_endpoints answer.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { OwnDocument, Snapshot } from '../snapshot/snapshot.ts'
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
  const places = snapshot === null ? [] : serversOfSnapshot(snapshot)
  if (which === 'metrics') return { status: 200, body: `${JSON.stringify(metricsDocument(places, board))}\n` }
  const health = healthDocument(places, board)
  const isHealthy = health.healthy && !isLeaving
  return { status: isHealthy ? 200 : 503, body: `${JSON.stringify({ ...health, healthy: isHealthy })}\n` }
}
